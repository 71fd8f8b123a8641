package bloblease

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

// doer is a service made of a function. It needs no socket, so it works inside a
// synctest bubble.
type doer func(*http.Request) (*http.Response, error)

func (f doer) Do(req *http.Request) (*http.Response, error) { return f(req) }

// openStub returns a store whose service is f.
func openStub(t testing.TB, f doer) (*Store, *leasetest.Transport) {
	t.Helper()
	transport := leasetest.NewTransport(f)
	store, err := New(Options{
		ServiceURL: "https://account.blob.core.windows.net",
		Credential: credential(func(context.Context) (azcore.AccessToken, error) {
			return azcore.AccessToken{Token: "t0ken", ExpiresOn: time.Now().Add(time.Hour)}, nil
		}),
		Container: "pbirefresh",
		Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return store, transport
}

// reply is an answer of the Blob service.
func reply(req *http.Request, status int, code, body string) *http.Response {
	header := http.Header{
		"Date":            {"Sat, 01 Aug 2026 06:00:00 GMT"},
		"X-Ms-Request-Id": {"11111111-2222-3333-4444-555555555555"},
	}
	if code != "" {
		header.Set("X-Ms-Error-Code", code)
	}
	if status < 300 {
		header.Set("Etag", `"0x8DC"`)
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Header: header, Request: req,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// always answers every request alike.
func always(status int, code string) doer {
	return func(req *http.Request) (*http.Response, error) { return reply(req, status, code, ""), nil }
}

// hangs is a service that takes a request and never answers.
func hangs(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

type credential func(context.Context) (azcore.AccessToken, error)

func (f credential) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return f(ctx)
}

// operations calls each operation that can be settled by an answer.
var operations = map[leasetest.Op]func(context.Context, *Store) error{
	leasetest.OpRead: func(ctx context.Context, s *Store) error {
		_, err := s.Read(ctx, "models/a.json")
		return err
	},
	leasetest.OpCreate: func(ctx context.Context, s *Store) error {
		_, err := s.Create(ctx, "models/a.json", []byte("{}"), lease.Meta{"due": "never"})
		return err
	},
	leasetest.OpAcquire: func(ctx context.Context, s *Store) error {
		_, err := s.Acquire(ctx, "models/a.json", lease.NewID(), lease.MinTTL)
		return err
	},
	leasetest.OpWrite: func(ctx context.Context, s *Store) error {
		_, err := s.Write(ctx, "models/a.json", lease.NewID(), "0x8DB", []byte("{}"), lease.Meta{"due": "never"})
		return err
	},
	leasetest.OpRelease: func(ctx context.Context, s *Store) error {
		return s.Release(ctx, "models/a.json", lease.NewID())
	},
	leasetest.OpDelete: func(ctx context.Context, s *Store) error {
		return s.Delete(ctx, "models/a.json", "0x8DB")
	},
	leasetest.OpList: func(ctx context.Context, s *Store) error {
		_, err := s.List(ctx, "models/", "", 10)
		return err
	},
	leasetest.OpPing: func(ctx context.Context, s *Store) error { return s.Ping(ctx) },
}

// errNotDone stands in tables for an error that is none of the outcomes.
var errNotDone = errors.New("not done")

// comesTo reports whether want is what callers decide by when they see err.
func comesTo(err, want error) bool {
	switch {
	case want == nil || err == nil:
		return want == nil && err == nil
	case !errors.Is(want, errNotDone):
		return errors.Is(err, want)
	}
	for _, outcome := range []error{lease.ErrNotFound, lease.ErrExists, lease.ErrHeld, lease.ErrLost, lease.ErrUnknown} {
		if errors.Is(err, outcome) {
			return false
		}
	}
	return true
}
