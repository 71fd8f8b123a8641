package bloblease

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

// TestRequestCounts: how often an operation asks a service that only fails.
func TestRequestCounts(t *testing.T) {
	t.Parallel()
	want := map[leasetest.Op]int{
		leasetest.OpRead: 3, leasetest.OpAcquire: 3, leasetest.OpRelease: 3, leasetest.OpDelete: 3, leasetest.OpList: 3, leasetest.OpPing: 3,
		leasetest.OpCreate: 1, leasetest.OpWrite: 1,
	}
	broken := errors.New("connection reset by peer")
	for name, service := range map[string]doer{
		"503":       always(503, "ServerBusy"),
		"no answer": func(*http.Request) (*http.Response, error) { return nil, broken },
	} {
		for op, n := range want {
			t.Run(name+"/"+string(op), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					store, transport := openStub(t, service)
					start := time.Now()
					if err := operations[op](t.Context(), store); err == nil {
						t.Fatal("no error")
					}
					if sent := transport.Sent(); len(sent) != n {
						t.Errorf("requests %v, want %d", sent, n)
					}
					if took := time.Since(start); took > 500*time.Millisecond {
						t.Errorf("took %v: somebody waits for this lease", took)
					}
				})
			})
		}
	}
}

// TestRetryAfterIsNotWaitedFor: a long wait belongs to a caller without a lease.
func TestRetryAfterIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, transport := openStub(t, func(req *http.Request) (*http.Response, error) {
			resp := reply(req, 503, "ServerBusy", "")
			resp.Header.Set("Retry-After", "10")
			return resp, nil
		})
		start := time.Now()
		err := store.Release(t.Context(), "a", lease.NewID())
		if err == nil || time.Since(start) != 0 || len(transport.Sent()) != 1 {
			t.Fatalf("%v after %v and %v", err, time.Since(start), transport.Sent())
		}
	})
}

// TestTimeLimits: a service that never answers costs a bounded time.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	for op, row := range map[leasetest.Op]struct {
		want  error
		limit time.Duration
	}{
		leasetest.OpRead:    {lease.ErrUnknown, 3*tryTimeout + 500*time.Millisecond},
		leasetest.OpAcquire: {lease.ErrUnknown, 3*tryTimeout + 500*time.Millisecond},
		leasetest.OpRelease: {lease.ErrUnknown, 3*tryTimeout + 500*time.Millisecond},
		leasetest.OpDelete:  {lease.ErrUnknown, 3*tryTimeout + 500*time.Millisecond},
		leasetest.OpList:    {lease.ErrUnknown, 3*listTimeout + 500*time.Millisecond},
		leasetest.OpCreate:  {lease.ErrUnknown, writeTimeout},
		leasetest.OpWrite:   {lease.ErrUnknown, writeTimeout},
	} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, _ := openStub(t, hangs)
				start := time.Now()
				err := operations[op](t.Context(), store)
				if !comesTo(err, row.want) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v, want %v", err, row.want)
				}
				if took := time.Since(start); took > row.limit || took < row.limit/2 {
					t.Errorf("took %v, want about %v", took, row.limit)
				}
				time.Sleep(lease.Duration) // what lingers
			})
		})
	}
}

// TestCallerLeaves: the end of a context is an unknown outcome only for a request that
// was sent.
func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	for _, op := range []leasetest.Op{leasetest.OpCreate, leasetest.OpWrite, leasetest.OpAcquire} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, transport := openStub(t, hangs)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err := operations[op](ctx, store)
				if !comesTo(err, lease.ErrUnknown) || len(transport.Sent()) != 1 {
					t.Errorf("left during the call: %v after %v, want %v", err, transport.Sent(), lease.ErrUnknown)
				}
				transport.Reset()
				if err := operations[op](ctx, store); !comesTo(err, errNotDone) || len(transport.Sent()) != 0 {
					t.Errorf("left before the call: %v after %v, want nothing sent", err, transport.Sent())
				}
				time.Sleep(lease.Duration) // what lingers
			})
		})
	}
}

// TestNotSent: errors that arise before there is a connection are not unknown.
func TestNotSent(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		err  error
		want error
	}{
		{"connection refused", &url.Error{Op: "Put", Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}, errNotDone},
		{"proxy refused", &url.Error{Op: "Put", Err: &net.OpError{Op: "proxyconnect", Err: errors.New("refused")}}, errNotDone},
		{"no such host", &net.DNSError{Err: "no such host", Name: "account"}, errNotDone},
		{"wrong certificate", &url.Error{Op: "Put", Err: &tls.CertificateVerificationError{Err: errors.New("unknown authority")}}, errNotDone},
		{"reset while writing", &url.Error{Op: "Put", Err: &net.OpError{Op: "write", Err: errors.New("broken pipe")}}, lease.ErrUnknown},
		{"reset while reading", &url.Error{Op: "Put", Err: &net.OpError{Op: "read", Err: errors.New("reset")}}, lease.ErrUnknown},
		{"closed", &url.Error{Op: "Put", Err: io.EOF}, lease.ErrUnknown},
		{"unheard of", errors.New("something else"), lease.ErrUnknown},
	} {
		for _, op := range []leasetest.Op{leasetest.OpCreate, leasetest.OpWrite} {
			t.Run(row.name+"/"+string(op), func(t *testing.T) {
				t.Parallel()
				store, transport := openStub(t, func(*http.Request) (*http.Response, error) { return nil, row.err })
				err := operations[op](t.Context(), store)
				if !comesTo(err, row.want) || !errors.Is(err, row.err) {
					t.Errorf("%v, want %v", err, row.want)
				}
				if sent := transport.Sent(); len(sent) != 1 {
					t.Errorf("requests %v, want one", sent)
				}
			})
		}
	}
}

