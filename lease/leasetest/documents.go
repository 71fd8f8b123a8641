package leasetest

import (
	"context"
	"testing"

	"pbirefresh/lease"
)

var documentChecks = []check{
	{"Read/absent is ErrNotFound", readAbsent},
	{"Read/needs no lease", readWithoutLease},
	{"Read/returns the service's clock", readDate},
	{"Read/sees every write answered before", readYourWrites},
	{"Read/returns copies", readCopies},
	{"Create/makes a document", createMakes},
	{"Create/existing is ErrExists", createExisting},
	{"Create/existing and leased is ErrExists", createLeased},
	{"Create/leaves no lease", createLeavesNoLease},
	{"Ping/says a usable store is usable", pingUsable},
	{"context/ended: nothing is done", contextEnded},
}

func readAbsent(t testing.TB, s *subject) {
	_, err := s.Read(ctx(t), doc)
	wantIs(t, "Read", err, lease.ErrNotFound)
	s.mustCreate(t, "one")
	_, err = s.Read(ctx(t), doc+"x")
	wantIs(t, "Read of another name", err, lease.ErrNotFound)
}

func readWithoutLease(t testing.TB, s *subject) {
	version := s.mustCreate(t, "one")
	s.mustAcquire(t)
	s.wantDoc(t, "one", version)
}

func readDate(t testing.TB, s *subject) {
	s.mustCreate(t, "one")
	first := s.mustRead(t, doc).Date
	second := s.mustRead(t, doc).Date
	if second.Before(first) {
		t.Fatalf("the service's clock went back from %v to %v", first, second)
	}
}

func readYourWrites(t testing.TB, s *subject) {
	version := s.mustCreate(t, "0")
	id := s.mustAcquire(t)
	for _, body := range []string{"1", "2", "3", "4", "5"} {
		version = s.mustWrite(t, id, version, body)
		s.wantDoc(t, body, version)
	}
}

func readCopies(t testing.TB, s *subject) {
	body, meta := []byte("one"), lease.Meta{"due": "never"}
	_, err := s.Create(ctx(t), doc, body, meta)
	mustDo(t, "Create", err)
	body[0], meta["due"] = 'X', "changed"
	got := s.mustRead(t, doc)
	wantSame(t, got, []byte("one"), lease.Meta{"due": "never"})
	got.Body[0], got.Meta["due"] = 'X', "changed"
	wantSame(t, s.mustRead(t, doc), []byte("one"), lease.Meta{"due": "never"})
}

func createMakes(t testing.TB, s *subject) {
	version, err := s.Create(ctx(t), doc, []byte(`{"a":1}`), lease.Meta{"due": "now", "epoch": "7"})
	mustDo(t, "Create", err)
	got := s.mustRead(t, doc)
	wantSame(t, got, []byte(`{"a":1}`), lease.Meta{"due": "now", "epoch": "7"})
	if got.Version != version {
		t.Fatalf("Read: version %q, Create returned %q", got.Version, version)
	}
}

func createExisting(t testing.TB, s *subject) {
	version := s.mustCreate(t, "one")
	_, err := s.Create(ctx(t), doc, []byte("two"), nil)
	wantIs(t, "second Create", err, lease.ErrExists)
	s.wantDoc(t, "one", version)
}

// Azure Blob answers 412 here and not 409, because no lease id was sent.
func createLeased(t testing.TB, s *subject) {
	version := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	_, err := s.Create(ctx(t), doc, []byte("two"), nil)
	wantIs(t, "Create", err, lease.ErrExists)
	s.wantDoc(t, "one", version)
	s.mustWrite(t, id, version, "two")
}

func createLeavesNoLease(t testing.TB, s *subject) {
	s.mustCreate(t, "one")
	s.mustAcquire(t)
}

func pingUsable(t testing.TB, s *subject) {
	mustDo(t, "Ping of an empty store", s.Ping(ctx(t)))
	s.mustCreate(t, "one")
	mustDo(t, "Ping", s.Ping(ctx(t)))
}

func contextEnded(t testing.TB, s *subject) {
	version := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	ended, cancel := context.WithCancel(ctx(t))
	cancel()
	for what, err := range s.everything(ended, id, version) {
		wantRefused(t, what, err)
		wantIs(t, what, err, context.Canceled)
	}
	s.wantDoc(t, "one", version)
	s.wantHeld(t)
	_, err := s.Read(ctx(t), doc+"2")
	wantIs(t, "Read", err, lease.ErrNotFound)
}

// everything calls each operation once.
func (s *subject) everything(ctx context.Context, id string, base lease.Version) map[string]error {
	errs := make(map[string]error)
	_, errs["Read"] = s.Read(ctx, doc)
	_, errs["Create"] = s.Create(ctx, doc+"2", []byte("two"), nil)
	_, errs["Acquire"] = s.Acquire(ctx, doc, id, ttl)
	_, errs["Write"] = s.Write(ctx, doc, id, base, []byte("two"), nil)
	errs["Release"] = s.Release(ctx, doc, id)
	errs["Delete"] = s.Delete(ctx, doc, base)
	_, errs["List"] = s.List(ctx, "", "", 10)
	errs["Ping"] = s.Ping(ctx)
	return errs
}
