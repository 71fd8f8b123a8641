package schedule

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"pbirefresh/internal/httpjson"
)

// members reads the members of one object.
type members struct {
	*httpjson.Form
	problems *problems
}

// object reads n as an object. A value of another type is a problem and has no members.
func (p *problems) object(n httpjson.Value, path string) *members {
	form := httpjson.NewForm(n, path, p.report)
	form.Strict = true // null and "" in a file are slips
	return &members{form, p}
}

func (m *members) object(n httpjson.Value, path string) *members { return m.problems.object(n, path) }

func (m *members) problem(name, format string, args ...any) { m.Report(name, "", format, args...) }

// done reports unknown members. The hint is for names that differ in case only, which is
// hard to see in a list.
func (m *members) done() {
	m.Unknown(func(name string) string {
		for _, known := range m.Known() {
			if strings.EqualFold(known, name) {
				return ": it is written " + known
			}
		}
		return ""
	})
}

// raw is the member as plain JSON.
func (m *members) raw(name string) json.RawMessage {
	if n := m.Get(name); !n.Missing() {
		return json.RawMessage(n.Raw())
	}
	return nil
}

// word reads one of several words; the first is the default.
func (m *members) word(name string, words ...string) string {
	s := m.Text(name)
	if s == "" {
		return words[0]
	}
	if !slices.Contains(words, s) {
		m.problem(name, "must be one of %s, not %.40q", strings.Join(words, ", "), s)
	}
	return s
}

func (m *members) boolean(name string, otherwise bool) bool {
	if b := m.Bool(name); b != nil {
		return *b
	}
	return otherwise
}

// minutes reads a length of time in whole minutes.
func (m *members) minutes(name string, otherwise, low, high time.Duration) time.Duration {
	s := m.Text(name)
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
			m.problems.add(item.Offset(), m.At(name), "must be %s, or an array of such: %s", httpjson.String, what)
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
	n := m.Get(name)
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
