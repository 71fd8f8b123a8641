package machine

import (
	"testing"
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
