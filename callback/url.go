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

// maxURL bounds a callback's URL. Azure SQL documents 8 KiB for a URL and 4 KiB for its
// query. URLs of Logic Apps have less than 500 bytes (seen).
const maxURL = 4 << 10

// URL is where a callback goes. Its query, and perhaps its path, is a credential of the
// receiver: whatever prints or marshals a URL gets scheme and host only. The zero URL is
// none. Use [Policy.Check].
type URL struct {
	// Behind two pointers: fmt cannot call the methods of an unexported field, and follows
	// one pointer with %s.
	to **parts
}

type parts struct{ exact, host, port string }

var (
	_ fmt.Formatter          = URL{}
	_ slog.LogValuer         = URL{}
	_ encoding.TextMarshaler = URL{}
)

// Exact returns the URL byte for byte as it was given. It is for the request and the
// record only.
func (u URL) Exact() string { return u.parts().exact }

// host returns the host in lower case, without a port. It may be logged.
func (u URL) host() string { return u.parts().host }

func (u URL) parts() *parts {
	if u.to == nil {
		return &parts{}
	}
	return *u.to
}

// String returns scheme and host.
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

// Error says why a URL may not be called, in words for its caller. Of the URL it has the
// host only.
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

// hostPattern is a DNS name: no underscore, and no colon, which an IPv6 address has.
var hostPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

// parse reads a URL that can be sent unchanged: what is sent after the host is the text
// that was given.
func parse(raw string) (URL, error) {
	if len(raw) > maxURL {
		return URL{}, &Error{CodeTooLong, fmt.Sprintf("The URL is longer than %d bytes.", maxURL)}
	}
	if i := strings.IndexFunc(raw, unsendable); i >= 0 {
		return URL{}, invalid("The URL has a character at byte %d that is not allowed in a URL (a space, a control character, a backslash or one beyond ASCII). Encode it with a percent sign.", i)
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
	// net/http must send what was given. It would encode some texts again.
	if u, err := url.Parse(raw); err != nil || u.RequestURI() != rest[end:] {
		return URL{}, invalid("The path of the URL is not percent-encoded correctly and could not be sent unchanged.")
	}
	to := &parts{exact: raw, host: host, port: port}
	return URL{&to}, nil
}

// unsendable reports a character that would change the request line, or that parsers of
// URLs read differently.
func unsendable(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }

// splitHost reads the part of a URL between scheme and path.
func splitHost(authority string) (host, port string, err error) {
	if strings.Contains(authority, "@") {
		return "", "", invalid("The URL has a user name before the host. Such credentials are not sent: leave it out.")
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

// portPattern allows one spelling per port: :0443 is not allowed.
var portPattern = regexp.MustCompile(`^[1-9][0-9]{0,4}$`)

// numeric reports a host whose last label is a number: some resolvers read 127.1,
// 2130706433 and 0x7f.1 as addresses.
func numeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last[0] >= '0' && last[0] <= '9'
}
