package refresh

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh/machine"
)

// waited is Wait with a limit, and how long it took.
func waited(t *testing.T, c *Coordinator, r Receipt, limit time.Duration) (Receipt, time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	began := time.Now()
	got := c.Wait(ctx, r)
	if got.Link() != r.Link() {
		t.Error("Wait answers with another id")
	}
	return got, time.Since(began)
}

// Who waits is answered the moment that the end is saved by this process.
func TestWaitIsAnsweredTheMomentItEnds(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		pbi := &fakePowerBI{length: 20 * time.Second}
		saved := make(chan time.Time, 1)
		cfg := Config{Store: lease.NewMemory(), Upstream: pbi, Rules: machine.DefaultRules()}
		cfg.Keys = NewStatusKeys(cfg.Store)
		cfg.Ended = func(machine.Model) { saved <- time.Now() }
		c := New(cfg)
		r := mustTrigger(t, c, wholeModel())
		got, _ := waited(t, c, r, time.Hour)
		if lag := time.Since(<-saved); got.View.Status != machine.StatusSucceeded || lag != 0 {
			t.Errorf("%s, %v after it was saved", got.View.Status, lag)
		}
		if again, took := waited(t, c, got, time.Hour); took != 0 || again.View.Status != machine.StatusSucceeded {
			t.Errorf("what has ended is waited for: %v", took)
		}
	})
}

// Another process may end the operation: its end is seen within a second and a read.
func TestWaitSeesWhatAnotherProcessDoes(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		pbi := &fakePowerBI{length: time.Hour}
		waiting, other := newTestCoordinator(store, pbi), newTestCoordinator(store, pbi)
		r := mustTrigger(t, other, wholeModel())
		cancelled := make(chan time.Time, 1)
		go func() {
			time.Sleep(40 * time.Second)
			if _, err := other.Cancel(t.Context(), r.Link()); err != nil {
				t.Error(err)
			}
			finish(t, other, r.Link())
			cancelled <- time.Now()
		}()
		got, _ := waited(t, waiting, r, time.Hour)
		seen := time.Now()
		if got.View.Status != machine.StatusCanceled {
			t.Fatalf("%s", got.View.Status)
		}
		// It may be seen before the other process has looked again.
		if lag := seen.Sub(<-cancelled); lag > watchPause+readInterval {
			t.Errorf("seen after %v", lag)
		}
	})
}

// A thousand requests that wait cost what one costs.
func TestWaitersShareOneWatcher(t *testing.T) {
	t.Parallel()
	cost := func(waiters int) (reads, looks, acquires int) {
		bubble(t, func(t *testing.T) {
			store := leasetest.NewFaulty(lease.NewMemory())
			pbi := &fakePowerBI{length: 30 * time.Second, delay: 20 * time.Millisecond}
			c := newTestCoordinator(store, pbi)
			r := mustTrigger(t, c, wholeModel())
			time.Sleep(time.Second)
			store.Reset()
			before := pbi.looks
			var wg sync.WaitGroup
			for i := range waiters {
				wg.Go(func() {
					time.Sleep(time.Duration(i) * 10 * time.Millisecond)
					if got, _ := waited(t, c, r, time.Minute); got.View.Status != machine.StatusSucceeded {
						t.Errorf("waiter %d: %s", i, got.View.Status)
					}
				})
			}
			wg.Wait()
			reads, looks, acquires = store.Count(leasetest.OpRead), pbi.looks-before, store.Count(leasetest.OpAcquire)
		})
		return reads, looks, acquires
	}
	reads1, looks1, acquires1 := cost(1)
	reads, looks, acquires := cost(1000)
	if reads > reads1+2 || looks > looks1 || acquires > acquires1 {
		t.Errorf("1000 waiters: %d reads, %d looks, %d sections; one: %d, %d, %d", reads, looks, acquires, reads1, looks1, acquires1)
	}
	if looks1 == 0 || reads1 < 20 || reads1 > 60 {
		t.Errorf("one waiter costs %d reads and %d looks in 30 s", reads1, looks1)
	}
}

// Who does not wait any longer learns how it stands, and costs nothing any more.
func TestWaiterThatLeaves(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := leasetest.NewFaulty(lease.NewMemory())
		c := newTestCoordinator(store, &fakePowerBI{length: 24 * time.Hour, slow: 10 * time.Second})
		r := mustTrigger(t, c, wholeModel())
		if r.View.Operation.Phase != machine.Starting {
			t.Fatalf("%s", r.View.Operation.Phase)
		}
		got, took := waited(t, c, r, 30*time.Second)
		if got.View.Operation.Phase != machine.Running || took != 30*time.Second || got.View.RetryAfter <= 0 {
			t.Errorf("%s after %v, again in %v", got.View.Operation.Phase, took, got.View.RetryAfter)
		}
		time.Sleep(2 * time.Second)
		before := store.Total()
		time.Sleep(10 * time.Minute)
		if calls := store.Total() - before; calls != 0 {
			t.Errorf("%d calls of the store when nobody waits any more", calls)
		}
		ctx, leave := context.WithCancel(t.Context())
		leave()
		if got := c.Wait(ctx, r); got.View.Operation.Phase != machine.Starting {
			t.Errorf("%s", got.View.Operation.Phase)
		}
	})
}

