package powerbi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// server is a real TLS server: the evidence that a request left comes from net/http.
func server(t *testing.T, h2 bool, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = h2
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// connected returns a client with the package's own transport that trusts s.
func connected(t *testing.T, s *httptest.Server, trust bool, timeout time.Duration) *Client {
	t.Helper()
	cloud, err := clouds()[0].Override(s.URL, "", "")
	if err != nil {
		t.Fatal(err)
	}
	own := newTransport(timeout).(*http.Client)
	rt := own.Transport.(*http.Transport)
	if trust {
		pool := x509.NewCertPool()
		pool.AddCert(s.Certificate())
		rt.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	t.Cleanup(rt.CloseIdleConnections)
	c, err := NewClient(new(identity), Options{Cloud: cloud, Transport: own, Timeout: timeout, StartTimeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func hijackAndClose(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func TestOwnTransport(t *testing.T) {
	t.Parallel()
	for _, h2 := range []bool{false, true} {
		s := server(t, h2, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if r.Method == http.MethodPost && (r.ContentLength != int64(len(body)) || len(r.TransferEncoding) > 0) {
				t.Errorf("Content-Length %d, %v for %q", r.ContentLength, r.TransferEncoding, body)
			}
			w.Header().Set("RequestId", aRefreshID)
			w.WriteHeader(http.StatusAccepted)
		})
		c := connected(t, s, true, 10*time.Second)
		for _, r := range []RefreshRequest{{}, {Type: "Full"}} {
			got, err := c.StartRefresh(t.Context(), model(), r)
			if err != nil || got.RefreshID != aRefreshID || got.Date.IsZero() {
				t.Errorf("h2 %v: got %+v, %v", h2, got, err)
			}
		}
	}
}

// TestOutcomeOfTransportFaults: NotSent only if nothing can have been sent.
func TestOutcomeOfTransportFaults(t *testing.T) {
	t.Parallel()
	closed := server(t, false, nil)
	closed.Close()
	untrusted := server(t, false, func(http.ResponseWriter, *http.Request) { t.Error("an untrusted server got the request") })
	cut := server(t, false, hijackAndClose)
	cutH2 := server(t, true, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for _, tt := range []struct {
		name    string
		server  *httptest.Server
		trust   bool
		code    Code
		outcome Outcome
	}{
		{"connection refused", closed, false, CodeUnreachable, NotSent},
		{"certificate not trusted", untrusted, false, CodeUnreachable, NotSent},
		{"connection lost", cut, true, CodeUnreachable, Unknown},
		{"stream reset", cutH2, true, CodeUnreachable, Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := connected(t, tt.server, tt.trust, time.Minute).StartRefresh(t.Context(), model(), RefreshRequest{Type: "Full"})
			if e := asError(t, err); e.Code != tt.code || e.Outcome != tt.outcome {
				t.Errorf("got %s, %s (%v), want %s, %s", e.Code, e.Outcome, e, tt.code, tt.outcome)
			}
		})
	}
}

// TestHungServer: the request has arrived, and the caller leaves without an answer.
func TestHungServer(t *testing.T) {
	t.Parallel()
	for _, h2 := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		s := server(t, h2, func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		})
		_, err := connected(t, s, true, time.Minute).StartRefresh(ctx, model(), RefreshRequest{})
		if e := asError(t, err); e.Code != CodeCanceled || e.Outcome != Unknown {
			t.Errorf("h2 %v: got %s, %s (%v), want Canceled, Unknown", h2, e.Code, e.Outcome, e)
		}
	}
}

// TestHungHandshake: the TCP connection is open, TLS does not answer: nothing is sent.
func TestHungHandshake(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's listener
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	cloud, err := clouds()[0].Override("https://"+l.Addr().String(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(new(identity), Options{Cloud: cloud, Timeout: 50 * time.Millisecond, StartTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.StartRefresh(t.Context(), model(), RefreshRequest{})
	if e := asError(t, err); e.Code != CodeTimeout || e.Outcome != NotSent {
		t.Errorf("got %s, %s (%v), want Timeout, NotSent", e.Code, e.Outcome, e)
	}
}

// TestOutcomeOfFakes: a transport without a trace proves nothing, except by a dial error.
func TestOutcomeOfFakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		err     error
		code    Code
		outcome Outcome
	}{
		{"dial", &net.OpError{Op: "dial", Err: errors.New("refused")}, CodeUnreachable, NotSent},
		{"read", &net.OpError{Op: "read", Err: errors.New("reset")}, CodeUnreachable, Unknown},
		{"unexpected end", io.ErrUnexpectedEOF, CodeUnreachable, Unknown},
		{"time-out", context.DeadlineExceeded, CodeTimeout, Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, inTurn(breaks(tt.err)), nil).StartRefresh(t.Context(), model(), RefreshRequest{})
			e := asError(t, err)
			if e.Code != tt.code || e.Outcome != tt.outcome || !errors.Is(err, tt.err) {
				t.Errorf("got %s, %s, want %s, %s", e.Code, e.Outcome, tt.code, tt.outcome)
			}
		})
	}
}

// TestAnswerBeatsContext: azcore gives up an answer when the context has ended
// meanwhile; the answer of a change must survive that.
func TestAnswerBeatsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w := inTurn(func() (*http.Response, error) {
		cancel()
		return reply(202, "", "RequestId: "+aRefreshID), nil
	})
	got, err := newClient(t, w, nil).StartRefresh(ctx, model(), RefreshRequest{})
	if err != nil || got.RefreshID != aRefreshID {
		t.Errorf("got %+v, %v: the accepted refresh is lost", got, err)
	}
	if _, err := newClient(t, always(200, `[]`), nil).Refreshes(ctx, model(), 1); !HasCode(err, CodeCanceled) {
		t.Errorf("a read with an ended context gave %v", err)
	}
}

// TestCanceledBeforeSending: the context had ended before.
func TestCanceledBeforeSending(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := server(t, false, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	_, err := connected(t, s, true, time.Second).StartRefresh(ctx, model(), RefreshRequest{})
	if e := asError(t, err); e.Code != CodeCanceled || e.Outcome != NotSent || !errors.Is(err, context.Canceled) {
		t.Errorf("got %s, %s", e.Code, e.Outcome)
	}
}

func TestNoRedirects(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := server(t, false, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	s := server(t, false, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusPermanentRedirect)
	})
	_, err := connected(t, s, true, 10*time.Second).StartRefresh(t.Context(), model(), RefreshRequest{})
	if e := asError(t, err); e.Code != CodeNotPowerBI || e.Outcome != Unknown {
		t.Errorf("got %v", err)
	}
	if elsewhere.Load() != 0 {
		t.Error("the redirect was followed")
	}
}

// endless is a body that breaks after n bytes.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	if e.n <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := min(len(p), e.n)
	for i := range p[:n] {
		p[i] = ' '
	}
	e.n -= n
	return n, nil
}

func (*endless) Close() error { return nil }

func TestBodies(t *testing.T) {
	t.Parallel()
	var body *endless // of the last answer
	with := func(status, size int) func() (*http.Response, error) {
		return func() (*http.Response, error) {
			r := reply(status, "", "RequestId: "+aRefreshID)
			body = &endless{size}
			r.Body = body
			return r, nil
		}
	}
	if got, err := newClient(t, inTurn(with(202, 10)), nil).StartRefresh(t.Context(), model(), RefreshRequest{}); err != nil || got.RefreshID == "" {
		t.Errorf("a 202 was lost to its body: %v", err)
	}
	_, err := newClient(t, inTurn(with(403, 10)), nil).StartRefresh(t.Context(), model(), RefreshRequest{})
	if e := asError(t, err); e.Status != 403 || e.Outcome != Refused {
		t.Errorf("a refusal was lost to its body: %v", err)
	}
	w := inTurn(with(200, 2*maxBody))
	if _, err = newClient(t, w, nil).Refreshes(t.Context(), model(), 1); err == nil || !strings.Contains(err.Error(), "more than") || len(w.requests()) != 1 {
		t.Errorf("an endless body gave %v after %d requests", err, len(w.requests()))
	}
	if body.n < maxBody/2 {
		t.Errorf("%d bytes were read, limit %d", 2*maxBody-body.n, maxBody)
	}
	_, err = newClient(t, inTurn(with(400, maxErrorBody*4)), nil).Refreshes(t.Context(), model(), 1)
	if e := asError(t, err); len(e.Message) > maxMessage || body.n < 2*maxErrorBody {
		t.Errorf("message of %d bytes; %d were read", len(e.Message), maxErrorBody*4-body.n)
	}
}

func TestNoIdempotencyKey(t *testing.T) {
	t.Parallel()
	w := always(202, "")
	x := sender{w}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://x.example/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Idempotency-Key", "a")
	r.Header.Set("X-Idempotency-Key", "b")
	resp, err := x.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	for name := range w.requests()[0].header {
		if strings.Contains(name, "Idempotency") {
			t.Errorf("%s was sent", name)
		}
	}
}
