package httpjson

import (
	"iter"
	"strings"
)

// Value is one value of a text that [Parse] has checked. The zero Value is a missing one.
type Value struct {
	text       string // all of it
	start, end int
}

// Type is the type of a value.
type Type string

// The types, as messages name them.
const (
	Object  Type = "an object"
	Array   Type = "an array"
	String  Type = "a string"
	Number  Type = "a number"
	Literal Type = "true, false or null"
)

// Member is one member of an object.
type Member struct {
	Name  string
	Start int // of the name
	Value Value
}

// Type returns the type of a value; a missing one is a literal.
func (v Value) Type() Type {
	if v.Missing() {
		return Literal
	}
	switch v.text[v.start] {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f', 'n':
		return Literal
	}
	return Number
}

// Missing reports whether there is no value: no member of that name, or nothing parsed.
func (v Value) Missing() bool { return v.end == 0 }

// Null reports whether the value is missing or null: both say nothing.
func (v Value) Null() bool { return v.Missing() || v.Raw() == "null" }

// Raw returns the value as it is written.
func (v Value) Raw() string { return v.text[v.start:v.end] }

// Offset is the byte at which the value begins.
func (v Value) Offset() int { return v.start }

// Text returns what a string says, and whether the value is one.
func (v Value) Text() (string, bool) {
	if v.Type() != String {
		return "", false
	}
	raw := v.Raw()
	s, _ := unescape(raw[1 : len(raw)-1])
	return s, true
}

// Items goes through an array; any other value has none.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for c := v.inside('['); c.more(']'); {
			if !yield(c.value()) {
				return
			}
		}
	}
}

// Members goes through an object; any other value has none.
func (v Value) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for c := v.inside('{'); c.more('}'); {
			name := c.value()
			text, _ := name.Text()
			m := Member{text, name.start, c.value()}
			if !yield(m) {
				return
			}
		}
	}
}

// Len counts the items of an array, or the members of an object.
func (v Value) Len() int {
	n := 0
	for range v.Items() {
		n++
	}
	for range v.Members() {
		n++
	}
	return n
}

// Member returns the member of that name.
func (v Value) Member(name string) Value {
	for m := range v.Members() {
		if m.Name == name {
			return m.Value
		}
	}
	return Value{}
}

// inside is a cursor behind the opening bracket, or one at the end.
func (v Value) inside(open byte) cursor {
	if v.Missing() || v.text[v.start] != open {
		return cursor{}
	}
	return cursor{v.text, v.start + 1}
}

// cursor moves through a text that is known to be JSON.
type cursor struct {
	text string
	at   int
}

// more moves to the next item or member and reports whether there is one.
func (c *cursor) more(closing byte) bool {
	c.skip(" \t\r\n,")
	return c.at < len(c.text) && c.text[c.at] != closing
}

// value moves behind the next value and returns it.
func (c *cursor) value() Value {
	c.skip(" \t\r\n:")
	start := c.at
	switch c.text[c.at] {
	case '"':
		c.string()
	case '{', '[':
		c.nested()
	default:
		c.at += len(c.text[c.at:]) - len(strings.TrimLeft(c.text[c.at:], "+-.0123456789abcdefghijklmnopqrstuvwxyzE"))
	}
	return Value{c.text, start, c.at}
}

func (c *cursor) skip(bytes string) {
	for c.at < len(c.text) && strings.IndexByte(bytes, c.text[c.at]) >= 0 {
		c.at++
	}
}

func (c *cursor) string() {
	for c.at++; c.text[c.at] != '"'; c.at++ {
		if c.text[c.at] == '\\' {
			c.at++
		}
	}
	c.at++
}

func (c *cursor) nested() {
	for depth := 0; ; {
		switch c.text[c.at] {
		case '"':
			c.string()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if c.at++; depth == 0 {
			return
		}
	}
}
