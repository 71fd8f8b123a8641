package callback

import (
	"encoding"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

// maxURL bounds a callback's URL. Azure SQL documents 8 KiB for a URL and 4 KiB for
// its query; those of Logic Apps are below 500 bytes (seen).
const maxURL = 4 << 10

// URL is where a callback goes. Its query, and perhaps its path, is a credential
// of the receiver: everything that prints or marshals a URL gets scheme and host.
// The zero URL goes nowhere. Use [Policy.Check].
type URL struct {
	// Behind two pointers: fmt, which cannot call the methods of a field that is not
	// exported, follows one, with %s.
	to **parts
}

type parts struct{ exact, host, port string }

var (
	_ fmt.Formatter          = URL{}
	_ slog.LogValuer         = URL{}
	_ encoding.TextMarshaler = URL{}
)

// Exact is the URL byte for byte as it was given. It is for the request and for
// the record, and for nothing else.
func (u URL) Exact() string { return u.parts().exact }

// host is the host in lower case, without a port. It may be logged.
func (u URL) host() string { return u.parts().host }

func (u URL) parts() *parts {
	if u.to == nil {
		return &parts{}
	}
	return *u.to
}

// String is scheme and host.
func (u URL) String() string {
	if u.to == nil {
		return ""
	}
	return "https://" + u.host() + "/..."
}

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (u URL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// LogValue implements [slog.LogValuer].
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText implements [encoding.TextMarshaler], and so serves JSON too.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// Error says why a URL is not called back, in words for its caller. It holds no
// part of the URL but the host.
type Error struct {
	Code    string // one of the constants below
	Message string
}

// Codes of an [Error].
const (
	CodeInvalid   = "InvalidValue"
	CodeTooLong   = "OverLimit"
	CodeForbidden = "CallbackHostNotAllowed"
)

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func invalid(format string, args ...any) error {
	return &Error{CodeInvalid, fmt.Sprintf(format, args...)}
}

// A host name as DNS has it; the underscore is none, and an IPv6 address has colons.
var hostPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

// parse reads a URL that can be sent as it is: what goes over the wire after the
// host is the text that was given.
func parse(raw string) (URL, error) {
	if len(raw) > maxURL {
		return URL{}, &Error{CodeTooLong, fmt.Sprintf("The URL is longer than %d bytes.", maxURL)}
	}
	if i := strings.IndexFunc(raw, unsendable); i >= 0 {
		return URL{}, invalid("The URL has a character at byte %d that no URL can have (a blank, a control character, a backslash or one beyond ASCII). Encode it with a percent sign.", i)
	}
	scheme, rest, found := strings.Cut(raw, "://")
	if !found || !strings.EqualFold(scheme, "https") {
		return URL{}, invalid("The URL must begin with https://.")
	}
	end := strings.IndexAny(rest, "/?#")
	switch {
	case strings.Contains(rest, "#"):
		return URL{}, invalid("The URL has a fragment (#), which is never sent. Leave it out.")
	case end < 0 || rest[end] != '/':
		return URL{}, invalid("The URL needs a path after the host, at least a slash.")
	}
	host, port, err := splitHost(rest[:end])
	if err != nil {
		return URL{}, err
	}
	// What net/http will send must be what was given: some texts it would encode anew.
	if u, err := url.Parse(raw); err != nil || u.RequestURI() != rest[end:] {
		return URL{}, invalid("The path of the URL is not encoded as a URL's path is, so that it cannot be sent unchanged.")
	}
	to := &parts{exact: raw, host: host, port: port}
	return URL{&to}, nil
}

// unsendable reports a character that would change the request line, or that
// readers of URLs disagree on.
func unsendable(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }

// splitHost reads the part between the slashes.
func splitHost(authority string) (host, port string, err error) {
	if strings.Contains(authority, "@") {
		return "", "", invalid("The URL has a user name before the host. Credentials of that form are not sent: leave it out.")
	}
	host, port, colon := strings.Cut(strings.ToLower(authority), ":")
	if !colon {
		port = "443"
	}
	if len(host) > 253 || !hostPattern.MatchString(host) || numeric(host) {
		return "", "", invalid("The host of the URL must be a DNS name such as prod-01.westeurope.logic.azure.com, not an address.")
	}
	if !portPattern.MatchString(port) {
		return "", "", invalid("The port of the URL must be a number, or absent.")
	}
	return host, port, nil
}

// One spelling a port, so that :0443 is not another one.
var portPattern = regexp.MustCompile(`^[1-9][0-9]{0,4}$`)

// numeric reports a host whose last label is a number: some resolvers take
// 127.1, 2130706433 and 0x7f.1 for addresses.
func numeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last[0] >= '0' && last[0] <= '9'
}
