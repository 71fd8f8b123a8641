package refresh

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh/machine"
)

var (
	errAmbiguous = fmt.Errorf("%w: connection reset", lease.ErrUnknown)
	errReset     = errors.New("connection reset")
)

// Every call of the store that a trigger and the refresh after it make fails once,
// landed and not landed. Whatever happens, who holds a 202 gets a truthful end,
// and refreshes never overlap.
func TestEveryStoreCallFailsOnce(t *testing.T) {
	t.Parallel()
	eachFault(t, append(slices.Clone(everyOp), leasetest.OpList), 6, failOnce)
}

// eachFault plays a test for each of the first calls of each kind, which fails once: it
// has landed and its answer is lost, or it was not sent.
func eachFault(t *testing.T, ops []leasetest.Op, calls int, play func(*testing.T, *lease.Memory, lease.Store)) {
	t.Helper()
	for _, op := range ops {
		for n := 1; n <= calls; n++ {
			for _, landed := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s %d landed %v", op, n, landed), func(t *testing.T) {
					t.Parallel()
					bubble(t, func(t *testing.T) {
						memory := lease.NewMemory()
						play(t, memory, failing(memory, op, n, landed))
					})
				})
			}
		}
	}
}

// failing is the store whose nth call of that kind fails.
func failing(store lease.Store, op leasetest.Op, n int, landed bool) lease.Store {
	err := errReset
	if op == leasetest.OpWrite || op == leasetest.OpCreate {
		err = errAmbiguous
	}
	hook := leasetest.NotSent(err)
	if landed {
		hook = leasetest.AnswerLost(err)
	}
	faulty := leasetest.NewFaulty(store)
	faulty.On(op, leasetest.OnCall(n, hook))
	return faulty
}

func failOnce(t *testing.T, _ *lease.Memory, store lease.Store) {
	t.Helper()
	pbi := &fakePowerBI{length: 20 * time.Second}
	c := newTestCoordinator(store, pbi)
	var receipt Receipt
	for {
		var trigger error
		if receipt, trigger = c.Trigger(t.Context(), wholeModel()); trigger == nil {
			break
		}
		time.Sleep(comeAgain) // as the 503 asks
	}
	for range 200 { // polls and sweeps, of which one may fail
		_, _ = c.Sweep(t.Context())
		if r, err := c.Status(t.Context(), receipt.Link()); err == nil && r.View.Status.Terminal() {
			receipt = r
			break
		}
		time.Sleep(5 * time.Second)
	}
	if receipt.View.Status != machine.StatusSucceeded {
		t.Errorf("ended as %s: %+v", receipt.View.Status, receipt.View.Operation)
	}
	if pbi.overlap.Load() > 0 || pbi.posts.Load() > 2 {
		t.Errorf("%d posts, %d overlaps", pbi.posts.Load(), pbi.overlap.Load())
	}
}

// An intent whose write has an unknown outcome is not posted: nobody may have
// seen it, and another process may have its own.
func TestUnconfirmedIntentIsNotPosted(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := leasetest.NewFaulty(lease.NewMemory())
		pbi := &fakePowerBI{length: time.Minute}
		c := newTestCoordinator(store, pbi)
		store.On(leasetest.OpWrite, leasetest.OnCall(1, leasetest.AnswerLost(errAmbiguous)))
		store.On(leasetest.OpRelease, leasetest.NotSent(errReset))
		reads := store.Count(leasetest.OpRead)
		store.On(leasetest.OpRead, func(call leasetest.Call) (bool, error) {
			if call.Name == StateName(testModel) && store.Count(leasetest.OpWrite) > 0 {
				return false, errReset
			}
			return true, nil
		})
		_, err := c.Trigger(t.Context(), wholeModel())
		var unavailable *UnavailableError
		if !errors.As(err, &unavailable) || pbi.posts.Load() != 0 {
			t.Errorf("%v, %d posts (%d reads before)", err, pbi.posts.Load(), reads)
		}
		// Storage comes back. The intent that was saved after all is known to be unsent.
		store.On(leasetest.OpRead, nil)
		store.On(leasetest.OpRelease, nil)
		time.Sleep(30 * time.Second)
		r := mustTrigger(t, c, wholeModel())
		if v := finish(t, c, r.Link()); v.Status != machine.StatusSucceeded || pbi.overlap.Load() > 0 {
			t.Errorf("%s, %d overlaps", v.Status, pbi.overlap.Load())
		}
	})
}

