package leasetest

import (
	"testing"

	"pbirefresh/lease"
)

var writeChecks = []check{
	{"Write/replaces body and metadata", writeReplaces},
	{"Write/without metadata removes it", writeClearsMeta},
	{"Write/never uses a version again", writeFreshVersion},
	{"Write/stale version is ErrLost", writeStaleVersion},
	{"Write/without a lease is ErrLost", writeWithoutLease},
	{"Write/after the release is ErrLost", writeReleased},
	{"Write/lease of another is ErrLost", writeOthersLease},
	{"Write/absent document is ErrLost", writeAbsent},
	{"Write/does not end the lease", writeKeepsLease},
}

func writeReplaces(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	version, err := s.Write(ctx(t), doc, id, base, []byte("two"), lease.Meta{"epoch": "2"})
	mustDo(t, "Write", err)
	got := s.mustRead(t, doc)
	wantSame(t, got, []byte("two"), lease.Meta{"epoch": "2"})
	if got.Version != version || version == base {
		t.Fatalf("Read: version %q; Write returned %q and began at %q", got.Version, version, base)
	}
}

func writeClearsMeta(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	s.mustWrite(t, s.mustAcquire(t), base, "two")
	wantSame(t, s.mustRead(t, doc), []byte("two"), nil)
}

func writeFreshVersion(t testing.TB, s *subject) {
	version := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	seen := map[lease.Version]bool{version: true}
	for _, body := range []string{"two", "one", "one", "two"} {
		version = s.mustWrite(t, id, version, body)
		if seen[version] {
			t.Fatalf("version %q was used before", version)
		}
		seen[version] = true
	}
}

func writeStaleVersion(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	version := s.mustWrite(t, id, base, "two")
	_, err := s.Write(ctx(t), doc, id, base, []byte("three"), nil)
	wantIs(t, "Write", err, lease.ErrLost)
	s.wantDoc(t, "two", version)
}

func writeWithoutLease(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	_, err := s.Write(ctx(t), doc, lease.NewID(), base, []byte("two"), nil)
	wantIs(t, "Write", err, lease.ErrLost)
	s.wantDoc(t, "one", base)
}

func writeReleased(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	mustDo(t, "Release", s.Release(ctx(t), doc, id))
	_, err := s.Write(ctx(t), doc, id, base, []byte("two"), nil)
	wantIs(t, "Write", err, lease.ErrLost)
	s.wantDoc(t, "one", base)
}

func writeOthersLease(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	old := s.mustAcquire(t)
	mustDo(t, "Release", s.Release(ctx(t), doc, old))
	current := s.mustAcquire(t)
	for _, id := range []string{old, lease.NewID()} {
		_, err := s.Write(ctx(t), doc, id, base, []byte("two"), nil)
		wantIs(t, "Write", err, lease.ErrLost)
	}
	s.wantDoc(t, "one", base)
	s.mustWrite(t, current, base, "two")
}

func writeAbsent(t testing.TB, s *subject) {
	version := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	_, err := s.Write(ctx(t), doc+"x", id, version, []byte("two"), nil)
	wantIs(t, "Write", err, lease.ErrLost)
	_, err = s.Read(ctx(t), doc+"x")
	wantIs(t, "Read", err, lease.ErrNotFound)
}

func writeKeepsLease(t testing.TB, s *subject) {
	version := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	version = s.mustWrite(t, id, version, "two")
	s.wantHeld(t)
	s.mustWrite(t, id, version, "three")
}
