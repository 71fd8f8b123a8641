package callback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

// Without faults each callback is sent once, although several processes report the end and
// sweep at the same time.
func TestManyProcessesSendOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		const callbacks, processes = 60, 4
		w.slow = 2 * time.Second
		var all []*Service
		for range processes {
			all = append(all, w.service())
		}
		for i := range callbacks {
			mustRegister(t, all[i%processes], wants(t, fmt.Sprintf("op-%d", i)))
		}
		synctest.Wait()
		for i := range callbacks {
			w.end(fmt.Sprintf("op-%d", i))
		}
		for range 5 {
			var wg sync.WaitGroup
			for _, s := range all {
				s.Ended(testModel)
				s.Ended(testModel)
				wg.Go(func() { mustSweep(t, s) })
			}
			wg.Wait()
			time.Sleep(10 * time.Second)
		}
		if distinct := slices.Compact(slices.Sorted(slices.Values(w.all()))); len(distinct) != callbacks || len(w.all()) != callbacks {
			t.Errorf("%d POSTs of %d callbacks, want one for each of %d", len(w.all()), len(distinct), callbacks)
		}
	})
}

// The process dies at each of its calls, before or after the call took effect. Another
// process delivers what was registered, at most once more than needed.
func TestProcessDiesAtEveryCall(t *testing.T) {
	t.Parallel()
	deaths := 0
	for _, landed := range []bool{true, false} {
		for calls := 1; calls < 40; calls++ {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				r := wants(t, "op-1")
				doomed := newMortal(w.memory, calls, landed)
				s := w.service(doomed)
				s.send = func(ctx context.Context, u URL, body []byte) Result {
					lands, dies := doomed.call()
					if lands {
						w.post(ctx, u, body)
					}
					if dies {
						return Result{Cause: "dead"}
					}
					return Result{Status: 200}
				}
				_, err := s.Register(t.Context(), r)
				synctest.Wait()
				w.end("op-1")
				s.Ended(testModel)
				time.Sleep(time.Minute)
				if doomed.died() {
					deaths++
				}
				sweepFor(t, w.service(), 10*time.Minute)
				time.Sleep(2 * time.Minute)
				switch {
				case err != nil && w.posts() > 1, err == nil && (w.posts() < 1 || w.posts() > 2):
					t.Errorf("died at call %d (landed %v), registered %v: %d POSTs, want 1 or 2, or at most 1 if it was not registered", calls, landed, err == nil, w.posts())
				case err == nil:
					w.wantRecord(r, Delivered, w.record(r).attempts)
				}
			})
		}
	}
	if deaths < 20 {
		t.Errorf("%d processes died, want 20 at least", deaths)
	}
}

// Each kind of call fails once, having landed or not, and the process goes on.
func TestEveryStoreCallFailsOnce(t *testing.T) {
	t.Parallel()
	errCut := errors.New("the connection was cut")
	for _, op := range []leasetest.Op{leasetest.OpRead, leasetest.OpCreate, leasetest.OpAcquire, leasetest.OpWrite, leasetest.OpRelease, leasetest.OpList, leasetest.OpDelete} {
		for _, landed := range []bool{true, false} {
			for n := 1; n <= 4; n++ {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					store := leasetest.NewFaulty(w.memory)
					fault := errCut
					if op == leasetest.OpCreate || op == leasetest.OpWrite {
						fault = fmt.Errorf("%w: %w", lease.ErrUnknown, errCut)
					}
					store.On(op, leasetest.OnCall(n, func(leasetest.Call) (bool, error) { return landed, fault }))
					s, r := w.service(store), wants(t, "op-1")
					if _, err := s.Register(t.Context(), r); err != nil {
						mustRegister(t, s, r) // as its caller would
					}
					w.end("op-1")
					s.Ended(testModel)
					time.Sleep(time.Minute)
					sweepFor(t, s, 10*time.Minute)
					time.Sleep(2 * time.Minute)
					if w.posts() < 1 || w.posts() > 2 {
						t.Errorf("%s %d failed (landed %v): %d POSTs, want 1 or 2", op, n, landed, w.posts())
					}
					w.wantRecord(r, Delivered, w.record(r).attempts)
				})
			}
		}
	}
}

// Two processes report the end at the same time. One gets the outcome so slowly that the
// other has claimed the record: only the other sends.
func TestSlowerProcessDoesNotSend(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		mustRegister(t, w.service(), wants(t, "op-1"))
		synctest.Wait()
		w.slow = 3 * time.Second
		w.end("op-1")
		slow, quick := w.service(), w.service()
		slow.outcome = func(ctx context.Context, op Operation) (Outcome, error) {
			time.Sleep(time.Second)
			return w.ask(ctx, op)
		}
		slow.Ended(testModel)
		synctest.Wait() // it has read the record
		quick.Ended(testModel)
		time.Sleep(time.Minute)
		if w.posts() != 1 {
			t.Errorf("%d POSTs by two processes, want 1", w.posts())
		}
		w.wantRecord(wants(t, "op-1"), Delivered, 1)
	})
}

// A process that was frozen after its claim does not send: another process could claim the
// record before the POST ends.
func TestHeldUpClaimIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		mustRegister(t, w.service(), wants(t, "op-1"))
		synctest.Wait()
		store := leasetest.NewFaulty(w.memory)
		store.Delay(leasetest.OpWrite, 0, claimFor-sendLimit+time.Second)
		slow := w.service(store)
		w.end("op-1")
		slow.Ended(testModel)
		time.Sleep(10 * time.Second)
		if w.posts() != 0 {
			t.Errorf("%d POSTs by a process that was frozen, want none", w.posts())
		}
		w.wantRecord(wants(t, "op-1"), Sending, 1)
		sweepFor(t, w.service(), time.Minute)
		w.wantRecord(wants(t, "op-1"), Delivered, 2)
	})
}
