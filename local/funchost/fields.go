package funchost

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A field is one header line. Texts hold the bytes of the wire.
type field struct{ name, value string }

// fields are the header lines of a message in their order.
type fields []field

func (f fields) values(name string) []string {
	var values []string
	for _, one := range f {
		if strings.EqualFold(one.name, name) {
			values = append(values, one.value)
		}
	}
	return values
}

func (f fields) has(name string) bool {
	return slices.ContainsFunc(f, func(one field) bool { return strings.EqualFold(one.name, name) })
}

// get returns the first value of a name, or "".
func (f fields) get(name string) string {
	if values := f.values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// lists reports whether a header, a list of tokens, has a token.
func (f fields) lists(name, token string) bool {
	for _, value := range f.values(name) {
		for one := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(one), token) {
				return true
			}
		}
	}
	return false
}

// without returns the lines that do not have any of the names.
func (f fields) without(names ...string) fields {
	return slices.DeleteFunc(slices.Clone(f), func(one field) bool { return isOneOf(one.name, names...) })
}

// set replaces the lines of a name by one.
func (f fields) set(name, value string) fields {
	return append(f.without(name), field{name, value})
}

func isOneOf(name string, names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// names returns each name once, in the spelling of its first line.
func (f fields) names() []string {
	var names []string
	for _, one := range f {
		if !isOneOf(one.name, names...) {
			names = append(names, one.name)
		}
	}
	return names
}

const tokenMarks = "!#$%&'*+-.^_`|~"

// isToken reports whether a text is a token of RFC 9110.
func isToken(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune(tokenMarks, r)
	}) < 0
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
