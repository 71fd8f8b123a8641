package schedule

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"pbirefresh/internal/httpjson"
)

// members reads the members of one object and collects what is wrong with them. What
// nothing has asked for is unknown, and an error.
type members struct {
	node     httpjson.Value
	path     string // of the object; empty for the file
	problems *problems
	asked    []string
}

// object reads n as an object; with another kind, or none, it has no members.
func (m *members) object(n httpjson.Value, path string) *members {
	if !n.Missing() && n.Type() != httpjson.Object {
		m.problems.add(n.Offset(), path, "must be %s", httpjson.Object)
		n = httpjson.Value{}
	}
	return &members{node: n, path: path, problems: m.problems}
}

func (m *members) at(name string) string { return strings.TrimPrefix(m.path+"."+name, ".") }

// problem tells of a member, or of the whole object where the member is missing.
func (m *members) problem(name, format string, args ...any) {
	offset := m.node.Offset()
	if n := m.node.Member(name); !n.Missing() {
		offset = n.Offset()
	}
	m.problems.add(offset, m.at(name), format, args...)
}

func (m *members) get(name string) httpjson.Value {
	m.asked = append(m.asked, name)
	return m.node.Member(name)
}

// meant names the member that differs in upper and lower case only: the eye does not see
// it in a list.
func (m *members) meant(name string) string {
	for _, known := range m.asked {
		if strings.EqualFold(known, name) {
			return ": it is written " + known
		}
	}
	return ""
}

// done reports the members that nothing has asked for.
func (m *members) done() {
	for member := range m.node.Members() {
		if !slices.Contains(m.asked, member.Name) {
			m.problems.add(member.Start, m.at(clip(member.Name)), "is not known here%s; known are %s", m.meant(member.Name), strings.Join(slices.Sorted(slices.Values(m.asked)), ", "))
		}
	}
}

// raw is the member as plain JSON.
func (m *members) raw(name string) json.RawMessage {
	if n := m.get(name); !n.Missing() {
		return json.RawMessage(n.Raw())
	}
	return nil
}

func (m *members) text(name string) string {
	n := m.get(name)
	text, ok := n.Text()
	switch {
	case n.Missing():
	case !ok:
		m.problem(name, "must be %s", httpjson.String)
	case text == "":
		m.problem(name, "is empty: leave it out, or say something")
	}
	return text
}

// word reads one of several words; the first is the default.
func (m *members) word(name string, words ...string) string {
	s := m.text(name)
	if s == "" {
		return words[0]
	}
	if !slices.Contains(words, s) {
		m.problem(name, "must be one of %s, not %.40q", strings.Join(words, ", "), s)
	}
	return s
}

func (m *members) boolean(name string, otherwise bool) bool {
	n := m.get(name)
	switch {
	case n.Missing():
		return otherwise
	case n.Raw() != "true" && n.Raw() != "false":
		m.problem(name, "must be true or false")
	}
	return n.Raw() == "true"
}

// minutes reads a length of time in whole minutes.
func (m *members) minutes(name string, otherwise, low, high time.Duration) time.Duration {
	s := m.text(name)
	if s == "" {
		return otherwise
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < low || d > high || d%time.Minute != 0 {
		m.problem(name, "must be whole minutes from %s to %s, such as 15m or 1h30m, not %.40q", length(low), length(high), s)
		return otherwise
	}
	return d
}

// length is a time as files write it: 1h30m.
func length(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// strings reads an array of strings, or one string alone.
func (m *members) strings(n httpjson.Value, name, what string) []string {
	items := []httpjson.Value{n}
	if n.Type() == httpjson.Array {
		items = slices.Collect(n.Items())
	}
	var list []string
	for _, item := range items {
		text, ok := item.Text()
		if !ok {
			m.problems.add(item.Offset(), m.at(name), "must be %s, or an array of such: %s", httpjson.String, what)
			continue
		}
		list = append(list, text)
	}
	if len(items) == 0 {
		m.problem(name, "is empty: leave it out, or name one: %s", what)
	}
	return list
}

// array returns the items of a member that must be an array of at most limit.
func (m *members) array(name string, limit int) []httpjson.Value {
	n := m.get(name)
	switch {
	case n.Missing():
		return nil
	case n.Type() != httpjson.Array:
		m.problem(name, "must be %s", httpjson.Array)
		return nil
	case n.Len() == 0, n.Len() > limit:
		m.problem(name, "must have from 1 to %d items", limit)
		return nil
	}
	return slices.Collect(n.Items())
}

func clip(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:60]) + "..."
	}
	return s
}
