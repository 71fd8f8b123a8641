package refresh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh/machine"
)

// mustAnswer triggers and fails unless it is admitted in time.
func mustAnswer(t *testing.T, c *Coordinator, within time.Duration) {
	t.Helper()
	began := time.Now()
	mustTrigger(t, c, wholeModel())
	if took := time.Since(began); took > within {
		t.Errorf("answered after %v, want at most %v", took, within)
	}
}

// A holder dies with the lease just taken: a caller is admitted when the lease ends.
func TestDeadHolderCostsNobodyARequest(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		pbi := &fakePowerBI{length: time.Minute}
		c := newTestCoordinator(memory, pbi)
		finish(t, c, mustTrigger(t, c, wholeModel()).Link())
		if _, err := memory.Acquire(t.Context(), StateName(testModel), lease.NewID(), lease.Duration); err != nil {
			t.Fatal(err)
		}
		mustAnswer(t, c, lease.Duration+2*time.Second)
	})
}

// Each call of the store that a trigger makes gets no answer and lands later, at any time
// up to a lease later: the trigger is admitted all the same, once.
func TestLateCallCostsNobodyARequest(t *testing.T) {
	t.Parallel()
	for _, op := range []leasetest.Op{leasetest.OpRead, leasetest.OpCreate, leasetest.OpAcquire, leasetest.OpWrite, leasetest.OpRelease} {
		for _, lands := range []time.Duration{time.Millisecond, 3 * time.Second, lease.Duration - time.Second} {
			for n := 1; n <= 4; n++ {
				t.Run(fmt.Sprintf("%s %d after %v", op, n, lands), func(t *testing.T) {
					t.Parallel()
					bubble(t, func(t *testing.T) { lateOnce(t, op, n, lands) })
				})
			}
		}
	}
}

func lateOnce(t *testing.T, op leasetest.Op, n int, lands time.Duration) {
	t.Helper()
	memory := lease.NewMemory()
	store := leasetest.NewFaulty(memory)
	var late leasetest.Late
	store.On(op, leasetest.OnCall(n, func(call leasetest.Call) (bool, error) {
		time.AfterFunc(lands, func() { late.Deliver(context.Background()) })
		return late.Hook(call)
	}))
	pbi := &fakePowerBI{length: 20 * time.Second}
	c := newTestCoordinator(store, pbi)
	began := time.Now()
	r := mustTrigger(t, c, keyed("k"))
	if took := time.Since(began); took > lease.Outlast {
		t.Errorf("answered after %v, want at most %v", took, lease.Outlast)
	}
	if v := finish(t, c, r.Link()); v.Status != machine.StatusSucceeded {
		t.Errorf("ended as %s", v.Status)
	}
	doc, err := memory.Read(t.Context(), StateName(testModel))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := machine.Decode(doc.Body); err != nil || s.Last != 1 || pbi.overlap.Load() > 0 {
		t.Errorf("%d operations for one caller, %d overlaps (%v)", s.Last, pbi.overlap.Load(), err)
	}
}

// A write that may have admitted callers, and that cannot be resolved at once, is looked
// for under the next lease: each caller is admitted once, whether or not it landed.
func TestDoubtfulAdmission(t *testing.T) {
	t.Parallel()
	for _, landed := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			memory := lease.NewMemory()
			store := leasetest.NewFaulty(memory)
			c := newTestCoordinator(store, &fakePowerBI{length: time.Minute})
			finish(t, c, mustTrigger(t, c, wholeModel()).Link())
			write := leasetest.NotSent(errAmbiguous)
			if landed {
				write = leasetest.AnswerLost(errAmbiguous)
			}
			store.Reset()
			store.On(leasetest.OpWrite, leasetest.OnCall(1, write))
			store.On(leasetest.OpRelease, leasetest.OnCall(1, leasetest.NotSent(errReset)))
			store.On(leasetest.OpRead, func(call leasetest.Call) (bool, error) {
				return call.N != 2, failWith(call.N == 2, errReset) // the resolving read
			})
			reject := wholeModel()
			reject.Ask.WhenBusy = machine.WhenBusyReject
			r := mustTrigger(t, c, reject)
			if r.View.Operation.Number != 2 {
				t.Errorf("landed %v: operation %d, want 2", landed, r.View.Operation.Number)
			}
			if v := finish(t, c, r.Link()); v.Status != machine.StatusSucceeded {
				t.Errorf("landed %v: ended as %s", landed, v.Status)
			}
		})
	}
}

func failWith(when bool, err error) error {
	if when {
		return err
	}
	return nil
}