// TestToken: a token that cannot be had means that nothing was sent; one that is
// slow is not counted as a slow service.
func TestToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := leasetest.NewTransport(always(201, ""))
		refused := errors.New("AADSTS700016: no such application\nTrace ID: x")
		for name, row := range map[string]struct {
			cred credential
			want error
		}{
			"refused": {func(context.Context) (azcore.AccessToken, error) { return azcore.AccessToken{}, refused }, errNotDone},
			"hangs": {func(ctx context.Context) (azcore.AccessToken, error) {
				<-ctx.Done()
				return azcore.AccessToken{}, ctx.Err()
			}, errNotDone},
			"slow": {func(context.Context) (azcore.AccessToken, error) {
				time.Sleep(writeTimeout + 3*time.Second)
				return azcore.AccessToken{Token: "x", ExpiresOn: time.Now().Add(time.Hour)}, nil
			}, nil},
		} {
			transport.Reset()
			store, err := New(Options{ServiceURL: "https://a.blob.core.windows.net", Credential: row.cred, Container: "abc", Transport: transport})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			err = operations[leasetest.OpWrite](t.Context(), store)
			if !comesTo(err, row.want) || time.Since(start) > tokenTimeout {
				t.Errorf("%s: %v after %v, want %v", name, err, time.Since(start), row.want)
			}
			if sent := len(transport.Sent()); (sent == 0) != (row.want != nil) {
				t.Errorf("%s: %d requests sent", name, sent)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: more than one line: %v", name, err)
			}
		}
	})
}

// TestCallerLeavesBeforeToken: a token that came too late sends nothing.
func TestCallerLeavesBeforeToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := leasetest.NewTransport(always(201, ""))
		slow := credential(func(context.Context) (azcore.AccessToken, error) {
			time.Sleep(2 * time.Second)
			return azcore.AccessToken{Token: "x", ExpiresOn: time.Now().Add(time.Hour)}, nil
		})
		store, err := New(Options{ServiceURL: "https://a.blob.core.windows.net", Credential: slow, Container: "abc", Transport: transport})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = operations[leasetest.OpWrite](ctx, store)
		if !comesTo(err, errNotDone) || len(transport.Sent()) != 0 {
			t.Fatalf("%v after %v: want nothing sent", err, transport.Sent())
		}
	})
}

// TestBrokenBody: a document that breaks off in the middle is read again, and is
// never taken for a shorter one.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		store, transport := openStub(t, func(req *http.Request) (*http.Response, error) {
			resp := reply(req, 200, "", `{"whole":true}`)
			if tries++; tries < 3 {
				resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader([]byte(`{"wh`)), broken{}))
			}
			return resp, nil
		})
		doc, err := store.Read(t.Context(), "a")
		if err != nil || string(doc.Body) != `{"whole":true}` || len(transport.Sent()) != 3 {
			t.Fatalf("%q, %v after %v", doc.Body, err, transport.Sent())
		}
		tries = -10
		if doc, err := store.Read(t.Context(), "a"); !comesTo(err, lease.ErrUnknown) || doc.Body != nil {
			t.Fatalf("%q, %v: want an error", doc.Body, err)
		}
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestHugeBodyIsNotRead(t *testing.T) {
	t.Parallel()
	store, transport := openStub(t, func(req *http.Request) (*http.Response, error) {
		resp := reply(req, 200, "", "")
		resp.ContentLength = maxBody + 1
		resp.Body = io.NopCloser(broken{})
		return resp, nil
	})
	_, err := store.Read(t.Context(), "a")
	var huge tooLargeError
	if !errors.As(err, &huge) || len(transport.Sent()) != 1 {
		t.Fatalf("%v after %v, want it refused at once", err, transport.Sent())
	}
}

// TestEndlessBodyIsNotRead: an answer that does not say how long it is, and does not
// end, is given up in time.
func TestEndlessBodyIsNotRead(t *testing.T) {
	t.Parallel()
	read := 0
	store, transport := openStub(t, func(req *http.Request) (*http.Response, error) {
		resp := reply(req, 200, "", "")
		resp.ContentLength = -1
		resp.Body = io.NopCloser(endless{&read})
		return resp, nil
	})
	_, err := store.Read(t.Context(), "a")
	var huge tooLargeError
	if !errors.As(err, &huge) || len(transport.Sent()) != 1 || read > 2*maxBody {
		t.Fatalf("%v after %v and %d MiB", err, transport.Sent(), read>>20)
	}
}

// endless is a body that counts what was read of it.
type endless struct{ read *int }

func (e endless) Read(p []byte) (int, error) {
	if *e.read > 4*maxBody {
		return 0, io.EOF // of the test's patience
	}
	*e.read += len(p)
	return len(p), nil
}

// TestWritesDoNotWaitForContinue: the SDK would ask for permission to send a body
// for a minute after any 503.
func TestWritesDoNotWaitForContinue(t *testing.T) {
	t.Parallel()
	status := 503
	store, _ := openStub(t, func(req *http.Request) (*http.Response, error) {
		if expect := req.Header.Get("Expect"); expect != "" {
			t.Errorf("Expect: %s", expect)
		}
		return reply(req, status, "", ""), nil
	})
	_ = operations[leasetest.OpWrite](t.Context(), store)
	status = 201
	if err := operations[leasetest.OpWrite](t.Context(), store); err != nil {
		t.Fatal(err)
	}
}
