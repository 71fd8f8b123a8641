package powerbi

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	maxErrorBody = 64 << 10 // an error's reason is at its beginning
	maxBody      = 16 << 20 // 60 rows of history with attempts and metrics fit many times
)

// newTransport returns the default transport: no redirects, bounded waits, and pings, so that
// a connection that died silently is noticed before the time-out of a call.
func newTransport(timeout time.Duration) policy.Transporter {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Client{
		// A redirected POST could be sent twice, and its token to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dialer.DialContext,
			ForceAttemptHTTP2:     true,
			HTTP2:                 &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
			MaxIdleConns:          32,
			MaxIdleConnsPerHost:   16,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: timeout,
		},
	}
}

// sender is the last step before the transport. It records that the request is sent, and
// reads the answer into memory, within bounds: the policies above it never read from the
// network, and a broken body loses no answer.
type sender struct{ next policy.Transporter }

// Do implements policy.Transporter.
func (x sender) Do(r *http.Request) (*http.Response, error) {
	c := callOf(r.Context())
	if err := r.Context().Err(); err != nil {
		return nil, err // the last moment at which it is certain that nothing left
	}
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		r.Header.Del(name) // net/http replays a POST that has one
	}
	if c.once && tooLate(r.Context()) {
		return nil, lateError{}
	}
	ctx, end := connectBy(r.Context(), c)
	defer end()
	c.handed.Store(true)
	resp, err := x.next.Do(r.WithContext(httptrace.WithClientTrace(ctx, c.trace()))) //nolint:bodyclose // buffer closes it
	if err != nil {
		return nil, lateOr(ctx, err)
	}
	c.challenged = resp.StatusCode == http.StatusUnauthorized && invalidToken.MatchString(resp.Header.Get("WWW-Authenticate"))
	if c.once && resp.StatusCode == http.StatusUnauthorized {
		// azcore would answer a challenge by sending the request again.
		c.challenge = resp.Header.Get("WWW-Authenticate")
		resp.Header.Del("WWW-Authenticate")
	}
	return buffer(c, resp)
}

// buffer reads the body into memory. An answer to a change is in its status and headers,
// and an error's status suffices without its body; only a read needs the whole body.
func buffer(c *call, resp *http.Response) (*http.Response, error) {
	defer func(b io.Closer) { _ = b.Close() }(resp.Body)
	good := resp.StatusCode < http.StatusBadRequest
	var body []byte
	var err error
	switch {
	case good && c.once && (!isHTML(resp.Header) || resp.StatusCode == http.StatusAccepted):
	case good && !c.once:
		body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
		if len(body) > maxBody {
			err = tooLarge{}
		}
	default:
		body, _ = io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	}
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	body = bytes.TrimPrefix(body, []byte(utf8BOM))
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

// tooLarge is not retried: the next answer would be as large.
type tooLarge struct{}

func (tooLarge) Error() string { return fmt.Sprintf("it has more than %d bytes", maxBody) }

// NonRetriable marks the error for azcore's retry policy.
func (tooLarge) NonRetriable() {}
