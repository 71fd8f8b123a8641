package refresh

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// Each test here was a defect once: a review found it and could show it.

func oneTable(name string) Request {
	r := wholeModel()
	r.Ask.Shape = machine.Shape{Kind: machine.Enhanced, Type: "Full", CommitMode: "Transactional", Objects: []machine.Object{{Table: name}}}
	return r
}

// answering is a Power BI with its own answer to every POST.
type answering struct {
	*fakePowerBI
	answer func(p machine.Post) machine.Answer
}

func (a answering) Post(_ context.Context, _ machine.Model, p machine.Post, _ time.Time) machine.Answer {
	a.posts.Add(1)
	time.Sleep(50 * time.Millisecond)
	return a.answer(p)
}

// Twenty operations of one batch are refused one after another, and the first of
// them are in the archive before their callers are answered.
func TestCallersOfABatchThatIsArchivedMeanwhile(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := &slowStore{Store: lease.NewMemory(), trip: 10 * time.Millisecond}
		c := newTestCoordinator(store, answering{&fakePowerBI{}, func(machine.Post) machine.Answer {
			return machine.Answer{Kind: machine.Refused, Fault: &machine.Fault{Code: machine.CodeDailyLimit, Message: "no"}}
		}})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				r, err := c.Trigger(t.Context(), oneTable(fmt.Sprint("T", i)))
				if err != nil || r.View.Operation.Number == 0 || r.View.Status == "" {
					t.Errorf("caller %d: %+v %v", i, r.View, err)
					return
				}
				if v := finish(t, c, r.Link()); v.Status != machine.StatusFailed || v.Operation.Fault.Code != machine.CodeDailyLimit {
					t.Errorf("caller %d: %s", i, v.Status)
				}
			})
		}
		wg.Wait()
	})
}

// A status request of the same caller waits for its look when the cancel comes.
func TestCancelIsAnsweredToTheCancel(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		pbi := &fakePowerBI{length: time.Hour}
		c := newTestCoordinator(lease.NewMemory(), answering{pbi, func(machine.Post) machine.Answer {
			return machine.Answer{Kind: machine.Accepted, RefreshID: pbi.accept(), Sent: machine.Standard}
		}})
		r := mustTrigger(t, c, wholeModel())
		time.Sleep(time.Minute)
		pbi.mu.Lock()
		pbi.delay = 1500 * time.Millisecond
		pbi.mu.Unlock()
		go func() { _, _ = c.Status(t.Context(), r.Link()) }()
		time.Sleep(500 * time.Millisecond)
		var refusal *Refusal
		if got, err := c.Cancel(t.Context(), r.Link()); !errors.As(err, &refusal) || refusal.Code != machine.CodeCancelNotSupported {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// The document was deleted and made anew: numbers begin again, and an id of the old
// one must not reach its namesake.
func TestCancelOfAnotherEpoch(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		pbi := &fakePowerBI{length: 10 * time.Second}
		c := newTestCoordinator(memory, pbi)
		old := mustTrigger(t, c, wholeModel())
		finish(t, c, old.Link())
		for range machine.KeepRecent + 1 {
			finish(t, c, mustTrigger(t, c, wholeModel()).Link())
		}
		sweep(t, c)
		memory.Remove(StateName(testModel))
		other := newTestCoordinator(memory, pbi)
		victim := mustTrigger(t, other, wholeModel())
		var refusal *Refusal
		if _, err := other.Cancel(t.Context(), old.Link()); !errors.As(err, &refusal) || refusal.Code != machine.CodeFinished {
			t.Errorf("cancel of an archived operation: %v", err)
		}
		if v := finish(t, other, victim.Link()); v.Status != machine.StatusSucceeded {
			t.Errorf("the namesake ended as %s", v.Status)
		}
	})
}

func TestBusyWithoutATraceIsNoStorm(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		pbi := &fakePowerBI{}
		c := newTestCoordinator(lease.NewMemory(), answering{pbi, func(machine.Post) machine.Answer { return machine.Answer{Kind: machine.Busy} }})
		r := mustTrigger(t, c, wholeModel())
		for end := time.Now().Add(time.Hour); time.Now().Before(end); {
			time.Sleep(mustStatus(t, c, r.Link()).RetryAfter)
		}
		if pbi.posts.Load() > 40 {
			t.Errorf("%d POSTs in an hour", pbi.posts.Load())
		}
	})
}

// Callers who come one after another share without writing.
func TestJoinersDoNotWrite(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := &slowStore{Store: lease.NewMemory(), trip: 10 * time.Millisecond}
		pbi := &fakePowerBI{length: 2 * time.Hour}
		c := newTestCoordinator(store, pbi)
		for range 3 {
			mustTrigger(t, c, wholeModel())
		}
		before, looks := store.counted("write"), pbi.looks
		for range 200 {
			mustTrigger(t, c, wholeModel())
			time.Sleep(3 * time.Second)
		}
		if writes := store.counted("write") - before - (pbi.looks - looks); writes > 5 {
			t.Errorf("200 joiners cost %d writes", writes)
		}
	})
}

// badCursor is a service that takes no continuation.
type badCursor struct{ lease.Store }

func (b badCursor) List(ctx context.Context, prefix, cursor string, limit int) (lease.Page, error) {
	if cursor != "" {
		return lease.Page{}, errors.New("400 OutOfRangeInput: marker")
	}
	return b.Store.List(ctx, prefix, cursor, limit)
}

func TestSweepSurvivesABadCursor(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		c := newTestCoordinator(badCursor{memory}, &fakePowerBI{length: time.Minute})
		id := mustTrigger(t, c, wholeModel()).Link()
		memory.Overwrite(cursorName, []byte(`{"next":"stale marker"}`), nil)
		if _, err := c.Sweep(t.Context()); err == nil {
			t.Error("the cursor was not used")
		}
		if v := sweepUntilDone(t, c, id); v.Status != machine.StatusSucceeded {
			t.Errorf("ended as %s", v.Status)
		}
	})
}

// A panic costs the calls of one model, not the process.
func TestPanicIsContained(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		pbi := &fakePowerBI{length: time.Minute}
		pbi.onPost = func(machine.Post, func() string) machine.Answer { panic("impossible") }
		c := newTestCoordinator(lease.NewMemory(), pbi)
		r := mustTrigger(t, c, wholeModel())
		if r.View.Operation.Phase != machine.Settling {
			t.Errorf("the caller sees %s, want settling: it may have been sent", r.View.Operation.Phase)
		}
		if v := sweepUntilDone(t, c, r.Link()); v.Status != machine.StatusSucceeded || pbi.overlap.Load() > 0 {
			t.Errorf("%s, %d overlaps", v.Status, pbi.overlap.Load())
		}
	})
}

// The same for a panic while a caller's own event is fed: the caller is answered,
// and the model goes on.
func TestPanicAnswersTheCallers(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{length: time.Minute})
		mustTrigger(t, c, wholeModel())
		bad := newJob(time.Now().Add(callerWait), func(machine.At) machine.Event { panic("impossible") })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if _, err := c.do(ctx, testModel, bad); err == nil || time.Since(began) >= time.Minute {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		if v := finish(t, c, mustTrigger(t, c, wholeModel()).Link()); v.Status != machine.StatusSucceeded {
			t.Errorf("ended as %s", v.Status)
		}
	})
}