// A share that is withdrawn ends for the one who withdrew it.
func TestWaiterWithdraws(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{length: 10 * time.Minute})
		mustTrigger(t, c, wholeModel())
		a, b := mustTrigger(t, c, wholeModel()), mustTrigger(t, c, wholeModel())
		ended := make(chan machine.Status, 1)
		go func() {
			got, _ := waited(t, c, a, time.Hour)
			ended <- got.View.Status
		}()
		time.Sleep(3 * time.Second)
		if _, err := c.Cancel(t.Context(), a.Link()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case s := <-ended:
			if s != machine.StatusCanceled {
				t.Errorf("%s", s)
			}
		default:
			t.Error("who withdrew still waits")
		}
		if got, _ := waited(t, c, b, 5*time.Second); got.View.Status.Terminal() {
			t.Errorf("who stays sees %s", got.View.Status)
		}
	})
}

// While the store cannot be read nothing is known, and nothing is lost: meanwhile the
// operation may have ended and left the document.
func TestWaitOutlivesTheStoresTrouble(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		store := leasetest.NewFaulty(memory)
		pbi := &fakePowerBI{length: 5 * time.Second}
		waiting, other := newTestCoordinator(store, pbi), newTestCoordinator(memory, pbi)
		r := mustTrigger(t, waiting, wholeModel())
		for _, op := range []leasetest.Op{leasetest.OpRead, leasetest.OpAcquire} {
			store.On(op, leasetest.NotSent(errReset))
		}
		time.AfterFunc(10*time.Minute, func() {
			store.On(leasetest.OpRead, nil)
			store.On(leasetest.OpAcquire, nil)
		})
		go func() {
			finish(t, other, r.Link())
			push(t, other, pbi)
			if modelState(t, memory).Recent[0].Number == 1 {
				t.Error("it is still in the document")
			}
		}()
		if got, took := waited(t, waiting, r, time.Hour); got.View.Status != machine.StatusSucceeded || took < 10*time.Minute || took > 11*time.Minute {
			t.Errorf("%s after %v", got.View.Status, took)
		}
	})
}

// A read that was sent before the operation was saved does not show it, and is no
// reason to take it for ended.
func TestWaitIsNotAnsweredByAnOlderRead(t *testing.T) {
	t.Parallel()
	for offset := range 8 {
		bubble(t, func(t *testing.T) {
			store := leasetest.NewFaulty(lease.NewMemory())
			c := newTestCoordinator(store, &fakePowerBI{length: 10 * time.Minute})
			first := mustTrigger(t, c, wholeModel())
			go waited(t, c, first, 5*time.Minute)
			time.Sleep(3 * time.Minute)                     // steps are seldom due: the watcher does nothing but read
			store.Delay(leasetest.OpRead, 0, 3*time.Second) // what is read is old when it arrives
			time.Sleep(2*time.Second + time.Duration(offset)*500*time.Millisecond)
			second := mustTrigger(t, c, wholeModel())
			got, took := waited(t, c, second, 20*time.Second)
			if took != 20*time.Second || got.View.Status.Terminal() || got.View.Operation.Number != second.View.Operation.Number {
				t.Errorf("operation %d %s after %v", got.View.Operation.Number, got.View.Status, took)
			}
		})
	}
}

func TestWaitForWhatIsNotThere(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		c := newTestCoordinator(store, &fakePowerBI{length: time.Hour})
		r := mustTrigger(t, c, wholeModel())
		if got, took := waited(t, c, Receipt{ID: "forged"}, time.Hour); took != 0 || got.View.Operation.Number != 0 {
			t.Errorf("a forged id is waited for %v", took)
		}
		store.Remove(StateName(testModel)) // somebody deletes the document
		if got, took := waited(t, c, r, time.Hour); took > time.Hour || got.View.Status.Terminal() {
			t.Errorf("%s after %v", got.View.Status, took)
		}
		store.Overwrite(StateName(testModel), []byte("{"), nil)
		if got, took := waited(t, c, r, 20*time.Second); took != 20*time.Second || got.View.Status.Terminal() {
			t.Errorf("%s after %v", got.View.Status, took)
		}
		if _, err := c.Status(t.Context(), r.Link()); err == nil || errors.Is(err, ErrBadID) {
			t.Errorf("%v", err)
		}
	})
}
