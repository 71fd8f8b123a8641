package leasetest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"testing"

	"pbirefresh/lease"
)

// The functions below each state one expectation. doc is the name that most checks use.

const (
	doc = "models/69ffaa6c-e36d-4d01-96f5-1ee67c64bbaf/b2b5e3a2-5f5c-4c3e-8c3e-0d6d2a6f9a11.json"
	ttl = lease.MinTTL
)

// mustCreate creates doc and returns its version.
func (s *subject) mustCreate(t testing.TB, body string) lease.Version {
	t.Helper()
	version, err := s.Create(ctx(t), doc, []byte(body), lease.Meta{"due": "never"})
	mustDo(t, "Create", err)
	return version
}

// mustAcquire leases doc under a fresh id and returns the id.
func (s *subject) mustAcquire(t testing.TB) string {
	t.Helper()
	id := lease.NewID()
	_, err := s.Acquire(ctx(t), doc, id, ttl)
	mustDo(t, "Acquire", err)
	return id
}

// mustWrite writes doc and returns its new version.
func (s *subject) mustWrite(t testing.TB, id string, base lease.Version, body string) lease.Version {
	t.Helper()
	version, err := s.Write(ctx(t), doc, id, base, []byte(body), nil)
	mustDo(t, "Write", err)
	return version
}

// mustRead reads name and checks what a read always has.
func (s *subject) mustRead(t testing.TB, name string) lease.Document {
	t.Helper()
	got, err := s.Read(ctx(t), name)
	mustDo(t, "Read", err)
	if got.Version == "" || got.Date.IsZero() {
		t.Fatalf("Read: version %q, date %v: want both", got.Version, got.Date)
	}
	return got
}

// wantDoc checks that doc is what was last written.
func (s *subject) wantDoc(t testing.TB, body string, version lease.Version) {
	t.Helper()
	got := s.mustRead(t, doc)
	if string(got.Body) != body || got.Version != version {
		t.Fatalf("the document is %q at %q, want %q at %q", got.Body, got.Version, body, version)
	}
}

// wantHeld checks that another holder has the lease of doc.
func (s *subject) wantHeld(t testing.TB) {
	t.Helper()
	_, err := s.Acquire(ctx(t), doc, lease.NewID(), ttl)
	wantIs(t, "Acquire by another", err, lease.ErrHeld)
}

func wantSame(t testing.TB, got lease.Document, body []byte, meta lease.Meta) {
	t.Helper()
	if !bytes.Equal(got.Body, body) {
		t.Fatalf("body of %d bytes %.60q, want %d bytes %.60q", len(got.Body), got.Body, len(body), body)
	}
	if !maps.Equal(got.Meta, meta) {
		t.Fatalf("metadata %v, want %v", got.Meta, meta)
	}
}

func mustDo(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func wantIs(t testing.TB, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("%s: error %v, want %v", what, err, target)
	}
}

// wantRefused checks that err says "not done" and is none of the outcomes that
// callers decide by.
func wantRefused(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s: no error, want it refused", what)
	}
	for _, outcome := range outcomes {
		if errors.Is(err, outcome) {
			t.Fatalf("%s: %v, want an error that is none of the outcomes", what, err)
		}
	}
}

var outcomes = []error{lease.ErrNotFound, lease.ErrExists, lease.ErrHeld, lease.ErrLost, lease.ErrUnknown}

func ctx(t testing.TB) context.Context { return t.Context() }
