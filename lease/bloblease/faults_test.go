package bloblease

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"testing"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

var errCut = errors.New("the connection was cut")

// cut is a transport's hook that cuts the nth request of a test, before or after
// the service has performed it.
func cut(n int, landed bool) func(*http.Request) (bool, error) {
	seen := 0
	return func(*http.Request) (bool, error) {
		if seen++; seen == n {
			return landed, errCut
		}
		return true, nil
	}
}

// TestLostAnswers runs each operation on the real protocol with its first request
// cut, and asks the service afterwards what is true.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		landed bool
		call   func(*fixture, *testing.T) error
		want   error
		sent   []string
		body   string
	}{
		{"Write, answer lost", true, (*fixture).write, lease.ErrUnknown, []string{"PUT"}, "two"},
		{"Write, not sent", false, (*fixture).write, lease.ErrUnknown, []string{"PUT"}, "one"},
		{"Create, answer lost", true, (*fixture).create, lease.ErrUnknown, []string{"PUT"}, "one"},
		{"Create, not sent", false, (*fixture).create, lease.ErrUnknown, []string{"PUT"}, "one"},
		{"Acquire, answer lost", true, (*fixture).acquire, nil, []string{"PUT acquire", "PUT acquire"}, "one"},
		{"Acquire, not sent", false, (*fixture).acquire, nil, []string{"PUT acquire", "PUT acquire"}, "one"},
		{"Release, answer lost", true, (*fixture).release, nil, []string{"PUT release", "PUT release"}, "one"},
		{"Release, not sent", false, (*fixture).release, nil, []string{"PUT release", "PUT release"}, "one"},
		{"Read, answer lost", true, (*fixture).read, nil, []string{"GET", "GET"}, "one"},
		{"List, answer lost", true, (*fixture).list, nil, []string{"GET comp=list", "GET comp=list"}, "one"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.transport.Reset()
			f.transport.On(cut(1, row.landed))
			err := row.call(f, t)
			if !comesTo(err, row.want) || (err != nil && !errors.Is(err, errCut)) {
				t.Errorf("%v, want %v", err, row.want)
			}
			if sent := f.transport.Sent(); !slices.Equal(sent, row.sent) {
				t.Errorf("requests %v, want %v", sent, row.sent)
			}
			f.transport.On(nil)
			if doc, err := f.store.Read(t.Context(), "a"); err != nil || string(doc.Body) != row.body {
				t.Errorf("the document is %q, %v; want %q", doc.Body, err, row.body)
			}
		})
	}
}

// TestLostDeletes: a deletion is repeated, and a document that was made anew in
// between is not hit.
func TestLostDeletes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		landed bool
		anew   bool
		want   error
	}{
		{"answer lost", true, false, nil},
		{"not sent", false, false, nil},
		{"answer lost, and made anew", true, true, lease.ErrLost},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if err := f.release(t); err != nil {
				t.Fatal(err)
			}
			f.transport.Reset()
			hook := cut(1, row.landed)
			f.transport.On(func(req *http.Request) (bool, error) {
				if len(f.transport.Sent()) == 2 && row.anew {
					f.transport.On(nil)
					if _, err := f.store.Create(t.Context(), "a", []byte("new"), nil); err != nil {
						t.Error(err)
					}
				}
				return hook(req)
			})
			if err := f.store.Delete(t.Context(), "a", f.base); !comesTo(err, row.want) {
				t.Errorf("%v, want %v", err, row.want)
			}
			if sent := f.transport.Sent(); !slices.Equal(sent[:2], []string{"DELETE", "DELETE"}) {
				t.Errorf("requests %v, want two", sent)
			}
			f.transport.On(nil)
			doc, err := f.store.Read(t.Context(), "a")
			if gone := errors.Is(err, lease.ErrNotFound); gone == row.anew {
				t.Errorf("afterwards: %q, %v", doc.Body, err)
			}
		})
	}
}

// fixture is a document "a" with the body "one", leased under id.
type fixture struct {
	store     *Store
	transport *leasetest.Transport
	id        string
	base      lease.Version
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	store, transport := openAzurite(t)
	f := &fixture{store: store, transport: transport, id: lease.NewID()}
	var err error
	if f.base, err = store.Create(t.Context(), "a", []byte("one"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Acquire(t.Context(), "a", f.id, lease.MinTTL); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) write(t *testing.T) error {
	_, err := f.store.Write(t.Context(), "a", f.id, f.base, []byte("two"), nil)
	return err
}

func (f *fixture) create(t *testing.T) error {
	_, err := f.store.Create(t.Context(), "b", []byte("two"), nil)
	return err
}

func (f *fixture) acquire(t *testing.T) error {
	_, err := f.store.Acquire(t.Context(), "a", f.id, lease.MinTTL)
	return err
}

func (f *fixture) release(t *testing.T) error { return f.store.Release(t.Context(), "a", f.id) }

func (f *fixture) read(t *testing.T) error {
	doc, err := f.store.Read(t.Context(), "a")
	if err == nil && string(doc.Body) != "one" {
		return errors.New("another body")
	}
	return err
}

func (f *fixture) list(t *testing.T) error {
	page, err := f.store.List(t.Context(), "", "", 10)
	if err == nil && len(page.Entries) != 1 {
		return errors.New("another number of entries")
	}
	return err
}

// TestUnknownWriteResolves plays what a section does after an unknown outcome: a
// released id fences the write that is still under way.
func TestUnknownWriteResolves(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var late *http.Request
	f.transport.On(func(req *http.Request) (bool, error) {
		late = req
		return false, errCut
	})
	if err := f.write(t); !errors.Is(err, lease.ErrUnknown) {
		t.Fatalf("Write: %v", err)
	}
	f.transport.On(nil)
	if err := f.release(t); err != nil {
		t.Fatalf("Release: %v", err)
	}
	body, err := late.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	delayed := late.Clone(t.Context())
	delayed.Body = body
	resp, err := f.transport.Do(delayed)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("the delayed write is answered %s, want 412", resp.Status)
	}
	if err := f.read(t); err != nil {
		t.Errorf("after the delayed write: %v", err)
	}
}

// TestOneRequestACall: on a container that exists, no operation costs more.
func TestOneRequestACall(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	calls := map[string]func() error{
		"GET":           func() error { return f.read(t) },
		"PUT":           func() error { return f.create(t) },
		"PUT acquire":   func() error { return f.acquire(t) },
		"PUT release":   func() error { return f.store.Ping(t.Context()) },
		"GET comp=list": func() error { _, err := f.store.List(t.Context(), "x", "", 5); return err },
	}
	for _, want := range slices.Sorted(maps.Keys(calls)) {
		f.transport.Reset()
		if err := calls[want](); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		if sent := f.transport.Sent(); !slices.Equal(sent, []string{want}) {
			t.Errorf("requests %v, want %s", sent, want)
		}
	}
	f.transport.Reset()
	if err := f.write(t); err != nil || len(f.transport.Sent()) != 1 {
		t.Errorf("Write: %v after %v", err, f.transport.Sent())
	}
}
