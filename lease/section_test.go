package lease_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

const doc = "models/a.json"

// bench is a document in a store with faults, and the section of one writer.
type bench struct {
	t      *testing.T
	memory *lease.Memory
	store  *leasetest.Faulty
}

func newBench(t *testing.T) *bench {
	t.Helper()
	m := lease.NewMemory()
	if _, err := m.Create(t.Context(), doc, []byte("old"), nil); err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, memory: m, store: leasetest.NewFaulty(m)}
}

func (b *bench) enter() *lease.Section {
	b.t.Helper()
	s, err := lease.Enter(b.t.Context(), b.store, doc)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// commit writes a body that carries itself as its transaction.
func (b *bench) commit(s *lease.Section, body string) error {
	b.t.Helper()
	return s.Commit(b.t.Context(), []byte(body), nil, func(got []byte) bool { return bytes.Contains(got, []byte(body)) })
}

func (b *bench) body() string {
	b.t.Helper()
	d, err := b.memory.Read(b.t.Context(), doc)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(d.Body)
}

func TestEnterReadsWhileItAcquires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		const trip = 100 * time.Millisecond
		b.store.Delay(leasetest.OpAcquire, 0, trip)
		b.store.Delay(leasetest.OpRead, 0, trip)
		began := time.Now()
		s := b.enter()
		if took := time.Since(began); took != trip {
			t.Errorf("it took %v, want one round trip of %v", took, trip)
		}
		if string(s.Doc().Body) != "old" {
			t.Errorf("it read %q", s.Doc().Body)
		}
	})
}

func TestEnterReadsAgainIfTheReadRacedAWrite(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]leasetest.Hook{
		"stale": func(c leasetest.Call) (bool, error) { return true, nil },
		"failed": leasetest.OnCall(1, func(leasetest.Call) (bool, error) {
			return false, errors.New("connection reset")
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.store.On(leasetest.OpRead, early)
				// The lease is granted only after another writer has written.
				b.store.On(leasetest.OpAcquire, func(leasetest.Call) (bool, error) {
					time.Sleep(time.Second)
					b.memory.Overwrite(doc, []byte("new"), nil)
					return true, nil
				})
				s := b.enter()
				if string(s.Doc().Body) != "new" {
					t.Errorf("the section holds %q", s.Doc().Body)
				}
				if err := b.commit(s, "mine"); err != nil {
					t.Errorf("commit on the re-read version: %v", err)
				}
			})
		})
	}
}

func TestEnterOfAHeldDocumentBringsItsBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		first := b.enter()
		_, err := lease.Enter(t.Context(), b.store, doc)
		var held *lease.HeldError
		if !errors.As(err, &held) || !errors.Is(err, lease.ErrHeld) || string(held.Doc.Body) != "old" {
			t.Fatalf("%v", err)
		}
		b.store.On(leasetest.OpRead, leasetest.NotSent(lease.ErrNotFound))
		if _, err := lease.Enter(t.Context(), b.store, doc); !errors.As(err, &held) || held.Doc.Version != "" {
			t.Errorf("held, and the read failed: %v", err)
		}
		first.Close(t.Context())
	})
}

func TestEnterWithoutADocument(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if _, err := lease.Enter(t.Context(), b.store, "models/none.json"); !errors.Is(err, lease.ErrNotFound) {
			t.Errorf("%v", err)
		}
	})
}

// Every step of a commit, with and without its request having landed.
func TestCommitOutcomes(t *testing.T) {
	t.Parallel()
	unknown := fmt.Errorf("%w: connection reset", lease.ErrUnknown)
	broken := errors.New("connection refused")
	for _, tt := range []struct {
		name  string
		write leasetest.Hook
		read  leasetest.Hook
		free  leasetest.Hook
		want  error // nil: done
		body  string
		left  bool // the section still stands
	}{
		{"answered", leasetest.Pass, leasetest.Pass, leasetest.Pass, nil, "mine", true},
		{"landed, answer lost", leasetest.AnswerLost(unknown), leasetest.Pass, leasetest.Pass, nil, "mine", true},
		{"never arrived", leasetest.NotSent(unknown), leasetest.Pass, leasetest.Pass, lease.ErrLost, "old", false},
		{"landed, first look fails", leasetest.AnswerLost(unknown), leasetest.OnCall(2, leasetest.NotSent(broken)), leasetest.Pass, nil, "mine", false},
		{"never arrived, first look fails", leasetest.NotSent(unknown), leasetest.OnCall(2, leasetest.NotSent(broken)), leasetest.Pass, lease.ErrLost, "old", false},
		{"landed, cannot look", leasetest.AnswerLost(unknown), afterFirst(broken), leasetest.Pass, lease.ErrUnknown, "mine", false},
		{"never arrived, cannot release", leasetest.NotSent(unknown), leasetest.Pass, leasetest.NotSent(broken), lease.ErrUnknown, "old", false},
		{"refused", leasetest.NotSent(lease.ErrLost), leasetest.Pass, leasetest.Pass, lease.ErrLost, "old", false},
		{"not sent at all", leasetest.NotSent(broken), leasetest.Pass, leasetest.Pass, broken, "old", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.store.On(leasetest.OpWrite, leasetest.OnCall(1, tt.write))
				b.store.On(leasetest.OpRead, tt.read)
				b.store.On(leasetest.OpRelease, tt.free)
				s := b.enter()
				if err := b.commit(s, "mine"); !errors.Is(err, tt.want) {
					t.Errorf("commit: %v, want %v", err, tt.want)
				}
				if got := b.body(); got != tt.body {
					t.Errorf("the document is %q, want %q", got, tt.body)
				}
				if got := s.Left() > 0; got != tt.left {
					t.Errorf("the section stands: %v, want %v", got, tt.left)
				}
			})
		})
	}
}

