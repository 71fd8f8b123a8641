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
		// documented: a sample of the swagger; it has no effect
		{"notifyOption with more", RefreshRequest{NotifyOption: "MailOnFailure", RetryCount: new(3)}, nil},
		{"numbers too small", RefreshRequest{MaxParallelism: new(-1), RetryCount: new(-1)}, []string{"maxParallelism InvalidValue", "retryCount InvalidValue"}},
		{"numbers beyond 32 bits", RefreshRequest{MaxParallelism: new(1 << 31), RetryCount: new(1 << 31), Timeout: "00:00:01"},
			[]string{"maxParallelism OverLimit", "retryCount OverLimit", "timeout OverLimit"}},
		{"large numbers", RefreshRequest{MaxParallelism: new(100000), RetryCount: new(101), Timeout: "00:10:00"}, nil},
		{"objects without table", RefreshRequest{Objects: []Object{{"A", ""}, {"", "P"}, {" ", ""}}, ApplyRefreshPolicy: new(false)},
			[]string{"objects[1].table Missing", "objects[2].table Missing"}},
		// documented: a sample; refused only where the table has a policy (seen: gbrueckl/PowerBI-VSCode#27 and #33)
		{"partition without a word on the policy", RefreshRequest{Objects: []Object{{"A", ""}, {"B", "P"}}}, nil},
		{"partition with explicit policy", RefreshRequest{Objects: []Object{{"B", "P"}}, ApplyRefreshPolicy: new(true)}, nil},
		// documented: accepted and fails later
		{"PartialBatch with policy", RefreshRequest{CommitMode: "partialBatch"}, []string{"applyRefreshPolicy InvalidCombination"}},
		{"effective date", RefreshRequest{EffectiveDate: "2026-05-31"}, nil},
		{"effective date and time", RefreshRequest{EffectiveDate: "2026-05-31T10:00:00.5Z", ApplyRefreshPolicy: new(true)}, nil},
		{"effective date without zone", RefreshRequest{EffectiveDate: "2026-05-31T10:00:00"}, nil},
		{"no date", RefreshRequest{EffectiveDate: "31.5.2026"}, []string{"effectiveDate InvalidValue"}},
		{"effective date without policy", RefreshRequest{EffectiveDate: "2026-05-31", ApplyRefreshPolicy: new(false)}, nil}, // redundant
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
		{"default timeout, four retries", RefreshRequest{RetryCount: new(4)}, []string{"retryCount OverLimit"}},
		{"all at once", RefreshRequest{NotifyOption: "x", Type: "x", CommitMode: "PartialBatch", MaxParallelism: new(-1), Objects: []Object{{}}, EffectiveDate: "x", Timeout: "x"},
			[]string{"notifyOption InvalidValue", "type InvalidValue", "maxParallelism InvalidValue",
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

func TestOverLimitNamesWhatFits(t *testing.T) {
	t.Parallel()
	for _, r := range []RefreshRequest{{RetryCount: new(4)}, {RetryCount: new(100)}, {RetryCount: new(5000)},
		{RetryCount: new(23), Timeout: "01:00:01"}, {RetryCount: new(maxInt), Timeout: "00:10:00"}} {
		p := r.Validate()
		if len(p) != 1 || p[0].Code != ProblemLimit || r.Timeout == "" && p[0].Field != "retryCount" || r.Timeout != "" && p[0].Field != "timeout" {
			t.Fatalf("%d retries of %q: %v", *r.RetryCount, r.Timeout, p)
		}
		var count int
		_, advice, _ := strings.Cut(p[0].Message, "retryCount of at most ")
		if _, err := fmt.Sscanf(advice, "%d", &count); err != nil || len((RefreshRequest{RetryCount: &count, Timeout: r.Timeout}).Validate()) != 0 {
			t.Errorf("%d retries of %q: the advice of %q does not fit", *r.RetryCount, r.Timeout, p[0].Message)
		}
		_, advice, _ = strings.Cut(p[0].Message, "timeout of at most ")
		if fits := (RefreshRequest{RetryCount: r.RetryCount, Timeout: advice[:8]}); *r.RetryCount < 86400 && len(fits.Validate()) != 0 {
			t.Errorf("%d retries of %q: the advice of %q does not fit", *r.RetryCount, r.Timeout, p[0].Message)
		}
	}
}
