package powerbi

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"pbirefresh/internal/foreign"
)

// The reason of a failure is a string of JSON (serviceExceptionJson), whose members may
// be text with JSON inside, such as a gateway's "Data source error: {...}". All levels
// are read.

const (
	maxException = 256 << 10 // bytes of one string that are read
	maxDepth     = 24        // a value in a detail in details in pbi.error in error is six down
	maxTexts     = 64
	maxObjects   = 8   // one after another in one string
	maxSupport   = 400 // characters for Power BI's support
)

// exception is the unwrapped content of a failure.
type exception struct {
	codes   []finding
	texts   []finding
	support []string // numbers and ids for Power BI's support
}

// finding is a code or a text, and how deep it was found: the innermost is the most specific.
type finding struct {
	words string
	depth int
}

func readException(s string) exception {
	var e exception
	e.read(s, 0)
	return e
}

// read splits a string into the text before any JSON, and that JSON.
func (e *exception) read(s string, depth int) {
	if len(s) > maxException {
		s = s[:maxException]
	}
	for range maxObjects {
		before, v, after, found := cutJSON(s)
		e.text(before, depth)
		if !found {
			return
		}
		e.walk("", v, depth+1)
		s = after
	}
	e.text(s, depth)
}

// cutJSON finds the first JSON object in s. It tries a few braces only: text with
// many of them must not cost the square of its length. An object that was encoded twice
// or cut off in the middle (both seen) is read as far as it goes.
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
		if v, found = mend(s[at:]); found {
			return strings.TrimSuffix(s[:at], `"`), v, "", true
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
			e.code(v, depth)
			return
		}
		e.read(v, depth)
	case []any:
		for _, m := range v {
			if detail, ok := m.(map[string]any); ok && strings.EqualFold(name, "details") {
				e.detail(detail, depth+1)
				continue
			}
			e.walk(name, m, depth+1)
		}
	case map[string]any:
		e.object(v, depth)
	}
}

// object reads the known members, reasons first.
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

// detail reads one of the details. With a value, its code is the label of that value
// and not an error's code (seen). Only messages are for people; the rest are numbers,
// names of clusters and ids for Power BI's support.
func (e *exception) detail(m map[string]any, depth int) {
	value := member(m, "detail")
	if value == nil {
		value = member(m, "value")
	}
	label := words(m, "code")
	switch {
	case value == nil && member(m, "message") != nil: // an error of its own
		e.object(m, depth)
	case value == nil: // cut off
	case forPeople(label):
		e.walk("detail", value, depth)
	case forSupport(label):
		e.reference(label, value)
	}
}

// forSupport reports, by the label, whether Power BI's support can use the value of a detail:
// HRESULT and other numbers, the cluster, the time, ids of activity and request.
func forSupport(label string) bool {
	l := strings.TrimSuffix(strings.ToLower(label), "text")
	for _, end := range []string{"hresult", "errorcode", "clusteruri", "activityid", "requestid", "time"} {
		if strings.HasSuffix(l, end) {
			return true
		}
	}
	return false
}

// reference keeps a value for Power BI's support, once.
func (e *exception) reference(label string, value any) {
	v := value
	if inner := member(value, "value"); inner != nil {
		v = inner
	}
	if number, ok := v.(float64); ok {
		v = strconv.FormatFloat(number, 'f', -1, 64)
	}
	words, ok := v.(string)
	label = strings.TrimSuffix(strings.TrimPrefix(label, "DM_ErrorDetailNameCode_"), "Text")
	if s := foreign.Masked(label+" "+words, 120); ok && words != "" && len(e.support) < maxTexts && !slices.Contains(e.support, s) {
		e.support = append(e.support, s)
	}
}

// forPeople reports, by the label, whether the value of a detail is a message.
func forPeople(label string) bool {
	l := strings.ToLower(label)
	return strings.HasSuffix(l, "message") || strings.HasSuffix(l, "description")
}

func isCode(name string) bool {
	return strings.EqualFold(name, "code") || strings.EqualFold(name, "errorCode")
}

func (e *exception) code(s string, depth int) {
	if s != "" && len(e.codes) < maxTexts {
		e.codes = append(e.codes, finding{foreign.Masked(s, 120), depth})
	}
}

func (e *exception) text(s string, depth int) {
	for line := range strings.Lines(s) {
		if line = unwrap(line); line != "" && len(e.texts) < maxTexts && !consequence(line) {
			e.texts = append(e.texts, finding{foreign.Masked(line, maxMessage), depth})
		}
	}
}

// innermost returns the words in the order of their depth, deepest first.
func innermost(all []finding) []finding {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b finding) int { return b.depth - a.depth })
	return all
}
