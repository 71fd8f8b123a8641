package schedule

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// members reads the members of one object and collects what is wrong with them. What
// nothing has asked for is unknown, and an error.
type members struct {
	node     *node
	path     string // of the object; empty for the file
	plain    []byte // the text as plain JSON
	problems *problems
	asked    []string
}

// object reads n as an object; with another kind, or none, it has no members.
func (m *members) object(n *node, path string) *members {
	if n != nil && n.kind != isObject {
		m.problems.add(n.start, path, "must be %s", isObject)
		n = nil
	}
	o := &members{node: n, path: path, plain: m.plain, problems: m.problems}
	o.duplicates()
	return o
}

func (m *members) duplicates() {
	if m.node == nil {
		return
	}
	seen := map[string]bool{}
	for _, member := range m.node.members {
		if seen[member.name] {
			m.problems.add(member.start, m.at(member.name), "is there twice: keep one")
		}
		seen[member.name] = true
	}
}

func (m *members) at(name string) string { return strings.TrimPrefix(m.path+"."+name, ".") }

// problem tells of a member, or of the whole object where the member is missing.
func (m *members) problem(name, format string, args ...any) {
	offset := 0
	if m.node != nil {
		offset = m.node.start
	}
	if n := m.node.member(name); n != nil {
		offset = n.start
	}
	m.problems.add(offset, m.at(name), format, args...)
}

func (m *members) get(name string) *node {
	m.asked = append(m.asked, name)
	return m.node.member(name)
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
	if m.node == nil {
		return
	}
	for _, member := range m.node.members {
		if !slices.Contains(m.asked, member.name) {
			m.problems.add(member.start, m.at(clip(member.name)), "is not known here%s; known are %s", m.meant(member.name), strings.Join(slices.Sorted(slices.Values(m.asked)), ", "))
		}
	}
}

// raw is the member as plain JSON.
func (m *members) raw(name string) json.RawMessage {
	n := m.get(name)
	if n == nil {
		return nil
	}
	return m.plain[n.start:n.end]
}

func (m *members) text(name string) string {
	n := m.get(name)
	switch {
	case n == nil:
	case n.kind != isString:
		m.problem(name, "must be %s", isString)
	case n.text == "":
		m.problem(name, "is empty: leave it out, or say something")
	default:
		return n.text
	}
	return ""
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
	if n == nil {
		return otherwise
	}
	b, err := strconv.ParseBool(string(m.plain[n.start:n.end]))
	if err != nil || n.end-n.start < len("true") {
		m.problem(name, "must be true or false")
	}
	return b
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
func (m *members) strings(n *node, name, what string) []string {
	items := []*node{n}
	if n.kind == isArray {
		items = n.items
	}
	var list []string
	for _, item := range items {
		if item.kind != isString {
			m.problems.add(item.start, m.at(name), "must be %s, or an array of such: %s", isString, what)
			continue
		}
		list = append(list, item.text)
	}
	if len(items) == 0 {
		m.problem(name, "is empty: leave it out, or name one: %s", what)
	}
	return list
}

// array returns the items of a member that must be an array of at most limit.
func (m *members) array(name string, limit int) []*node {
	n := m.get(name)
	switch {
	case n == nil:
		return nil
	case n.kind != isArray:
		m.problem(name, "must be %s", isArray)
		return nil
	case len(n.items) == 0, len(n.items) > limit:
		m.problem(name, "must have from 1 to %d items", limit)
		return nil
	}
	return n.items
}

func clip(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:60]) + "..."
	}
	return s
}
