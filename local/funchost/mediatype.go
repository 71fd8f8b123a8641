package funchost

import (
	"regexp"
	"strings"
)

const (
	lws         = `[ \t\r\n]*`
	tokenRegex  = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
	quotedRegex = `"(?:[^"\\\x80-\xff]|\\[\x00-\x7f])*"`
	paramRegex  = tokenRegex + `(?:` + lws + `=` + lws + `(?:` + tokenRegex + `|` + quotedRegex + `))?`
)

var (
	mediaType   = regexp.MustCompile(`^` + lws + `(` + tokenRegex + `)` + lws + `/` + lws + `(` + tokenRegex + `)` + lws + `((?:;` + lws + paramRegex + lws + `)*)$`)
	disposition = regexp.MustCompile(`^` + lws + `(` + tokenRegex + `)` + lws + `((?:;` + lws + paramRegex + lws + `)*)$`)
	parameter   = regexp.MustCompile(`;` + lws + `(` + tokenRegex + `)(?:` + lws + `=` + lws + `(` + tokenRegex + `|` + quotedRegex + `))?`)
)

// normaliseMediaType writes a media type as .NET's MediaTypeHeaderValue does,
// which refuses what is none, a semicolon at the end or two of them.
func normaliseMediaType(value string) (string, bool) {
	m := mediaType.FindStringSubmatch(value)
	if m == nil {
		return "", false
	}
	return m[1] + "/" + m[2] + normaliseParameters(m[3]), true
}

func normaliseDisposition(value string) (string, bool) {
	m := disposition.FindStringSubmatch(value)
	if m == nil {
		return "", false
	}
	return m[1] + normaliseParameters(m[2]), true
}

func normaliseParameters(text string) string {
	var b strings.Builder
	for _, m := range parameter.FindAllStringSubmatch(text, -1) {
		b.WriteString("; " + m[1])
		if m[2] != "" {
			b.WriteString("=" + m[2])
		}
	}
	return b.String()
}
