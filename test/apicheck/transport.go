package apicheck

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Transport sends with next and reports each exchange under /api/ that the document
// does not describe. What the client sees stays as it is.
func (s *Spec) Transport(next http.RoundTripper, report func(error)) http.RoundTripper {
	return &transport{spec: s, next: next, report: report}
}

type transport struct {
	spec   *Spec
	next   http.RoundTripper
	report func(error)
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		return t.next.RoundTrip(r)
	}
	sent, err := readBody(r)
	if err != nil {
		return nil, err
	}
	again := r.Clone(r.Context())                // a RoundTripper must not change the request that it is given
	if again.Body = http.NoBody; len(sent) > 0 { // without this an empty body is sent in chunks
		again.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := t.next.RoundTrip(again)
	if err != nil {
		return resp, err
	}
	answer, broken := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(answer), &failing{broken}))
	if broken == nil { // else nothing can be said of the answer
		t.check(Exchange{Method: r.Method, Path: r.URL.Path, Request: sent, Status: resp.StatusCode, Header: resp.Header, Answer: answer})
	}
	return resp, nil
}

func (t *transport) check(e Exchange) {
	if problem := t.spec.Check(e); problem != nil {
		t.report(fmt.Errorf("%s %s -> %d: %w", e.Method, shorten(e.Path), e.Status, problem))
	}
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer func() { _ = r.Body.Close() }()
	return io.ReadAll(r.Body)
}

// failing ends a body as the connection did: with err, or regularly without one.
type failing struct{ err error }

// Read implements [io.Reader].
func (f *failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// shorten keeps an operation's id, which is a capability, out of what a test prints.
func shorten(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if len(part) > 40 {
			parts[i] = part[:8] + "..."
		}
	}
	return strings.Join(parts, "/")
}
