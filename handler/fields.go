package handler

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"pbirefresh/internal/guid"
	"pbirefresh/powerbi"
	"pbirefresh/refresh"
)

// fields reads the members of one JSON object and collects what is wrong with
// them. Each read takes the member away; what is left at the end is unknown.
type fields struct {
	path     string // of the object, such as "options."; empty for the body
	members  map[string]json.RawMessage
	problems *problems // shared by all objects of one body
	known    []string
}

// parseObject reads a body that must be one JSON object without duplicate keys.
func parseObject(body []byte) (*fields, []Detail) {
	if problem := checkJSON(body); problem != nil {
		return nil, []Detail{*problem}
	}
	f := &fields{problems: &problems{}}
	if err := json.Unmarshal(body, &f.members); err != nil || f.members == nil {
		return nil, []Detail{{Code: "InvalidJSON", Target: "body", Message: `The body must be a JSON object such as {"workspaceId":"...","datasetId":"..."}.`}}
	}
	return f, nil
}

func (f *fields) problem(code, field, message string) {
	f.problems.add(code, or(strings.TrimSuffix(f.path+field, "."), "body"), message)
}

// take removes a member. null counts as absent, because callers' expressions
// write it for an empty parameter.
func (f *fields) take(name string) (json.RawMessage, bool) {
	f.known = append(f.known, name)
	raw, ok := f.members[name]
	delete(f.members, name)
	return raw, ok && string(raw) != "null"
}

// done reports the members that nothing has read.
func (f *fields) done() {
	if len(f.members) == 0 {
		return
	}
	options := f.options()
	for _, name := range slices.Sorted(maps.Keys(f.members)) {
		f.problem("UnknownField", name, fmt.Sprintf("There is no field %.60q here%s. Known are: %s.", name, f.meant(name, options), strings.Join(f.known, ", ")))
	}
}

// options are the fields that go below options, if this is the body: in Power BI's own
// body they stand at the top.
func (f *fields) options() []string {
	if f.path != "" {
		return nil
	}
	below := &fields{path: "options.", problems: &problems{}}
	parseOptions(below, refresh.Auto)
	return below.known
}

// meant tells the two mistakes that a list of names does not show: the eye passes over
// upper and lower case, and the name may be right elsewhere.
func (f *fields) meant(name string, options []string) string {
	for _, known := range f.known {
		if strings.EqualFold(known, name) {
			return "; it is written " + known
		}
	}
	if slices.Contains(options, name) {
		return "; it goes into options"
	}
	return ""
}

func (f *fields) text(name string) string {
	raw, ok := f.take(name)
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		f.problem("InvalidType", name, f.path+name+" must be a string.")
	}
	return s
}

func (f *fields) guid(name string) string {
	if raw, there := f.members[name]; !there || string(raw) == "null" {
		f.take(name)
		f.problem("Missing", name, name+" is missing. It is the GUID in the address of the workspace or model in the Power BI portal.")
		return ""
	}
	written := f.text(name)
	s := strings.ToLower(written)
	if !f.problems.told(name) && !guid.Valid(s) {
		f.problem("InvalidValue", name, fmt.Sprintf("%s must be a GUID such as f089354e-8366-4e18-aea3-4cb4a3a50b48, not %.60q.", name, written))
	}
	return s
}

// word reads one of several words; the first is the default.
func (f *fields) word(name string, words ...string) string {
	s := f.text(name)
	for _, w := range words {
		if strings.EqualFold(s, w) {
			return w
		}
	}
	if s != "" {
		f.problem("InvalidValue", name, fmt.Sprintf("%s must be one of %s, not %.60q.", name, strings.Join(words, ", "), s))
	}
	return words[0]
}

func (f *fields) duration(name string, otherwise time.Duration) time.Duration {
	s := f.text(name)
	if s == "" {
		return otherwise
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < minTimeout || d > maxTimeout {
		f.problem("InvalidValue", name, fmt.Sprintf("%s must be a duration from 1m to %dh such as 90m or 2h30m, not %.60q.", name, int(maxTimeout.Hours()), s))
		return otherwise
	}
	return d
}

func (f *fields) integer(name string, otherwise, low, high int) int {
	raw, ok := f.take(name)
	if !ok {
		return otherwise
	}
	var n int
	if json.Unmarshal(raw, &n) != nil || n < low || n > high {
		f.problem("InvalidValue", name, fmt.Sprintf("%s must be a whole number from %d to %d%s.", name, low, high, unquoted(raw)))
		return otherwise
	}
	return n
}

// unquoted is the way out for who wrote "3".
func unquoted(raw json.RawMessage) string {
	if raw[0] == '"' {
		return ", without quotes"
	}
	return ""
}

// looseInteger also takes a number in quotes: Microsoft's own samples of the
// refresh API have one.
func (f *fields) looseInteger(name string) *int {
	raw, ok := f.take(name)
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(strings.Trim(string(raw), `"`))
	if err != nil {
		f.problem("InvalidType", name, f.path+name+" must be a whole number.")
		return nil
	}
	return &n
}

// looseBool also takes "true" and "false" in quotes, as Microsoft's samples do.
func (f *fields) looseBool(name string) *bool {
	raw, ok := f.take(name)
	if !ok {
		return nil
	}
	var b bool
	switch strings.ToLower(strings.Trim(string(raw), `"`)) {
	case "true":
		b = true
	case "false":
	default:
		f.problem("InvalidType", name, f.path+name+" must be true or false.")
		return nil
	}
	return &b
}

func (f *fields) object(name string) *fields {
	raw, ok := f.take(name)
	if !ok {
		return nil
	}
	child := &fields{path: f.path + name + ".", problems: f.problems}
	if json.Unmarshal(raw, &child.members) != nil || child.members == nil {
		f.problem("InvalidType", name, f.path+name+" must be an object.")
		return nil
	}
	return child
}

// objects reads the tables and partitions. It must be an array: Power BI takes no
// other form.
func (f *fields) objects(name string) []powerbi.Object {
	raw, ok := f.take(name)
	if !ok {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		f.problem("InvalidType", name, f.path+name+` must be an array such as [{"table":"Sales"}].`)
		return nil
	}
	var objects []powerbi.Object
	for i, item := range items {
		child := &fields{path: fmt.Sprintf("%s%s[%d].", f.path, name, i), problems: f.problems}
		if json.Unmarshal(item, &child.members) != nil || child.members == nil {
			f.problem("InvalidType", fmt.Sprintf("%s[%d]", name, i), `Each object must be one such as {"table":"Sales"} or {"table":"Sales","partition":"2026"}.`)
		}
		// One that cannot be read stays, empty: the others keep their index.
		objects = append(objects, powerbi.Object{Table: child.text("table"), Partition: child.text("partition")})
		child.done()
	}
	return objects
}