// A caller's time is counted from its arrival, also while it waits for its turn in a
// section whose storage is slow, and the wait ends before the WebHook activity's minute.
func TestWaitIsCountedFromTheArrival(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(*leasetest.Faulty, *lease.Memory){
		"held by others": func(_ *leasetest.Faulty, m *lease.Memory) { go holdOn(m) },
		"queued for a section": func(f *leasetest.Faulty, _ *lease.Memory) {
			f.On(leasetest.OpWrite, func(leasetest.Call) (bool, error) { time.Sleep(5 * time.Minute); return true, nil })
		},
		"no answer to a read": func(f *leasetest.Faulty, _ *lease.Memory) {
			f.On(leasetest.OpRead, func(leasetest.Call) (bool, error) { time.Sleep(time.Second); return false, errAmbiguous })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				memory := lease.NewMemory()
				store := leasetest.NewFaulty(memory)
				c := newTestCoordinator(store, &fakePowerBI{length: time.Minute})
				finish(t, c, mustTrigger(t, c, wholeModel()).Link())
				arrange(store, memory)
				var all sync.WaitGroup
				refused := make(chan time.Duration, 20)
				for i := range 20 {
					all.Go(func() {
						time.Sleep(time.Duration(i) * 3 * time.Second)
						began := time.Now()
						_, err := c.Trigger(t.Context(), wholeModel())
						var later *UnavailableError
						took := time.Since(began)
						if err != nil {
							refused <- took
						}
						if took >= time.Minute || err != nil && (took < callerWait || !errors.As(err, &later)) {
							t.Errorf("caller %d: %v after %v, want a 503 after %v and before a minute", i, err, took, callerWait)
						}
					})
				}
				all.Wait()
				close(refused)
				first := time.Hour
				for took := range refused {
					first = min(first, took)
				}
				if first > callerWait+time.Second {
					t.Errorf("the first refusal came after %v, want %v", first, callerWait)
				}
				time.Sleep(10 * time.Minute)
			})
		})
	}
}

// holdOn keeps the lease for two minutes, as other instances in turn may.
func holdOn(m *lease.Memory) {
	id := lease.NewID()
	for range 12 {
		_, _ = m.Acquire(context.Background(), StateName(testModel), id, lease.Duration)
		time.Sleep(10 * time.Second)
	}
	_ = m.Release(context.Background(), StateName(testModel), id)
}

// A lease without an end: a caller is refused at once, with the blob, since when, and the
// command that breaks it; readiness and the sweep name it too, and all goes on after the
// break.
func TestEndlessLeaseIsNamed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		var log bytes.Buffer
		c := newTestCoordinator(memory, &fakePowerBI{length: time.Minute})
		c.cfg.Logger = slog.New(slog.NewJSONHandler(&log, nil))
		r := mustTrigger(t, c, wholeModel())
		memory.Seize(StateName(testModel))
		first := time.Now()
		if err := c.CheckLeases(t.Context()); err == nil {
			t.Fatal("readiness finds nothing")
		}
		time.Sleep(time.Hour)
		since := first.UTC().Format(time.RFC3339)
		words := []string{StateName(testModel), "somebody else, without an end", "since " + since, "az storage blob lease break", "--blob-name " + StateName(testModel)}
		wantWords(t, "readiness", c.CheckLeases(t.Context()).Error(), words)
		if report := sweep(t, c); report.Failed != 1 {
			t.Errorf("the sweep reports %+v, want one that failed", report)
		}
		wantWords(t, "the sweep's alert", log.String()[max(0, strings.LastIndex(log.String(), "refresh.stuck")):], words)
		began := time.Now()
		_, err := c.Trigger(t.Context(), wholeModel())
		var leased *LeaseError
		if !errors.As(err, &leased) || time.Since(began) > time.Second {
			t.Fatalf("%v after %v, want a LeaseError at once", err, time.Since(began))
		}
		wantWords(t, "the refusal", leased.Error()+leased.Remedy(), words)
		if err := c.Advance(t.Context(), testModel); !errors.As(err, &leased) {
			t.Errorf("a step: %v, want a LeaseError", err)
		}
		memory.Break(StateName(testModel))
		if v := finish(t, c, r.Link()); v.Status != machine.StatusSucceeded {
			t.Errorf("after the break: %s", v.Status)
		}
		if err := c.CheckLeases(t.Context()); err != nil {
			t.Errorf("readiness after the break: %v", err)
		}
	})
}

func wantWords(t *testing.T, what, got string, words []string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(got, w) {
			t.Errorf("%s says %q, want %q in it", what, got, w)
		}
	}
}
