// Package foreign makes text from outside fit for our errors, logs and terminals: names
// that callers chose, and what services, proxies and libraries say.
package foreign

import (
	"regexp"
	"strings"
	"unicode"
)

// Line returns text as one line of printable characters, cut at limit bytes.
func Line(text string, limit int) string {
	text = joined(text, unicode.IsPrint)
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "..."
	}
	return text
}

// webToken matches a JSON Web Token. The services echo none, but a proxy might.
var webToken = regexp.MustCompile(`eyJ[0-9A-Za-z_-]{6,}(\.[0-9A-Za-z_-]*){0,2}`)

// Masked returns text as one line without control characters and tokens, cut at limit
// characters.
func Masked(text string, limit int) string {
	text = joined(strings.ToValidUTF8(text, "?"), func(r rune) bool { return !unicode.IsControl(r) })
	text = webToken.ReplaceAllString(text, "***")
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return text
}

// Printable replaces each character that does not print by a question mark: it could move
// the cursor of a terminal.
func Printable(text string) string { return replaced(text, '?', unicode.IsPrint) }

// joined returns the words of text, separated by single spaces. Characters that are not
// kept separate words, too.
func joined(text string, keep func(rune) bool) string {
	return strings.Join(strings.Fields(replaced(text, ' ', keep)), " ")
}

func replaced(text string, by rune, keep func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if !keep(r) {
			return by
		}
		return r
	}, text)
}
