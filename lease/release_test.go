package lease_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

// An acquire without an answer lands after its caller gave up, as long as one lease
// later: its id is released soon after, so that no caller waits for that lease to end.
func TestLateAcquireIsReleased(t *testing.T) {
	t.Parallel()
	for _, lands := range []time.Duration{0, 50 * time.Millisecond, 3 * time.Second, lease.Duration - time.Millisecond} {
		t.Run(lands.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				var late leasetest.Late
				b.store.On(leasetest.OpAcquire, leasetest.OnCall(1, late.Hook))
				if _, err := lease.Enter(t.Context(), b.store, doc); !errors.Is(err, lease.ErrUnknown) {
					t.Fatalf("entered without an answer: %v, want %v", err, lease.ErrUnknown)
				}
				time.Sleep(lands)
				if err := late.Deliver(t.Context())[0]; err != nil {
					t.Fatalf("the late acquire: %v", err)
				}
				time.Sleep(2*time.Second + time.Millisecond) // the longest pause between two releases
				b.enter().Close(t.Context())
				time.Sleep(lease.Outlast)
			})
		})
	}
}

// answering is a store whose acquire has a try without an answer, as Grant.Answered
// says.
type answering struct {
	lease.Store
	answered chan struct{}
	err      error // of the acquire, which is carried out
	id       string
}

func (a *answering) Acquire(ctx context.Context, name, id string, ttl time.Duration) (lease.Grant, error) {
	grant, err := a.Store.Acquire(ctx, name, id, ttl)
	grant.Answered, a.id = a.answered, id
	return grant, errors.Join(err, a.err)
}

// A section that was entered by a second try is closed, and then the first try lands.
func TestLateTryIsReleasedAfterTheSection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		store := &answering{Store: b.store, answered: make(chan struct{})}
		s, err := lease.Enter(t.Context(), store, doc)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(lease.Duration / 3)
		if err := b.commit(s, "mine"); err != nil {
			t.Errorf("a commit while a try is under way: %v", err)
		}
		s.Close(t.Context())
		time.Sleep(time.Second)
		if _, err := b.memory.Acquire(t.Context(), doc, store.id, lease.Duration); err != nil {
			t.Fatalf("the first try lands: %v", err)
		}
		time.Sleep(2*time.Second + time.Millisecond)
		b.enter().Close(t.Context())
		time.Sleep(lease.Outlast)
	})
}

// The releases end with the last answer, or one lease after the last try was sent.
func TestReleasesEnd(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answered bool
		within   time.Duration
		most     int
	}{
		"every try is answered": {true, time.Second, 5},
		"a try has no answer":   {false, lease.Duration, 14},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				store := &answering{Store: b.store, answered: make(chan struct{}), err: lease.ErrUnknown}
				if _, err := lease.Enter(t.Context(), store, doc); !errors.Is(err, lease.ErrUnknown) {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				if row.answered {
					close(store.answered)
				}
				time.Sleep(row.within)
				n := b.store.Count(leasetest.OpRelease)
				time.Sleep(time.Hour)
				if all := b.store.Count(leasetest.OpRelease); all != n || n > row.most || n < 2 {
					t.Errorf("%d releases, and %d by an hour later: want 2 to %d and no more", n, all, row.most)
				}
			})
		})
	}
}

// A refusal without doubt costs no release.
func TestNothingIsReleasedAfterARefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		first := b.enter()
		for _, name := range []string{doc, "models/none.json"} {
			if _, err := lease.Enter(t.Context(), b.store, name); err == nil {
				t.Errorf("entered %s", name)
			}
		}
		time.Sleep(lease.Outlast)
		if n := b.store.Count(leasetest.OpRelease); n != 0 {
			t.Errorf("%d releases, want none", n)
		}
		first.Close(t.Context())
	})
}

// A lease without an end differs from one that a section took.
func TestEndlessLease(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		take    func(*bench)
		endless bool
	}{
		"of a section":    {func(b *bench) { b.enter() }, false},
		"of another tool": {func(b *bench) { b.memory.Seize(doc) }, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			row.take(b)
			time.Sleep(lease.Duration / 2)
			var held *lease.HeldError
			if _, err := lease.Enter(t.Context(), b.store, doc); !errors.As(err, &held) || held.Doc.Endless != row.endless {
				t.Errorf("%s: %v, want it held, and endless %v", name, err, row.endless)
			}
			page, err := b.store.List(t.Context(), "", "", 10)
			if err != nil || page.Entries[0].Endless != row.endless {
				t.Errorf("%s: listed %+v, %v: want endless %v", name, page.Entries, err, row.endless)
			}
			b.memory.Break(doc)
			b.enter().Close(t.Context())
		})
	}
}
