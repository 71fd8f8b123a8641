package machine

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A detail that begins with one of these is a sentence of package powerbi, and not in
// Power BI's words.
const (
	Between    = "something between this app and Power BI answered"
	Unreadable = "the answer cannot be read"
)

// Text is the fault for people: a sentence of ours, Power BI's own words, and what to do.
func (f Fault) Text() string {
	return Sentences(f.Message, quoted(f.Detail), f.Remedy)
}

// quoted introduces Power BI's words. What stood in its place is named already.
func quoted(words string) string {
	if words == "" || strings.HasPrefix(words, Between) || strings.HasPrefix(words, Unreadable) {
		return words
	}
	return "Power BI says: " + words
}

// Sentences joins texts into sentences, each with a capital and a full stop. A text that
// an earlier one already contains is left out.
func Sentences(texts ...string) string {
	out := ""
	for _, t := range texts {
		if t = strings.TrimSpace(t); t == "" || strings.Contains(strings.ToLower(out), strings.ToLower(plain(t))) {
			continue
		}
		first, size := utf8.DecodeRuneInString(t)
		t = string(unicode.ToUpper(first)) + t[size:]
		if !strings.ContainsAny(t[len(t)-1:], ".!?") {
			t += "."
		}
		out = strings.TrimSpace(out + " " + t)
	}
	return out
}

// plain is a text without what introduces it and what ends it.
func plain(t string) string {
	return strings.TrimRight(strings.TrimPrefix(t, "Power BI says: "), " .!?")
}
