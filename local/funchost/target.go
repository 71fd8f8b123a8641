package funchost

import (
	"net/http"
	"strings"
)

// A target is a request target of one of the four forms of RFC 9112.
type target struct {
	path      string // decoded; "" if the form has none
	query     string // as sent, with its question mark
	authority string // of the absolute and the authority form
	form      targetForm
}

type targetForm int

const (
	originForm targetForm = iota
	absoluteForm
	asteriskForm
	authorityForm
)

// parseTarget follows Kestrel's Http1Connection (source). A "#" is refused in
// each form (seen on a host 4.1037 in a query).
func parseTarget(method, raw string) (target, error) {
	if !isASCII(raw) || strings.ContainsAny(raw, "#\x00") {
		return target{}, badRequest
	}
	switch {
	case raw[0] == '/':
		path, query := cutQuery(raw)
		decoded, err := decodePath(path)
		if err != nil {
			return target{}, badRequest
		}
		return target{path: decoded, query: query}, nil
	case raw == "*" && method == http.MethodOptions:
		return target{form: asteriskForm}, nil
	case strings.HasPrefix(raw, "http://"), strings.HasPrefix(raw, "https://"):
		return parseAbsolute(raw)
	case raw != "*" && method == http.MethodConnect:
		return target{form: authorityForm, authority: raw}, nil
	default:
		return target{}, refusal(http.StatusMethodNotAllowed)
	}
}

func cutQuery(raw string) (path, query string) {
	if i := strings.IndexByte(raw, '?'); i >= 0 {
		return raw[:i], raw[i:]
	}
	return raw, ""
}

// parseAbsolute reads a whole URL with System.Uri, whose LocalPath decodes a
// slash too.
func parseAbsolute(raw string) (target, error) {
	uri, ok := parseURI(raw)
	if !ok {
		return target{}, badRequest
	}
	path := unescape(uri.path, func(byte) bool { return true })
	return target{path: path, query: uri.query, authority: uri.authority(), form: absoluteForm}, nil
}

// checkHost refuses a missing, repeated or bad Host, and one that differs from
// the target.
func (r *request) checkHost() error {
	hosts := r.header.values("Host")
	switch {
	case len(hosts) == 0 && r.http10:
		return nil
	case len(hosts) != 1 || !isHost(hosts[0]):
		return badRequest
	case r.target.form == authorityForm && hosts[0] != r.target.authority:
		return badRequest
	case r.target.form == absoluteForm && hosts[0] != r.target.authority && strings.TrimSuffix(hosts[0], ":80") != r.target.authority:
		return badRequest
	}
	return nil
}

// isHost is HttpUtilities.IsHostHeaderValid of Kestrel; an empty host is valid.
func isHost(text string) bool {
	if text == "" {
		return true
	}
	host, port := text, ""
	if i := strings.LastIndexByte(text, ':'); i > strings.LastIndexByte(text, ']') {
		host, port = text[:i], text[i+1:]
		if _, ok := digits(port); !ok {
			return false
		}
	}
	if inner, found := strings.CutPrefix(host, "["); found {
		inner, closed := strings.CutSuffix(inner, "]")
		return closed && len(inner) > 1 && strings.Trim(strings.ToLower(inner), "0123456789abcdef:.") == ""
	}
	return host != "" && strings.IndexFunc(host, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("!$&'()-._~", r)
	}) < 0
}

// displayable reports whether the host can make a URL of the request, which it
// does before it forwards: System.Uri refuses some hosts that Kestrel admits.
func (r *request) displayable() bool {
	_, ok := parseURI("http://" + r.header.get("Host") + "/")
	return ok
}
