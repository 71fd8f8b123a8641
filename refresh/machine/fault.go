package machine

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is why an attempt or an operation did not succeed, for people.
type Fault struct {
	Code      string `json:"code"`              // ours
	Message   string `json:"message"`           // what happened
	Remedy    string `json:"remedy,omitempty"`  // what to do
	Class     string `json:"class,omitempty"`   // of a failed refresh: credentials, gateway, ...
	Detail    string `json:"detail,omitempty"`  // Power BI's own words
	PowerBI   string `json:"powerBI,omitempty"` // Power BI's own code
	Support   string `json:"support,omitempty"` // HRESULT, cluster and ids, for Power BI's support
	Transient bool   `json:"transient,omitempty"`
	Late      bool   `json:"late,omitempty"` // not transient, but one repeat after some minutes may succeed

	Unknown Unknown `json:"-"`
}

// A detail that begins with one of these is a sentence of package powerbi, and not in
// Power BI's words.
const (
	Between    = "something between this app and Power BI answered"
	Unreadable = "the answer cannot be read"
)

// Words returns what Power BI itself says: its code, its sentence, or both.
func (f Fault) Words() string {
	if f.PowerBI == "" || f.Detail == "" || strings.Contains(f.Detail, f.PowerBI) {
		return cmp.Or(f.Detail, f.PowerBI)
	}
	return f.PowerBI + ": " + f.Detail
}

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

// short is the fault with as many of Power BI's words as the document has room for.
func (f *Fault) short() *Fault {
	if f == nil || len(f.Detail) <= MaxDetail {
		return f
	}
	short := *f
	short.Detail = bounded(short.Detail)
	return &short
}

// bounded cuts Power BI's words to what the document has room for.
func bounded(words string) string {
	if len(words) <= MaxDetail {
		return words
	}
	return strings.ToValidUTF8(words[:MaxDetail], "") + "..."
}
