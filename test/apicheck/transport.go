package apicheck

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing/iotest"
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
	resp, err := t.next.RoundTrip(withBody(r, sent))
	if err != nil {
		return resp, err
	}
	answer, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil { // an answer that breaks off is not checked
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(answer), iotest.ErrReader(err)))
		return resp, nil
	}
	checked := *resp
	checked.Body, resp.Body = io.NopCloser(bytes.NewReader(answer)), io.NopCloser(bytes.NewReader(answer))
	if problem := t.spec.Check(withBody(r, sent), &checked); problem != nil {
		t.report(fmt.Errorf("%s %s -> %d: %w", r.Method, shorten(r.URL.Path), resp.StatusCode, problem))
	}
	return resp, nil
}

// withBody returns a copy of the request, which a RoundTripper must not change, with that body.
func withBody(r *http.Request, body []byte) *http.Request {
	r = r.Clone(r.Context())
	if r.Body = http.NoBody; len(body) > 0 { // an empty reader would be sent in chunks
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return r
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer func() { _ = r.Body.Close() }()
	return io.ReadAll(r.Body)
}

// shorten keeps ids out of what a test prints, so that equal problems are counted as one.
func shorten(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if len(part) > 40 {
			parts[i] = part[:8] + "..."
		}
	}
	return strings.Join(parts, "/")
}
