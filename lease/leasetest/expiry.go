package leasetest

import (
	"errors"
	"testing"
	"time"

	"pbirefresh/lease"
)

// These checks wait for a lease to end: the service has no shorter one. They
// are few, and they wait at the same time.
var expiryChecks = []check{
	{"expiry/lets another in, and the first has lost", expiryLetsAnotherIn},
	{"expiry/ends the right to write", expiryEndsWriting},
	{"expiry/same id again restarts the time", expiryRestarts},
	{"expiry/a write does not prolong it", expiryNotProlonged},
}

// sure is added to a wait so that it ends after the event and not at it.
const sure = time.Second

func expiryLetsAnotherIn(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	first := s.mustAcquire(t)
	time.Sleep(ttl + sure)
	second := s.acquireWithin(t, s.grace)
	_, err := s.Write(ctx(t), doc, first, base, []byte("first"), nil)
	wantIs(t, "Write by the first", err, lease.ErrLost)
	mustDo(t, "Release by the first", s.Release(ctx(t), doc, first))
	s.wantHeld(t)
	version := s.mustWrite(t, second, base, "second")
	s.wantDoc(t, "second", version)
}

// A lease that ended by itself is as lost as one that another took over.
func expiryEndsWriting(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	time.Sleep(ttl + sure)
	_, err := s.Write(ctx(t), doc, id, base, []byte("two"), nil)
	wantIs(t, "Write", err, lease.ErrLost)
	s.wantDoc(t, "one", base)
	mustDo(t, "Release", s.Release(ctx(t), doc, id))
	mustDo(t, "second Release", s.Release(ctx(t), doc, id))
}

func expiryRestarts(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	time.Sleep(ttl / 2)
	_, err := s.Acquire(ctx(t), doc, id, ttl)
	mustDo(t, "second Acquire", err)
	time.Sleep(ttl/2 + sure)
	s.wantHeld(t)
	s.mustWrite(t, id, base, "two")
}

func expiryNotProlonged(t testing.TB, s *subject) {
	version := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	time.Sleep(ttl / 2)
	version = s.mustWrite(t, id, version, "two")
	time.Sleep(ttl/2 + sure)
	_, err := s.Write(ctx(t), doc, id, version, []byte("three"), nil)
	wantIs(t, "Write", err, lease.ErrLost)
	s.acquireWithin(t, s.grace)
}

// acquireWithin leases doc as soon as the service lets it, and fails if that
// takes longer than limit.
func (s *subject) acquireWithin(t testing.TB, limit time.Duration) string {
	t.Helper()
	id := lease.NewID()
	for end := time.Now().Add(limit); ; time.Sleep(sure / 4) {
		_, err := s.Acquire(ctx(t), doc, id, ttl)
		if err == nil {
			return id
		}
		if !errors.Is(err, lease.ErrHeld) || time.Now().After(end) {
			t.Fatalf("Acquire after the lease has expired: %v", err)
		}
	}
}
