package leasetest

import (
	"testing"
	"time"

	"pbirefresh/lease"
)

var leaseChecks = []check{
	{"Acquire/returns version and clock and changes neither body nor version", acquireGrant},
	{"Acquire/absent is ErrNotFound", acquireAbsent},
	{"Acquire/leased by another is ErrHeld", acquireHeld},
	{"Acquire/same id again succeeds", acquireAgain},
	{"Acquire/other documents are free", acquireOther},
	{"Acquire/limits of id and ttl", acquireLimits},
	{"Release/lets another in", releaseFrees},
	{"Release/twice is success", releaseTwice},
	{"Release/by another is success and ends nothing", releaseByAnother},
	{"Release/absent document is success", releaseAbsent},
}

func acquireGrant(t testing.TB, s *subject) {
	version := s.mustCreate(t, "one")
	before := s.mustRead(t, doc)
	grant, err := s.Acquire(ctx(t), doc, lease.NewID(), ttl)
	mustDo(t, "Acquire", err)
	if grant.Version != version || grant.Date.Before(before.Date) {
		t.Fatalf("grant %q at %v, want %q not before %v", grant.Version, grant.Date, version, before.Date)
	}
	s.wantDoc(t, "one", version)
}

func acquireAbsent(t testing.TB, s *subject) {
	_, err := s.Acquire(ctx(t), doc, lease.NewID(), ttl)
	wantIs(t, "Acquire", err, lease.ErrNotFound)
	s.mustCreate(t, "one")
	_, err = s.Acquire(ctx(t), doc+"x", lease.NewID(), ttl)
	wantIs(t, "Acquire of another name", err, lease.ErrNotFound)
}

func acquireHeld(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	s.wantHeld(t)
	s.wantHeld(t)
	s.mustWrite(t, id, base, "two")
}

func acquireAgain(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	grant, err := s.Acquire(ctx(t), doc, id, ttl)
	mustDo(t, "second Acquire", err)
	if grant.Version != base {
		t.Fatalf("second Acquire: version %q, want %q", grant.Version, base)
	}
	s.wantHeld(t)
	s.mustWrite(t, id, base, "two")
}

func acquireOther(t testing.TB, s *subject) {
	s.mustCreate(t, "one")
	_, err := s.Create(ctx(t), doc+"2", nil, nil)
	mustDo(t, "Create", err)
	s.mustAcquire(t)
	_, err = s.Acquire(ctx(t), doc+"2", lease.NewID(), ttl)
	mustDo(t, "Acquire of another document", err)
}

func acquireLimits(t testing.TB, s *subject) {
	s.mustCreate(t, "one")
	for _, d := range []time.Duration{-time.Second, 0, time.Second, lease.MinTTL - 1, lease.MaxTTL + time.Second, 20*time.Second + 1} {
		_, err := s.Acquire(ctx(t), doc, lease.NewID(), d)
		wantRefused(t, "Acquire for "+d.String(), err)
	}
	for _, id := range []string{"", "me", "{69ffaa6c-e36d-4d01-96f5-1ee67c64bbaf}", "69FFAA6C-E36D-4D01-96F5-1EE67C64BBAF"} {
		_, err := s.Acquire(ctx(t), doc, id, ttl)
		wantRefused(t, "Acquire under "+id, err)
	}
	id := lease.NewID()
	for _, d := range []time.Duration{lease.MinTTL, lease.MaxTTL} {
		_, err := s.Acquire(ctx(t), doc, id, d)
		mustDo(t, "Acquire for "+d.String(), err)
	}
}

func releaseFrees(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	first := s.mustAcquire(t)
	mustDo(t, "Release", s.Release(ctx(t), doc, first))
	second := s.mustAcquire(t)
	s.wantDoc(t, "one", base)
	s.mustWrite(t, second, base, "two")
}

func releaseTwice(t testing.TB, s *subject) {
	s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	mustDo(t, "Release", s.Release(ctx(t), doc, id))
	mustDo(t, "second Release", s.Release(ctx(t), doc, id))
	s.mustAcquire(t)
	mustDo(t, "third Release", s.Release(ctx(t), doc, id))
	s.wantHeld(t)
}

func releaseByAnother(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	mustDo(t, "Release of an id without a lease", s.Release(ctx(t), doc, lease.NewID()))
	id := s.mustAcquire(t)
	mustDo(t, "Release by another", s.Release(ctx(t), doc, lease.NewID()))
	s.wantHeld(t)
	s.mustWrite(t, id, base, "two")
}

func releaseAbsent(t testing.TB, s *subject) {
	mustDo(t, "Release", s.Release(ctx(t), doc, lease.NewID()))
	s.mustCreate(t, "one")
	mustDo(t, "Release", s.Release(ctx(t), doc+"x", lease.NewID()))
}
