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
	dialLimit = 4 * time.Second  // of one address, so that a second one has its turn
	maxAnswer = 4 << 10          // bytes of an answer that are read
	maxHeader = 16 << 10
)

// SenderOptions are what a sender is made of. Only Policy is required.
type SenderOptions struct {
	Policy   Policy
	Roots    *x509.CertPool // to trust; nil: the system's
	Version  string         // of the program, for the user agent
	Resolver Resolver       // nil: the system's
	Dial     DialFunc       // nil: TCP
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
	d := &dialer{networks: o.Policy.Networks, resolver: o.Resolver, dial: o.Dial}
	if d.resolver == nil {
		d.resolver = net.DefaultResolver
	}
	if d.dial == nil {
		d.dial = (&net.Dialer{Timeout: dialLimit}).DialContext
	}
	return &Sender{policy: o.Policy, agent: "pbirefresh/" + cmp.Or(o.Version, "dev"), transport: &http.Transport{
		Proxy:                  nil, // one in the environment would resolve the name again, unchecked
		DialContext:            d.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
		TLSHandshakeTimeout:    sendLimit / 2,
		MaxResponseHeaderBytes: maxHeader,
		DisableKeepAlives:      true, // each callback checks its addresses anew
		DisableCompression:     true,
	}}
}

// Send posts a JSON body once. The URL is checked again: the settings may have
// become stricter since it was registered.
func (s *Sender) Send(ctx context.Context, u URL, body []byte) Result {
	checked, err := s.policy.Check(u.Exact())
	if err != nil {
		return Result{Refused: true, Cause: "the settings do not allow its host any more"}
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	req, err := s.request(ctx, checked, body)
	if err != nil {
		return Result{Refused: true, Cause: "no request can be made of the URL"}
	}
	// Not an http.Client: there is nobody here to follow redirects, keep cookies
	// or put the URL into an error.
	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		return Result{Refused: errors.Is(err, errForbidden), Cause: told(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // what it says is not ours to know
	if resp.StatusCode < http.StatusContinue {        // net/http takes 000 for one
		return Result{Cause: told(errors.New("no status"))}
	}
	return Result{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
}

func (s *Sender) request(ctx context.Context, u URL, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.Exact(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.GetBody = nil // nothing is to be sent twice
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

// retryAfter reads how long a receiver wants to be left alone: seconds, or a date
// measured against the receiver's own clock.
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

// told is an error in words of ours. What the other side wrote is not repeated: it
// has seen the URL.
func told(err error) string {
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
	return "the connection broke, or what came was no HTTP answer"
}
