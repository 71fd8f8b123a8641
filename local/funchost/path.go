package funchost

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// errBadTarget is a request target that Kestrel answers with 400.
var errBadTarget = errors.New("funchost: the request target is invalid")

// decodePath does what Kestrel does with the path of a request (source of
// ASP.NET's PathDecoder; seen on a host 4.1037): it decodes each valid escape but
// %2F, and resolves dot segments after that.
func decodePath(raw string) (string, error) {
	for i := range len(raw) {
		if raw[i] == 0 || raw[i] >= utf8.RuneSelf || raw[i] == '#' {
			return "", errBadTarget
		}
	}
	path := unescape(raw, func(c byte) bool { return c != '/' })
	if strings.ContainsRune(path, 0) {
		return "", errBadTarget
	}
	return removeDotSegments(path), nil
}

// unescape replaces each %XX of a valid UTF-8 sequence. What is no such sequence,
// and each ASCII character that decode refuses, stays as it is.
func unescape(text string, decode func(byte) bool) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, width := escapedRune(text[i:])
		if width == 0 || r < utf8.RuneSelf && !decode(byte(r)) { //nolint:gosec // ASCII
			b.WriteByte(text[i])
			i++
			continue
		}
		b.WriteRune(r)
		i += width
	}
	return b.String()
}

// escapedRune reads the character at the start of text if it is escaped, and how
// long its escapes are: 0 if there is none.
func escapedRune(text string) (r rune, width int) {
	var encoded []byte
	for len(encoded) < utf8.UTFMax {
		c, ok := escapedByte(text[len(encoded)*3:])
		if !ok {
			break
		}
		encoded = append(encoded, c)
		if utf8.FullRune(encoded) {
			break
		}
	}
	r, size := utf8.DecodeRune(encoded)
	if r == utf8.RuneError && size <= 1 {
		return 0, 0
	}
	return r, size * 3
}

func escapedByte(text string) (byte, bool) {
	if len(text) < 3 || text[0] != '%' {
		return 0, false
	}
	high, low := hexDigit(text[1]), hexDigit(text[2])
	return byte(high<<4 | low), high >= 0 && low >= 0 //nolint:gosec // two digits
}

func hexDigit(c byte) int {
	return strings.IndexByte("0123456789abcdef", lower(c))
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// removeDotSegments follows RFC 3986, section 5.2.4, for a path that begins with
// a slash.
func removeDotSegments(path string) string {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	kept := make([]string, 0, len(segments))
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		case ".":
		default:
			kept = append(kept, segment)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}
