package funchost

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A uri is an absolute http or https URL as System.Uri normalises it.
type uri struct{ scheme, userinfo, host, port, path, query, fragment string }

var httpURL = regexp.MustCompile(`^(?i)(https?):[/\\]{2}(?:([^/\\?#@]*)@)?([^/\\?#@]*)([^?#]*)(\?[^#]*)?(#.*)?$`)

var defaultPorts = map[string]string{"http": "80", "https": "443"}

func parseURI(text string) (uri, bool) {
	text = strings.Trim(text, " \t\r\n")
	m := httpURL.FindStringSubmatch(text)
	if m == nil {
		return uri{}, false
	}
	u := uri{scheme: strings.ToLower(m[1]), userinfo: m[2], path: m[4], query: m[5], fragment: m[6]}
	var ok bool
	if u.host, u.port, ok = splitAuthority(m[3]); !ok {
		return uri{}, false
	}
	if u.port == defaultPorts[u.scheme] {
		u.port = ""
	}
	u.escape(needsNormalising(text))
	return u, true
}

func (u *uri) escape(normalising bool) {
	clean := func(text string) string { return text }
	if normalising {
		clean = normalise
	}
	u.path = escapeURI(removeDotSegments(strings.ReplaceAll(clean(u.path), `\`, "/")))
	u.query, u.fragment = escapeURI(clean(u.query)), escapeURI(clean(u.fragment))
}

// splitAuthority reads host and port; an empty port is none.
func splitAuthority(text string) (host, port string, ok bool) {
	host = strings.ToLower(text)
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host, port = host[:i], host[i+1:]
		if n, numeric := digits("0" + port); !numeric || n > 65535 {
			return "", "", false
		}
		port = strings.TrimLeft(port, "0")
	}
	return host, port, isDNSName(host) || isIPv6(host)
}

func isIPv6(host string) bool {
	inner, opened := strings.CutPrefix(host, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	addr, err := netip.ParseAddr(inner)
	return opened && closed && err == nil && addr.Is6()
}

func isDNSName(host string) bool {
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 || strings.IndexFunc(label, func(r rune) bool {
			return r < utf8.RuneSelf && !isAlphanumeric(r) && r != '-' && r != '_'
		}) >= 0 {
			return false
		}
	}
	return true
}

func (u uri) authority() string {
	if u.port == "" {
		return u.host
	}
	return u.host + ":" + u.port
}

func (u uri) String() string {
	user := u.userinfo
	if user != "" {
		user += "@"
	}
	return u.scheme + "://" + user + u.authority() + u.path + u.query + u.fragment
}

// hasScheme reports whether a text begins as an absolute URL of any kind.
var hasScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// normaliseLocation is what .NET's HTTP client makes of Location and
// Content-Location: an absolute URL is written anew, a relative one escaped, and
// what is neither stays. Bytes that are no UTF-8 count as Latin-1.
func normaliseLocation(value string) (string, bool) {
	if value == "" {
		return "", false
	}
	if !utf8.ValidString(value) {
		value = fromLatin1(value)
	}
	if u, ok := parseURI(value); ok {
		return u.String(), true
	}
	if hasScheme.MatchString(value) {
		return "", false
	}
	return escapeURI(value), true
}

func fromLatin1(text string) string {
	runes := make([]rune, len(text))
	for i := range len(text) {
		runes[i] = rune(text[i])
	}
	return string(runes)
}
