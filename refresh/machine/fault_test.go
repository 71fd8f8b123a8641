package machine

import (
	"testing"
	"time"
	"unicode/utf8"
)

func TestFaultText(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]Fault{
		"It failed. Power BI says: Login failed. Set the credentials.": {Message: "it failed", Detail: "Login failed.", Remedy: "set the credentials"},
		"It failed.": {Message: "It failed.", Detail: "it failed", Remedy: "It failed"},
		"The capacity is paused. Resume the capacity.": {Message: "The capacity is paused.", Detail: "Capacity is paused", Remedy: "Resume the capacity."},
		"": {},
	} {
		if got := f.Text(); got != want {
			t.Errorf("%+v: got %q, want %q", f, got, want)
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	for want, texts := range map[string][]string{
		"":                 {"", "  "},
		"One.":             {"one", "One!"},
		"One. Two!":        {" one. ", "two!"},
		"Why? Because.":    {"why?", "", "because"},
		"Über. Ñandú.":     {"über", "ñandú"},
		"1 row.":           {"1 row"},
		"\"Sales\" fails.": {`"Sales" fails`},
	} {
		if got := Sentences(texts...); got != want || !utf8.ValidString(got) {
			t.Errorf("%q become %q, want %q", texts, got, want)
		}
	}
}

func TestWordsOfPowerBI(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ code, detail, want string }{
		{"", "", ""},
		{"Code", "", "Code"},
		{"", "It failed.", "It failed."},
		{"Code", "It failed.", "Code: It failed."},
		{"Code", "Code says so.", "Code says so."},
	} {
		if got := (Fault{PowerBI: tt.code, Detail: tt.detail}).Words(); got != tt.want {
			t.Errorf("Fault{PowerBI: %q, Detail: %q}.Words() = %q, want %q", tt.code, tt.detail, got, tt.want)
		}
	}
}

// The end is Power BI's where its refresh decided, and the app's where it did not.
func TestEndsAtPowerBI(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 31, 6, 5, 0, 0, time.UTC)
	failed, timeout := &Fault{Code: CodeRefreshFailed}, &Fault{Code: CodeTimeout}
	for name, tt := range map[string]struct {
		phase   Phase
		outcome Outcome
		op, try *Fault
		want    bool
	}{
		"succeeded":                           {Succeeded, OutcomeCompleted, nil, nil, true},
		"failed":                              {Failed, OutcomeFailed, failed, failed, true},
		"cancelled at Power BI":               {Cancelled, OutcomeCancelled, nil, nil, true},
		"its deadline, after a failure":       {Failed, OutcomeFailed, timeout, failed, false},
		"its deadline, while it ran":          {Failed, OutcomePending, timeout, timeout, false},
		"cancelled while it waited to repeat": {Cancelled, OutcomeFailed, nil, failed, false},
	} {
		op := Operation{Phase: tt.phase, Fault: tt.op, Ended: at.Add(25 * time.Second), Tries: []Try{{Ended: at, Outcome: tt.outcome, Fault: tt.try}}}
		if got := op.EndedAtPowerBI(); got.Equal(at) != tt.want || got.IsZero() == tt.want {
			t.Errorf("%s: EndedAtPowerBI() = %v, want %v: %t", name, got, at, tt.want)
		}
	}
	if got := (Operation{Phase: Failed, Ended: at}).EndedAtPowerBI(); !got.IsZero() {
		t.Errorf("an operation that never ran ended at Power BI at %v, want no time", got)
	}
}
