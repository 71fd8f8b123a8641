package leasetest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Doer sends a request: *http.Client, or any transport of the Azure SDK.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Transport stands between a store and its service, with faults on demand and a
// record of the requests. It is a policy.Transporter of the Azure SDK. Use
// [NewTransport]. All methods may be called concurrently.
type Transport struct {
	next Doer

	mu   sync.Mutex
	hook func(*http.Request) (apply bool, err error)
	sent []string
}

// NewTransport returns a transport that passes everything on to next.
func NewTransport(next Doer) *Transport { return &Transport{next: next} }

// On sets the hook that decides what becomes of each request; nil takes it away.
// If apply is true the request is performed. The client sees err if there is
// one, and the answer is dropped; otherwise it sees the answer.
func (t *Transport) On(hook func(*http.Request) (apply bool, err error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hook = hook
}

// Sent returns the requests so far, sent or failed by the hook, each as its
// method and its query or lease action: "PUT", "PUT acquire", "GET comp=list".
func (t *Transport) Sent() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.sent)
}

// Reset forgets the requests. The hook stays.
func (t *Transport) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = nil
}

// Do performs a request as the hook decides.
func (t *Transport) Do(req *http.Request) (*http.Response, error) {
	land, fault := t.arrive(req)
	if !land && fault == nil {
		return nil, errNothing
	}
	if !land {
		return nil, fault
	}
	resp, err := t.next.Do(req)
	if fault == nil || err != nil {
		return resp, err
	}
	_, _ = io.Copy(io.Discard, resp.Body) // the service has finished; the answer is lost
	_ = resp.Body.Close()
	return nil, fault
}

func (t *Transport) arrive(req *http.Request) (bool, error) {
	t.mu.Lock()
	t.sent = append(t.sent, describe(req))
	hook := t.hook
	t.mu.Unlock()
	if hook == nil {
		return true, nil
	}
	return hook(req)
}

// describe names a request of the Blob service for [Transport.Sent]. The Azure
// SDK sets its headers as it spells them, so Header.Get would not find them.
func describe(req *http.Request) string {
	query := req.URL.Query()
	switch {
	case query.Get("comp") == "lease":
		action := req.Header["x-ms-lease-action"] //nolint:staticcheck // see above
		return fmt.Sprintf("%s %s", req.Method, strings.Join(action, ","))
	case query.Get("comp") != "":
		return fmt.Sprintf("%s comp=%s", req.Method, query.Get("comp"))
	case query.Get("restype") != "":
		return fmt.Sprintf("%s restype=%s", req.Method, query.Get("restype"))
	}
	return req.Method
}