// afterFirst lets the first call pass and fails the others.
func afterFirst(err error) leasetest.Hook {
	return func(c leasetest.Call) (bool, error) { return c.N == 1, failUnless(c.N == 1, err) }
}

func failUnless(ok bool, err error) error {
	if ok {
		return nil
	}
	return err
}

// A write that the network delays past its resolution must not land any more.
func TestDelayedWriteIsFenced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var late leasetest.Call
		b.store.On(leasetest.OpWrite, leasetest.OnCall(1, func(c leasetest.Call) (bool, error) {
			late = c
			return false, fmt.Errorf("%w: time-out", lease.ErrUnknown)
		}))
		s := b.enter()
		if err := b.commit(s, "late"); !errors.Is(err, lease.ErrLost) {
			t.Fatalf("%v", err)
		}
		next := b.enter()
		if err := late.Land(context.Background()); !errors.Is(err, lease.ErrLost) {
			t.Errorf("the delayed write: %v", err)
		}
		if err := b.commit(next, "next"); err != nil || b.body() != "next" {
			t.Errorf("%v, document %q", err, b.body())
		}
	})
}

// Another writer may have come in between. A writer whose document was overwritten
// learns from the transactions in the new body whether its own write landed.
func TestCommitThatWasOverwritten(t *testing.T) {
	t.Parallel()
	for _, landed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			b.store.On(leasetest.OpWrite, leasetest.OnCall(1, func(c leasetest.Call) (bool, error) {
				other := "other"
				if landed {
					other = "other after mine"
				}
				b.memory.Overwrite(doc, []byte(other), nil)
				return false, fmt.Errorf("%w: time-out", lease.ErrUnknown)
			}))
			s := b.enter()
			err := b.commit(s, "mine")
			if landed != (err == nil) || (!landed && !errors.Is(err, lease.ErrLost)) {
				t.Errorf("landed %v: %v", landed, err)
			}
		})
	}
}

func TestTrustWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.store.Delay(leasetest.OpAcquire, 0, 3*time.Second)
		s := b.enter()
		// Counted from before the acquire was sent.
		if left := s.Left(); left != lease.Duration-lease.Margin-3*time.Second {
			t.Errorf("%v left", left)
		}
		time.Sleep(s.Left())
		if s.Left() > 0 {
			t.Errorf("%v left at the end", s.Left())
		}
		writes := b.store.Count(leasetest.OpWrite)
		if err := b.commit(s, "late"); !errors.Is(err, lease.ErrLost) {
			t.Errorf("a write after the window: %v", err)
		}
		if b.store.Count(leasetest.OpWrite) != writes {
			t.Error("it was sent all the same")
		}
	})
}

func TestNowIsTheStoragesClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		s := b.enter()
		grant := s.Now()
		time.Sleep(5 * time.Second)
		if got := s.Now().Sub(grant); got != 5*time.Second {
			t.Errorf("it went on by %v in 5 s", got)
		}
	})
}

func TestCloseGivesTheLeaseBackWhateverHappens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		s := b.enter()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		s.Close(ended) // a caller that has left changes nothing
		s.Close(t.Context())
		b.enter().Close(t.Context())
		if err := b.commit(s, "after"); !errors.Is(err, lease.ErrLost) {
			t.Errorf("a commit after Close: %v", err)
		}
	})
}

func TestNewIDsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := lease.NewID()
		if seen[id] || lease.CheckAcquire(id, lease.Duration) != nil {
			t.Fatalf("bad id %q", id)
		}
		seen[id] = true
	}
}

// A time of the storage's clock is put on the local clocks from before the acquire
// was sent: what must not be done after it is given up rather early than late, also
// where the machine was suspended and time.Now has moved on.
func TestLocalIsCountedFromBeforeTheAcquire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.store.Delay(leasetest.OpAcquire, 0, 3*time.Second)
		s := b.enter()
		time.Sleep(time.Second)
		want := time.Now().Add(10*time.Second - 3*time.Second)
		if got := s.Local(s.Now().Add(10 * time.Second)); !got.Equal(want) {
			t.Errorf("%v away, want %v", time.Until(got), time.Until(want))
		}
	})
}
