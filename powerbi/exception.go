package powerbi

import (
	"encoding/json"
	"strings"
)

// The reason of a failure comes as a string of JSON (serviceExceptionJson), whose
// members may be text with more JSON inside: a gateway's error sits in "Data source
// error: {...}". Reading goes down through all of it.

const (
	maxException = 256 << 10 // bytes of one string that are looked at
	maxDepth     = 24        // a value in a detail in details in pbi.error in error is six down
	maxTexts     = 64
)

// exception is what a failure says once unwrapped.
type exception struct {
	codes []string
	texts []string
}

func readException(s string) exception {
	var e exception
	e.read(s, 0)
	return e
}

// read takes a string apart: the text before any JSON in it, and that JSON.
func (e *exception) read(s string, depth int) {
	if len(s) > maxException {
		s = s[:maxException]
	}
	before, v, after, found := cutJSON(s)
	e.text(before)
	if !found {
		return
	}
	e.walk("", v, depth+1)
	e.text(after)
}

// cutJSON finds the first JSON object in s. It tries a few braces only: text with
// many of them must not cost the square of its length.
func cutJSON(s string) (before string, v any, after string, found bool) {
	at := 0
	for range 4 {
		i := strings.IndexByte(s[at:], '{')
		if i < 0 {
			break
		}
		at += i
		d := json.NewDecoder(strings.NewReader(s[at:]))
		if d.Decode(&v) == nil {
			return s[:at], v, s[at+int(d.InputOffset()):], true
		}
		at++
	}
	return s, nil, "", false
}

func (e *exception) walk(name string, v any, depth int) {
	if depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case string:
		if isCode(name) && !strings.Contains(v, " ") {
			e.code(v)
			return
		}
		e.read(v, depth)
	case []any:
		for _, m := range v {
			e.walk(name, m, depth+1)
		}
	case map[string]any:
		e.object(v, depth)
	}
}

// object reads the known members, in an order that puts reasons first.
func (e *exception) object(m map[string]any, depth int) {
	for _, name := range []string{
		"errorCode", "code", "errorDescription", "message", "value",
		"error", "pbi.error", "details", "detail", "parameters", "innererror",
	} {
		if inner := member(m, name); inner != nil {
			e.walk(name, inner, depth+1)
		}
	}
}

func isCode(name string) bool {
	return strings.EqualFold(name, "code") || strings.EqualFold(name, "errorCode")
}

func (e *exception) code(s string) {
	if s != "" && len(e.codes) < maxTexts {
		e.codes = append(e.codes, oneLine(s, 120))
	}
}

func (e *exception) text(s string) {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" && len(e.texts) < maxTexts && !consequence(line) {
			e.texts = append(e.texts, oneLine(line, maxMessage))
		}
	}
}

// consequence: lines that only say that something else failed first.
func consequence(line string) bool {
	l := strings.ToLower(line)
	return strings.Contains(l, "because another operation in the transaction failed") ||
		strings.Contains(l, "the exception was raised by the idbcommand interface") && !strings.Contains(l, "error:")
}

// wrapper: this text has covered permanent faults, so it says nothing as long as
// there is anything else (seen: microsoft/coe-starter-kit#2784 and #5294).
func wrapper(line string) bool {
	l := strings.ToLower(line)
	return strings.Contains(l, "usually a transient issue") || strings.Contains(l, "because of an internal service error")
}
