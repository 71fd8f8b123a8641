package powerbi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		r    RefreshRequest
		want []string // "field code"
	}{
		{"nothing", RefreshRequest{}, nil},
		{"standard", RefreshRequest{NotifyOption: "nonotification"}, nil},
		// documented: the sample of one partition
		{"one partition", RefreshRequest{Type: "full", CommitMode: "transactional", Objects: []Object{{"Customer", "Robert"}}, ApplyRefreshPolicy: new(false), Timeout: "05:00:00"}, nil},
		{"all words in another case", RefreshRequest{Type: "FULL", CommitMode: "PARTIALBATCH", ApplyRefreshPolicy: new(false)}, nil},
		{"unknown words", RefreshRequest{Type: "add", CommitMode: "x"}, []string{"type InvalidValue", "commitMode InvalidValue"}},
		{"unknown notifyOption", RefreshRequest{NotifyOption: "Fax"}, []string{"notifyOption InvalidValue"}},
		// documented: leave it out of an enhanced request
		{"notifyOption with more", RefreshRequest{NotifyOption: "MailOnFailure", RetryCount: new(3)}, []string{"notifyOption InvalidCombination"}},
		{"numbers too small", RefreshRequest{MaxParallelism: new(0), RetryCount: new(-1)}, []string{"maxParallelism InvalidValue", "retryCount InvalidValue"}},
		{"numbers too large", RefreshRequest{MaxParallelism: new(100000), RetryCount: new(101)}, []string{"maxParallelism OverLimit", "retryCount OverLimit"}},
		{"objects without table", RefreshRequest{Objects: []Object{{"A", ""}, {"", "P"}, {" ", ""}}, ApplyRefreshPolicy: new(false)},
			[]string{"objects[1].table Missing", "objects[2].table Missing"}},
		// seen: gbrueckl/PowerBI-VSCode#27 and #33
		{"partition with policy", RefreshRequest{Objects: []Object{{"A", ""}, {"B", "P"}}}, []string{"objects[1].partition InvalidCombination"}},
		{"partition with explicit policy", RefreshRequest{Objects: []Object{{"B", "P"}}, ApplyRefreshPolicy: new(true)}, []string{"objects[0].partition InvalidCombination"}},
		// documented: accepted and fails later
		{"PartialBatch with policy", RefreshRequest{CommitMode: "partialBatch"}, []string{"applyRefreshPolicy InvalidCombination"}},
		{"effective date", RefreshRequest{EffectiveDate: "2026-05-31"}, nil},
		{"effective date and time", RefreshRequest{EffectiveDate: "2026-05-31T10:00:00.5Z", ApplyRefreshPolicy: new(true)}, nil},
		{"effective date without zone", RefreshRequest{EffectiveDate: "2026-05-31T10:00:00"}, nil},
		{"no date", RefreshRequest{EffectiveDate: "31.5.2026"}, []string{"effectiveDate InvalidValue"}},
		{"effective date without policy", RefreshRequest{EffectiveDate: "2026-05-31", ApplyRefreshPolicy: new(false)}, []string{"effectiveDate InvalidCombination"}},
		// documented: the pattern
		{"timeout", RefreshRequest{Timeout: "23:59:59"}, nil},
		{"timeout, one digit hour", RefreshRequest{Timeout: "5:00:00"}, nil},
		{"timeout of a day", RefreshRequest{Timeout: "24:00:00"}, []string{"timeout InvalidValue"}},
		{"timeout in minutes", RefreshRequest{Timeout: "05:00"}, []string{"timeout InvalidValue"}},
		{"timeout of nothing", RefreshRequest{Timeout: "00:00:00"}, []string{"timeout InvalidValue"}},
		{"timeout with a day", RefreshRequest{Timeout: "1.05:00:00"}, []string{"timeout InvalidValue"}},
		// documented: at most 24 hours with all attempts; attempts are retryCount+1
		{"exactly a day", RefreshRequest{Timeout: "06:00:00", RetryCount: new(3)}, nil},
		{"a day and a bit", RefreshRequest{Timeout: "06:00:01", RetryCount: new(3)}, []string{"timeout OverLimit"}},
		{"default timeout, three retries", RefreshRequest{RetryCount: new(3)}, nil},
		{"default timeout, four retries", RefreshRequest{RetryCount: new(4)}, []string{"timeout OverLimit"}},
		{"all at once", RefreshRequest{NotifyOption: "x", Type: "x", CommitMode: "PartialBatch", MaxParallelism: new(0), Objects: []Object{{}}, EffectiveDate: "x", Timeout: "x"},
			[]string{"notifyOption InvalidValue", "type InvalidValue", "maxParallelism InvalidValue", "notifyOption InvalidCombination",
				"objects[0].table Missing", "applyRefreshPolicy InvalidCombination", "effectiveDate InvalidValue", "timeout InvalidValue"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range tt.r.Validate() {
				got = append(got, fmt.Sprintf("%s %s", p.Field, p.Code))
				if len(p.Message) < 10 || strings.Contains(p.Message, "%!") {
					t.Errorf("%s: message %q", p.Field, p.Message)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q\nwant %q", got, tt.want)
			}
			if again := tt.r.Canonical().Validate(); len(again) != len(tt.want) {
				t.Errorf("the canonical form has other problems: %v", again)
			}
		})
	}
}

func TestOverLimitNamesATimeoutThatFits(t *testing.T) {
	t.Parallel()
	for retries := 4; retries <= maxRetryCount; retries++ {
		p := RefreshRequest{RetryCount: &retries}.Validate()
		if len(p) != 1 {
			t.Fatalf("%d retries: %v", retries, p)
		}
		_, after, _ := strings.Cut(p[0].Message, "at most ")
		if fits := (RefreshRequest{RetryCount: &retries, Timeout: after[:8]}); len(fits.Validate()) != 0 {
			t.Errorf("%d retries: the advice %s does not fit", retries, after[:8])
		}
	}
}
