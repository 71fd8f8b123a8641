package handler

import (
	"strings"
)

// preferences reads Prefer headers (RFC 7240, 2): names in lower case with their
// values. Of a name that is there twice only the first counts; parameters mean nothing
// here, and what cannot be read is left out, as that RFC says.
func preferences(headers []string) map[string]string {
	found := map[string]string{}
	for _, header := range headers {
		for _, element := range split(header, ',') {
			name, value, ok := preference(split(element, ';')[0])
			if _, twice := found[name]; ok && !twice {
				found[name] = value
			}
		}
	}
	return found
}

// preference reads one: a name, and perhaps a value, which may be quoted.
func preference(s string) (name, value string, ok bool) {
	name, value, _ = strings.Cut(s, "=")
	name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
	if quoted, is := strings.CutPrefix(value, `"`); is {
		text, rest, closed := cutQuoted(quoted)
		if !closed || strings.TrimSpace(rest) != "" {
			return "", "", false
		}
		value = text
	}
	return name, value, name != ""
}

// split cuts at a separator that stands outside of quotes. There is always one part.
func split(s string, sep byte) []string {
	var parts []string
	quoted, from := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '\\' && quoted:
			i++
		case s[i] == sep && !quoted:
			parts, from = append(parts, s[from:i]), i+1
		}
	}
	return append(parts, s[from:])
}
