package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Transport is an [http.RoundTripper] that calls the services in the caller's goroutine: no sockets, so it works in
// a testing/synctest bubble, where real network I/O does not. A cut connection is an [io.ErrUnexpectedEOF], a slow answer
// blocks on a timer and the request's context, a host that is not simulated is an error before anything is sent.
type Transport struct {
	hosts map[string]http.Handler
}

// NewTransport routes by host name (with a port, if the URL has one).
func NewTransport(hosts map[string]http.Handler) *Transport {
	t := &Transport{hosts: map[string]http.Handler{}}
	for host, h := range hosts {
		t.hosts[strings.ToLower(host)] = h
	}
	return t
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer func() { _ = req.Body.Close() }()
	}
	h, ok := t.hosts[strings.ToLower(req.URL.Host)]
	if !ok {
		return nil, fmt.Errorf("sim: nothing listens on %s", req.URL.Host)
	}
	rec := &recorder{header: http.Header{}}
	if err := rec.run(h, serverSide(req)); err != nil {
		return nil, err
	}
	return rec.response(req), nil
}

// Do implements azcore's policy.Transporter.
func (t *Transport) Do(req *http.Request) (*http.Response, error) { return t.RoundTrip(req) }

// serverSide returns the request as a server would have parsed it.
func serverSide(req *http.Request) *http.Request {
	sr := req.Clone(req.Context())
	if sr.Body == nil {
		sr.Body = http.NoBody
	}
	if sr.Host == "" {
		sr.Host = req.URL.Host
	}
	sr.RequestURI = req.URL.RequestURI()
	sr.RemoteAddr = "127.0.0.1:0"
	return sr
}

// recorder collects one answer in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (rec *recorder) Header() http.Header { return rec.header }

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 {
		rec.status = status
	}
}

func (rec *recorder) Write(p []byte) (int, error) {
	rec.WriteHeader(http.StatusOK)
	return rec.body.Write(p)
}

// run turns the panic with which a handler cuts a connection into the error that a client would see.
func (rec *recorder) run(h http.Handler, req *http.Request) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if abort, ok := v.(error); !ok || !errors.Is(abort, http.ErrAbortHandler) {
			panic(v)
		}
		if err = req.Context().Err(); err == nil {
			err = io.ErrUnexpectedEOF
		}
	}()
	h.ServeHTTP(rec, req)
	return nil
}

func (rec *recorder) response(req *http.Request) *http.Response {
	rec.WriteHeader(http.StatusOK)
	return &http.Response{
		StatusCode:    rec.status,
		Status:        fmt.Sprintf("%d %s", rec.status, http.StatusText(rec.status)),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        rec.header,
		Body:          io.NopCloser(&rec.body),
		ContentLength: int64(rec.body.Len()),
		Request:       req,
	}
}
