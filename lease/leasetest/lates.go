package leasetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/lease"
)

// These checks run on the store with requests that are executed after their caller gave
// up and after others went on.
var lateChecks = []check{
	{"late/a read, a listing and a ping change nothing", lateReads},
	{"late/a create finds what another made", lateCreate},
	{"late/a create makes the document", lateCreateAlone},
	{"late/an acquire takes the lease, and its id gives it back", lateAcquire},
	{"late/an acquire of a held document takes nothing", lateAcquireHeld},
	{"late/a write after the release is ErrLost", lateWrite},
	{"late/a release does not end the lease of another", lateRelease},
	{"late/a delete spares what was written since", lateDelete},
	{"late/sections keep every entry, whatever is late", lateSections},
}

// late returns the store with one operation late.
func (s *subject) late(op Op) (*Late, *Faulty) {
	l, f := &Late{}, NewFaulty(s.Store)
	f.On(op, l.Hook)
	return l, f
}

// deliver executes the one late call and checks its outcome.
func (l *Late) deliver(t testing.TB, want error) {
	t.Helper()
	errs := l.Deliver(ctx(t))
	if len(errs) != 1 {
		t.Fatalf("%d late calls, want one", len(errs))
	}
	if want == nil {
		mustDo(t, "the late call", errs[0])
		return
	}
	wantIs(t, "the late call", errs[0], want)
}

func lateReads(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	read, f := s.late(OpRead)
	list, ping := &Late{}, &Late{}
	f.On(OpList, list.Hook)
	f.On(OpPing, ping.Hook)
	_, err := f.Read(ctx(t), doc)
	wantIs(t, "Read", err, lease.ErrUnknown)
	_, err = f.List(ctx(t), "", "", 10)
	wantIs(t, "List", err, lease.ErrUnknown)
	wantIs(t, "Ping", f.Ping(ctx(t)), lease.ErrUnknown)
	for _, l := range []*Late{read, list, ping} {
		l.deliver(t, nil)
	}
	s.wantDoc(t, "one", base)
	s.wantHeld(t)
	s.mustWrite(t, id, base, "two")
}

func lateCreate(t testing.TB, s *subject) {
	l, f := s.late(OpCreate)
	_, err := f.Create(ctx(t), doc, []byte("late"), nil)
	wantIs(t, "Create", err, lease.ErrUnknown)
	base := s.mustCreate(t, "one")
	l.deliver(t, lease.ErrExists)
	s.wantDoc(t, "one", base)
}

func lateCreateAlone(t testing.TB, s *subject) {
	l, f := s.late(OpCreate)
	_, err := f.Create(ctx(t), doc, []byte("late"), nil)
	wantIs(t, "Create", err, lease.ErrUnknown)
	_, err = s.Acquire(ctx(t), doc, lease.NewID(), ttl)
	wantIs(t, "Acquire meanwhile", err, lease.ErrNotFound)
	l.deliver(t, nil)
	wantSame(t, s.mustRead(t, doc), []byte("late"), nil)
	s.mustAcquire(t)
}

// The document was absent when others asked: their answer says nothing about the call
// that is still on its way.
func lateAcquire(t testing.TB, s *subject) {
	l, f := s.late(OpAcquire)
	id := lease.NewID()
	_, err := f.Acquire(ctx(t), doc, id, ttl)
	wantIs(t, "Acquire", err, lease.ErrUnknown)
	mustDo(t, "Release before it lands", s.Release(ctx(t), doc, id))
	base := s.mustCreate(t, "one")
	l.deliver(t, nil)
	s.wantHeld(t)
	mustDo(t, "Release", s.Release(ctx(t), doc, id))
	s.mustWrite(t, s.mustAcquire(t), base, "two")
}

func lateAcquireHeld(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	l, f := s.late(OpAcquire)
	_, err := f.Acquire(ctx(t), doc, lease.NewID(), ttl)
	wantIs(t, "Acquire", err, lease.ErrUnknown)
	id := s.mustAcquire(t)
	l.deliver(t, lease.ErrHeld)
	s.mustWrite(t, id, base, "two")
}

func lateWrite(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	l, f := s.late(OpWrite)
	_, err := f.Write(ctx(t), doc, id, base, []byte("late"), nil)
	wantIs(t, "Write", err, lease.ErrUnknown)
	mustDo(t, "Release", s.Release(ctx(t), doc, id))
	s.mustAcquire(t)
	l.deliver(t, lease.ErrLost)
	s.wantDoc(t, "one", base)
}

func lateRelease(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	first := s.mustAcquire(t)
	l, f := s.late(OpRelease)
	wantIs(t, "Release", f.Release(ctx(t), doc, first), lease.ErrUnknown)
	s.wantHeld(t)
	mustDo(t, "Release", s.Release(ctx(t), doc, first))
	second := s.mustAcquire(t)
	l.deliver(t, nil)
	s.wantHeld(t)
	s.mustWrite(t, second, base, "two")
}

func lateDelete(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	l, f := s.late(OpDelete)
	wantIs(t, "Delete", f.Delete(ctx(t), doc, base), lease.ErrUnknown)
	id := s.mustAcquire(t)
	version := s.mustWrite(t, id, base, "two")
	mustDo(t, "Release", s.Release(ctx(t), doc, id))
	l.deliver(t, lease.ErrLost)
	s.wantDoc(t, "two", version)
}

// Every worker adds itself to the document, through sections on a network that delays
// every third call of each operation: no entry is lost, and none is there twice.
func lateSections(t testing.TB, s *subject) {
	s.mustCreate(t, "")
	f := NewFaulty(s.Store)
	for i, op := range []Op{OpRead, OpAcquire, OpWrite, OpRelease} {
		hook, wait := EachLate(3+i%2, 150*time.Millisecond)
		defer wait()
		f.On(op, hook)
	}
	for _, err := range together(func(i int) error { return s.addEntry(t, f, fmt.Sprintf("worker%d;", i)) }) {
		mustDo(t, "a worker", err)
	}
	entries := strings.SplitAfter(string(s.mustRead(t, doc).Body), ";")
	slices.Sort(entries)
	var want []string
	for i := range racers {
		want = append(want, fmt.Sprintf("worker%d;", i))
	}
	if got := entries[1:]; !slices.Equal(got, want) {
		t.Fatalf("the document has %v, want %v", got, want)
	}
}

// addEntry tries until a section shows that the entry is in the document.
func (s *subject) addEntry(t testing.TB, store lease.Store, entry string) error {
	has := func(body []byte) bool { return strings.Contains(string(body), entry) }
	for end := time.Now().Add(lease.Outlast); ; time.Sleep(100 * time.Millisecond) {
		section, err := lease.Enter(ctx(t), store, doc)
		if err == nil {
			body := section.Doc().Body
			if !has(body) {
				err = section.Commit(ctx(t), []byte(string(body)+entry), nil, has)
			}
			section.Close(ctx(t))
		}
		if err == nil {
			return nil
		}
		again := errors.Is(err, lease.ErrHeld) || errors.Is(err, lease.ErrUnknown) || errors.Is(err, lease.ErrLost)
		if !again || time.Now().After(end) {
			return err
		}
	}
}
