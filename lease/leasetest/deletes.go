package leasetest

import (
	"testing"

	"pbirefresh/lease"
)

var deleteChecks = []check{
	{"Delete/removes the document", deleteRemoves},
	{"Delete/stale version is ErrLost", deleteStaleVersion},
	{"Delete/without a version is ErrLost", deleteWithoutVersion},
	{"Delete/leased is ErrLost", deleteLeased},
	{"Delete/after the release removes", deleteReleased},
	{"Delete/absent document is success", deleteAbsent},
	{"Delete/spares a document made anew", deleteSparesSuccessor},
	{"Delete/leaves other documents", deleteLeavesOthers},
}

func deleteRemoves(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	mustDo(t, "Delete", s.Delete(ctx(t), doc, base))
	_, err := s.Read(ctx(t), doc)
	wantIs(t, "Read", err, lease.ErrNotFound)
	page, err := s.List(ctx(t), "", "", 10)
	mustDo(t, "List", err)
	if len(page.Entries) != 0 {
		t.Fatalf("List: %v, want nothing", page.Entries)
	}
	_, err = s.Acquire(ctx(t), doc, lease.NewID(), ttl)
	wantIs(t, "Acquire", err, lease.ErrNotFound)
}

func deleteStaleVersion(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	version := s.mustWrite(t, id, base, "two")
	mustDo(t, "Release", s.Release(ctx(t), doc, id))
	wantIs(t, "Delete", s.Delete(ctx(t), doc, base), lease.ErrLost)
	s.wantDoc(t, "two", version)
}

func deleteWithoutVersion(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	wantIs(t, "Delete", s.Delete(ctx(t), doc, ""), lease.ErrLost)
	s.wantDoc(t, "one", base)
}

func deleteLeased(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	wantIs(t, "Delete", s.Delete(ctx(t), doc, base), lease.ErrLost)
	s.mustWrite(t, id, base, "two")
}

func deleteReleased(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	mustDo(t, "Release", s.Release(ctx(t), doc, s.mustAcquire(t)))
	mustDo(t, "Delete", s.Delete(ctx(t), doc, base))
	_, err := s.Read(ctx(t), doc)
	wantIs(t, "Read", err, lease.ErrNotFound)
}

// What is repeated after an answer that was lost.
func deleteAbsent(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	for range 2 {
		mustDo(t, "Delete", s.Delete(ctx(t), doc, base))
	}
}

func deleteSparesSuccessor(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	mustDo(t, "Delete", s.Delete(ctx(t), doc, base))
	version := s.mustCreate(t, "one")
	wantIs(t, "Delete of the predecessor", s.Delete(ctx(t), doc, base), lease.ErrLost)
	s.wantDoc(t, "one", version)
}

func deleteLeavesOthers(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	_, err := s.Create(ctx(t), doc+"x", []byte("two"), nil)
	mustDo(t, "Create", err)
	mustDo(t, "Delete", s.Delete(ctx(t), doc, base))
	wantSame(t, s.mustRead(t, doc+"x"), []byte("two"), nil)
}
