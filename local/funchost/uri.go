package funchost

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	reservedIn = "!#$&'()*+,/:;=?@[]"
)

// forwardedPath makes a path of the decoded one, as the host does: it writes both
// into a URL, reads that with System.Uri, and takes the path. So a backslash
// becomes a slash, dot segments are resolved once more, "?" and "#" end the path,
// and white space at the end of the URL is lost (seen on a host 4.1037).
func forwardedPath(decoded, query string) string {
	path := decoded
	if query == "" {
		path = strings.TrimRight(path, " \t\r\n")
	}
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	if needsNormalising(decoded + query) {
		path = normalise(path)
	}
	return escapeURI(removeDotSegments(strings.ReplaceAll(path, `\`, "/")))
}

// needsNormalising reports whether System.Uri unescapes anything: it does so only
// for a URL that holds a character beyond ASCII, or an escaped one that is
// unreserved or beyond ASCII.
func needsNormalising(url string) bool {
	for i := range len(url) {
		if url[i] >= utf8.RuneSelf {
			return true
		}
		if c, ok := escapedByte(url[i:]); ok && (c >= utf8.RuneSelf || strings.IndexByte(unreserved, c) >= 0) {
			return true
		}
	}
	return false
}

// normalise unescapes what has no meaning of its own in a URL.
func normalise(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, width := escapedRune(text[i:])
		switch {
		case width == 0:
			b.WriteByte(text[i])
			i++
			continue
		case r < ' ', r >= 0x7f && r < 0xa0, r < utf8.RuneSelf && strings.ContainsRune(reservedIn+`%\`, r), !inIRI(r):
			b.WriteString(text[i : i+width])
		default:
			b.WriteRune(r)
		}
		i += width
	}
	return b.String()
}

// inIRI reports whether System.Uri takes a character for one that an IRI may hold
// in its path.
func inIRI(r rune) bool {
	switch {
	case r < 0xa0:
		return r < utf8.RuneSelf
	case r <= 0xffef:
		return r < 0xd800 || r >= 0xf900 && (r <= 0xfdcf || r >= 0xfdf0)
	default:
		return r&0xffff <= 0xfffd && (r >= 0x10000 && r < 0xe0000 || r >= 0xe1000 && r < 0xf0000)
	}
}

// escapeURI escapes what a URL must not hold. Valid escapes stay as they are.
func escapeURI(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		_, escaped := escapedByte(text[i:])
		if escaped || strings.IndexByte(unreserved+reservedIn, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
