package callback

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	sendLimit = 10 * time.Second // of one POST, from the name to the answer
	dialLimit = 4 * time.Second  // of one address, so that there is time for a second one
	maxAnswer = 4 << 10          // bytes of an answer that are read
	maxHeader = 16 << 10
)

// SenderOptions is what a sender needs. Only Policy is required.
type SenderOptions struct {
	Policy  Policy
	Roots   *x509.CertPool // to trust; nil: the system's
	Version string         // of the program, for the user agent

	resolver resolver // nil: the system's
	dial     dialFunc // nil: TCP
}

// Sender sends callbacks under the rules of the package doc. It is safe for concurrent
// use. Use [NewSender].
type Sender struct {
	policy    Policy
	agent     string
	transport http.RoundTripper
}

// NewSender returns a sender. It does no I/O.
func NewSender(o SenderOptions) *Sender {
	d := &dialer{networks: o.Policy.Networks, resolver: o.resolver, dial: o.dial}
	if d.resolver == nil {
		d.resolver = net.DefaultResolver
	}
	if d.dial == nil {
		d.dial = (&net.Dialer{Timeout: dialLimit}).DialContext
	}
	return &Sender{policy: o.Policy, agent: "pbirefresh/" + cmp.Or(o.Version, "dev"), transport: &http.Transport{
		Proxy:                  nil, // a proxy would resolve the name again, unchecked
		DialContext:            d.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
		TLSHandshakeTimeout:    sendLimit / 2,
		MaxResponseHeaderBytes: maxHeader,
		DisableKeepAlives:      true, // the addresses are checked for each callback
		DisableCompression:     true,
	}}
}

// Send posts a JSON body once. It checks the URL again, because the settings may be
// stricter than when it was registered.
func (s *Sender) Send(ctx context.Context, u URL, body []byte) Result {
	checked, err := s.policy.Check(u.Exact())
	if err != nil {
		return Result{Refused: true, Cause: "the settings do not allow its host any more"}
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	req, err := s.request(ctx, checked, body)
	if err != nil {
		return Result{Refused: true, Cause: "the URL cannot be sent"}
	}
	// Not an http.Client, which would follow redirects, keep cookies and put the URL into
	// errors.
	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		return Result{Refused: errors.Is(err, errForbidden), Cause: cause(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // the content is not used
	if resp.StatusCode < http.StatusContinue {        // net/http accepts 000
		return Result{Cause: cause(errors.New("no status"))}
	}
	return Result{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
}

func (s *Sender) request(ctx context.Context, u URL, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.Exact(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.GetBody = nil // the transport must not send the body twice
	to := u.parts()
	req.URL.Host = net.JoinHostPort(to.host, to.port)
	req.Host = to.host
	if to.port != "443" {
		req.Host = req.URL.Host
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", s.agent)
	return req, nil
}

// retryAfter returns the receiver's Retry-After: seconds, or a date, measured by the
// receiver's own clock.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if n, err := strconv.Atoi(value); err == nil {
		return time.Duration(min(max(n, 0), int(longestRest/time.Second))) * time.Second
	}
	at, err := http.ParseTime(value)
	now, clock := http.ParseTime(h.Get("Date"))
	if err != nil || clock != nil {
		return 0
	}
	return min(max(0, at.Sub(now)), longestRest)
}

// cause returns an error in our own words. It repeats nothing that the receiver sent, which
// may contain the URL.
func cause(err error) string {
	var name *net.DNSError
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.Is(err, errForbidden):
		return errForbidden.Error()
	case errors.As(err, &name):
		return "the host's name could not be resolved"
	case errors.As(err, &certificate):
		return "the receiver's certificate is not valid for its host"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "the receiver did not answer in time"
	case errors.As(err, &op) && op.Op == "dial":
		return "no connection to the receiver"
	}
	return "the connection broke, or the answer was not HTTP"
}
