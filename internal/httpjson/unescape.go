package httpjson

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape returns what the inside of a string says, and whether all of it is characters: no
// surrogate without its other half. It copies only what has escapes.
func unescape(s string) (string, bool) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, true
	}
	b, whole := make([]byte, 0, len(s)), true
	for len(s) > 0 {
		plain, rest, escaped := strings.Cut(s, `\`)
		b = append(b, plain...)
		if !escaped {
			break
		}
		r, size := escape(rest)
		whole = whole && r != utf8.RuneError || strings.HasPrefix(strings.ToLower(rest), "ufffd")
		b, s = utf8.AppendRune(b, r), rest[size:]
	}
	return string(b), whole
}

// escape reads what follows a backslash: the character, and how long its escape is.
// A lone surrogate is RuneError.
func escape(s string) (rune, int) {
	if i := strings.IndexByte("bfnrt", s[0]); i >= 0 {
		return rune("\b\f\n\r\t"[i]), 1
	}
	if s[0] != 'u' {
		return rune(s[0]), 1
	}
	r := hex(s[1:])
	if !utf16.IsSurrogate(r) {
		return r, 5
	}
	if after, ok := strings.CutPrefix(s[5:], `\u`); ok {
		if pair := utf16.DecodeRune(r, hex(after)); pair != utf8.RuneError {
			return pair, 11
		}
	}
	return utf8.RuneError, 5
}

// hex reads the four digits of an escape; the text is known to have them.
func hex(s string) rune {
	n, _ := strconv.ParseUint(s[:4], 16, 16)
	return rune(n)
}
