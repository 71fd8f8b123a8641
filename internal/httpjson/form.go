package httpjson

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong with a member.
type Problem struct {
	Code    string // InvalidType, InvalidValue, Missing, UnknownField, or what Form.Report was given
	Path    string // such as options.objects[0].table; empty: the text as a whole
	Offset  int    // of the value, or of the object that it is missing in
	Message string // begins where the path ends: "must be a string"
}

// The codes of problems that a Form finds by itself.
const (
	InvalidType  = "InvalidType"
	UnknownField = "UnknownField"
)

// Report takes a problem and reports whether it has room for more.
type Report func(Problem) bool

// Form reads the members of one object and reports what is wrong with them. What nothing has
// asked for is unknown.
type Form struct {
	Object Value
	Path   string // of the object; empty for the whole text
	Strict bool   // null and "" are mistakes; else they are as good as absent
	item   int    // of the array at Path, from 1; 0: Path is the object
	report Report
	known  []string
}

// NewForm returns the form of an object. Another value is a problem, and has no members.
func NewForm(v Value, path string, report Report) *Form {
	f := &Form{Object: v, Path: path, report: report}
	if !v.Missing() && v.Type() != Object {
		f.Report("", InvalidType, "must be %s", Object)
		f.Object = Value{}
	}
	return f
}

// At is the path of a member, or with an empty name of the object itself.
func (f *Form) At(name string) string {
	path := f.Path
	if f.item > 0 {
		path += "[" + strconv.Itoa(f.item-1) + "]"
	}
	if name == "" || path == "" {
		return path + name
	}
	return path + "." + name
}

// Report reports a problem of a member, or with an empty name of the object itself.
func (f *Form) Report(name, code, format string, args ...any) bool {
	at := f.Object
	if m := f.Object.Member(name); !m.Missing() {
		at = m
	}
	return f.report(Problem{code, f.At(name), at.Offset(), fmt.Sprintf(format, args...)})
}

// Get returns a member. A null is a missing one, and so is "", which the expressions of
// pipelines write for an empty parameter. Where the form is strict, both are problems.
func (f *Form) Get(name string) Value {
	f.known = append(f.known, name)
	v := f.Object.Member(name)
	if !v.Null() && v.Raw() != `""` {
		return v
	}
	if f.Strict && !v.Missing() {
		f.Report(name, "Missing", "is empty: leave it out, or give it a value")
	}
	return Value{}
}

// Text reads a string.
func (f *Form) Text(name string) string {
	v := f.Get(name)
	if v.Missing() {
		return ""
	}
	s, ok := v.Text()
	if !ok {
		f.Report(name, InvalidType, "must be %s", String)
	}
	return s
}

// integer is a number of JSON, or one in quotes that people would write.
var integer = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// Integer reads a whole number, in quotes or not: pipelines make texts of all parameters, and
// Power Query writes 2.0 (samples of Microsoft's refresh API have numbers in quotes).
func (f *Form) Integer(name string) *int {
	v := f.Get(name)
	if v.Missing() {
		return nil
	}
	text, quoted := v.Text()
	if !quoted {
		text = v.Raw()
	}
	if text = strings.TrimSpace(text); quoted && text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if whole := int(n); err == nil && integer.MatchString(text) && float64(whole) == n && max(n, -n) < 1<<53 {
		return &whole
	}
	f.Report(name, InvalidType, "must be a whole number")
	return nil
}

// Bool reads true or false, in quotes or not, as samples of Microsoft's refresh API have it.
func (f *Form) Bool(name string) *bool {
	v := f.Get(name)
	if v.Missing() {
		return nil
	}
	text, quoted := v.Text()
	if !quoted {
		text = v.Raw()
	}
	var b bool
	switch text = strings.ToLower(strings.TrimSpace(text)); text {
	case "true":
		b = true
	case "false":
	case "":
		return nil
	default:
		f.Report(name, InvalidType, "must be true or false")
		return nil
	}
	return &b
}

// Form reads an object; a missing one is nil.
func (f *Form) Form(name string) *Form {
	v := f.Get(name)
	if v.Missing() {
		return nil
	}
	child := NewForm(v, f.At(name), f.report)
	child.Strict = f.Strict
	return child
}

// Items goes through the items of an array, each as a form. It is the same form for all,
// because there can be thousands, and valid until the next. What is no object has no members
// and is for the caller to report.
func (f *Form) Items(name string, v Value) iter.Seq2[Value, *Form] {
	return func(yield func(Value, *Form) bool) {
		child := &Form{Path: f.At(name), Strict: f.Strict, report: f.report}
		for item := range v.Items() {
			child.Object, child.item, child.known = item, child.item+1, child.known[:0]
			if !yield(item, child) {
				return
			}
		}
	}
}

// Known are the names that were asked for, in that order.
func (f *Form) Known() []string { return f.known }

// Unknown reports the members that nothing has asked for. The hint, which may be empty, is
// what its name may have been meant to be: ": did you mean x?"
func (f *Form) Unknown(hint func(name string) string) {
	for m := range f.Object.Members() {
		if slices.Contains(f.known, m.Name) {
			continue
		}
		if !f.report(Problem{UnknownField, f.At(m.Name), m.Start, "is not known here" + hint(m.Name) + "; known are " + strings.Join(f.known, ", ")}) {
			return
		}
	}
}

// Similar returns the known name that is most like another: the same except for case and
// punctuation, or with at most two letters wrong.
func (f *Form) Similar(name string) string {
	if len(name) > 40 {
		return ""
	}
	best, least := "", 3
	for _, known := range f.known {
		if d := distance(plain(name), plain(known)); d < least && d < len(known)/2 {
			best, least = known, d
		}
	}
	return best
}

var punctuation = strings.NewReplacer("_", "", "-", "", " ", "")

func plain(name string) string { return punctuation.Replace(strings.ToLower(name)) }

// distance counts the letters to insert, delete or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0]++
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