// A callers' batch is fed once, even if the write of a later step is lost: the
// first write admitted them.
func TestLostWriteAfterAdmissionDoesNotAdmitTwice(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		store := leasetest.NewFaulty(memory)
		pbi := &fakePowerBI{length: time.Minute}
		c := newTestCoordinator(store, pbi)
		// The second write is the answer of the POST.
		store.On(leasetest.OpWrite, leasetest.OnCall(2, leasetest.NotSent(lease.ErrLost)))
		mustTrigger(t, c, wholeModel())
		time.Sleep(time.Minute)
		doc, err := memory.Read(t.Context(), StateName(testModel))
		if err != nil {
			t.Fatal(err)
		}
		s, err := machine.Decode(doc.Body)
		if err != nil || s.Last != 1 || pbi.posts.Load() != 1 {
			t.Errorf("%d operations, %d posts (%v)", s.Last, pbi.posts.Load(), err)
		}
	})
}

// A process that is paused between its intent and the POST does not send it late.
func TestPausedProcessDoesNotPostLate(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		store := leasetest.NewFaulty(memory)
		pbi := &fakePowerBI{length: time.Minute}
		paused := newTestCoordinator(store, pbi)
		// The write of the intent lands, and its answer takes half a minute.
		store.On(leasetest.OpWrite, leasetest.OnCall(1, func(call leasetest.Call) (bool, error) {
			err := call.Land(t.Context())
			time.Sleep(30 * time.Second)
			if err != nil {
				t.Error(err)
			}
			return false, errAmbiguous
		}))
		r := mustTrigger(t, paused, wholeModel())
		if pbi.posts.Load() != 0 {
			t.Errorf("it posted %d times after a pause", pbi.posts.Load())
		}
		if v := finish(t, paused, r.Link()); v.Status != machine.StatusSucceeded || pbi.posts.Load() != 1 {
			t.Errorf("%s after %d posts", v.Status, pbi.posts.Load())
		}
	})
}

// Documents of a newer version, and broken ones, are left alone and answered 503.
func TestForeignDocumentsAreLeftAlone(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"newer":  `{"schema":99,"epoch":"00","something":"else"}`,
		"broken": `{"schema":1`,
		"empty":  ``,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				memory := lease.NewMemory()
				memory.Overwrite(StateName(testModel), []byte(body), nil)
				c := newTestCoordinator(memory, &fakePowerBI{})
				var unavailable *UnavailableError
				if _, err := c.Trigger(t.Context(), wholeModel()); !errors.As(err, &unavailable) {
					t.Errorf("trigger: %v", err)
				}
				if r, err := c.Sweep(t.Context()); err != nil || r.Due != 1 || r.Failed != 1 {
					t.Errorf("sweep: %+v %v", r, err)
				}
				doc, err := memory.Read(t.Context(), StateName(testModel))
				if err != nil || string(doc.Body) != body {
					t.Errorf("the document is %q now (%v)", doc.Body, err)
				}
			})
		})
	}
}

// A caller whose operation is not saved gets no 202, whether or not a POST would
// have followed.
func TestUnsavedOperationIsNotPromised(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		store := leasetest.NewFaulty(memory)
		c := newTestCoordinator(store, &fakePowerBI{length: time.Hour})
		mustTrigger(t, c, wholeModel())
		time.Sleep(time.Second)
		store.On(leasetest.OpWrite, leasetest.NotSent(errReset))
		var unavailable *UnavailableError
		if r, err := c.Trigger(t.Context(), wholeModel()); !errors.As(err, &unavailable) {
			t.Errorf("promised operation %d: %v", r.View.Operation.Number, err)
		}
		doc, err := memory.Read(t.Context(), StateName(testModel))
		if err != nil {
			t.Fatal(err)
		}
		if s, err := machine.Decode(doc.Body); err != nil || s.Last != 1 {
			t.Errorf("%d operations are saved (%v)", s.Last, err)
		}
	})
}

// What cannot be archived stays where it is, and its status URL works.
func TestUnarchivedOperationsStay(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := leasetest.NewFaulty(lease.NewMemory())
		c := newTestCoordinator(store, &fakePowerBI{length: time.Second})
		first := mustTrigger(t, c, wholeModel())
		finish(t, c, first.Link())
		store.On(leasetest.OpCreate, leasetest.NotSent(errReset))
		for range machine.KeepRecent + 4 {
			finish(t, c, mustTrigger(t, c, wholeModel()).Link())
		}
		if v := mustStatus(t, newTestCoordinator(store, &fakePowerBI{}), first.Link()); v.Status != machine.StatusSucceeded {
			t.Errorf("%s", v.Status)
		}
	})
}
