package refresh

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// warm is a coordinator whose model was refreshed and is idle. From now on every call
// takes that long.
func warm(t *testing.T, trip time.Duration) (*Coordinator, *slowStore, *fakePowerBI) {
	t.Helper()
	store, pbi := &slowStore{Store: lease.NewMemory()}, &fakePowerBI{length: time.Minute}
	c := newTestCoordinator(store, pbi)
	finish(t, c, mustTrigger(t, c, wholeModel()).Link())
	synctest.Wait()
	store.trip, pbi.delay = trip, trip
	return c, store, pbi
}

func TestUncontendedTriggerMakesFourRoundTrips(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		const trip = 10 * time.Millisecond
		c, store, _ := warm(t, trip)
		store.calls = nil
		began := time.Now()
		mustTrigger(t, c, wholeModel())
		// (acquire, download) -> (write intent, token) -> POST -> write answer
		if got := time.Since(began); got != 4*trip {
			t.Errorf("%v, that is %d round trips one after another; want 4", got, got/trip)
		}
		for call, want := range map[string]int{"acquire": 1, "read": 1, "write": 2} {
			if got := store.counted(call); got != want {
				t.Errorf("%d x %s, want %d", got, call, want)
			}
		}
	})
}

func TestCallersOfOneProcessShareWritesAndRefreshes(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := &slowStore{Store: lease.NewMemory(), trip: 10 * time.Millisecond}
		pbi := &fakePowerBI{length: time.Minute, delay: 10 * time.Millisecond}
		c := newTestCoordinator(store, pbi)
		mustTrigger(t, c, wholeModel())
		synctest.Wait()
		before := store.counted("write")
		ids := triggerAll(t, 1000, c)
		if writes := store.counted("write") - before; writes > 4 {
			t.Errorf("1000 callers cost %d writes", writes)
		}
		for _, id := range ids[:10] {
			if v := finish(t, c, id); v.Status != machine.StatusSucceeded {
				t.Errorf("ended as %s", v.Status)
			}
		}
		if pbi.posts.Load() != 2 || pbi.overlap.Load() != 0 {
			t.Errorf("%d refreshes, %d overlaps; want 2 and none", pbi.posts.Load(), pbi.overlap.Load())
		}
	})
}

// triggerAll lets n callers arrive at once, spread over the coordinators, and
// returns the ids they got.
func triggerAll(t *testing.T, n int, cs ...*Coordinator) []Link {
	t.Helper()
	ids := make([]Link, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			r, err := cs[i%len(cs)].Trigger(t.Context(), wholeModel())
			if err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
			ids[i] = r.Link()
		})
	}
	wg.Wait()
	return ids
}

func TestManyProcessesOneModel(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := &slowStore{Store: lease.NewMemory(), trip: 5 * time.Millisecond}
		pbi := &fakePowerBI{length: 5 * time.Minute, delay: 50 * time.Millisecond}
		var cs []*Coordinator
		for range 8 {
			cs = append(cs, newTestCoordinator(store, pbi))
		}
		began := time.Now()
		ids := triggerAll(t, 200, cs...)
		seen := map[Link]bool{}
		for i, id := range ids {
			if seen[id] {
				t.Error("two callers hold the same id")
			}
			seen[id] = true
			v := finish(t, cs[(i+3)%8], id)
			if v.Status != machine.StatusSucceeded {
				t.Fatalf("caller %d: %s", i, v.Status)
			}
			if v.Operation.Started.Before(began) {
				t.Error("served by a refresh that began before the caller arrived")
			}
		}
		if pbi.posts.Load() > 2 || pbi.overlap.Load() != 0 {
			t.Errorf("%d refreshes, %d overlaps; want at most 2 and none", pbi.posts.Load(), pbi.overlap.Load())
		}
	})
}

func TestSlowPostDoesNotHoldTheLease(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		pbi := &fakePowerBI{length: time.Minute, slow: 30 * time.Second}
		a, b := newTestCoordinator(store, pbi), newTestCoordinator(store, pbi)
		began := time.Now()
		first := mustTrigger(t, a, wholeModel())
		if first.View.Operation.Phase != machine.Starting {
			t.Errorf("the caller sees %s, want starting", first.View.Operation.Phase)
		}
		second := mustTrigger(t, b, wholeModel())
		if waited := time.Since(began); waited > 5*time.Second {
			t.Errorf("another process waited %v for the lease", waited)
		}
		if v := finish(t, b, first.Link()); v.Status != machine.StatusSucceeded || len(v.Operation.Tries) != 1 {
			t.Errorf("%s after %d tries", v.Status, len(v.Operation.Tries))
		}
		if v := finish(t, b, second.Link()); v.Status != machine.StatusSucceeded {
			t.Errorf("second: %s", v.Status)
		}
		if pbi.posts.Load() != 2 || pbi.overlap.Load() != 0 {
			t.Errorf("%d posts, %d overlaps", pbi.posts.Load(), pbi.overlap.Load())
		}
	})
}

func TestProcessDiesAfterThePost(t *testing.T) {
	t.Parallel()
	for _, landed := range []bool{true, false} {
		name := map[bool]string{true: "it landed", false: "it never arrived"}[landed]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				store := lease.NewMemory()
				pbi := &fakePowerBI{length: time.Minute}
				dead := make(chan struct{})
				pbi.onPost = func(_ machine.Post, accept func() string) machine.Answer {
					if landed {
						accept()
					}
					<-dead // this process never hears the answer
					return machine.Answer{Kind: machine.Lost}
				}
				doomed, heir := newTestCoordinator(store, pbi), newTestCoordinator(store, pbi)
				receipt := mustTrigger(t, doomed, wholeModel())
				v := sweepUntilDone(t, heir, receipt.Link())
				if v.Status != machine.StatusSucceeded || pbi.overlap.Load() != 0 {
					t.Errorf("%s (%+v), %d overlaps", v.Status, v.Operation.Fault, pbi.overlap.Load())
				}
				close(dead)
			})
		})
	}
}

// sweepUntilDone lets only the timer move the model forward.
func sweepUntilDone(t *testing.T, c *Coordinator, id Link) machine.View {
	t.Helper()
	for range 500 {
		time.Sleep(30 * time.Second)
		sweep(t, c)
		if v := mustStatus(t, c, id); v.Status.Terminal() {
			return v
		}
	}
	t.Fatal("the sweep does not bring the operation to an end")
	return machine.View{}
}

func TestStatusOfUnknownAndForgedIDs(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		c := newTestCoordinator(store, &fakePowerBI{length: time.Second})
		good := mustTrigger(t, c, wholeModel()).Link()
		other := newTestCoordinator(lease.NewMemory(), &fakePowerBI{length: time.Second})
		foreign := mustTrigger(t, other, wholeModel()).Link()
		for name, l := range map[string]Link{
			"empty": {}, "garbage": {ID: "../../etc", Sig: good.Sig}, "no signature": {ID: good.ID}, "signed with another key": foreign,
			"signed for another": {ID: foreign.ID, Sig: good.Sig}, "altered": {ID: good.ID, Sig: good.Sig[:40] + flip(good.Sig[40]) + good.Sig[41:]},
			"joined by the host": {ID: good.ID, Sig: good.Sig + "," + good.Sig},
		} {
			if _, err := c.Status(t.Context(), l); !errors.Is(err, ErrBadID) {
				t.Errorf("%s: Status(%+v) = %v, want ErrBadID", name, l, err)
			}
		}
		parsed, err := c.open(t.Context(), good)
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string]func(*access){
			"number": func(a *access) { a.Number = 99 },
			"epoch":  func(a *access) { a.Epoch = "00000000000000ff" },
			"model":  func(a *access) { a.Model.DatasetID = "00000000-0000-0000-0000-000000000001" },
		} {
			a := parsed
			change(&a)
			l, err := c.cfg.Keys.sign(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			var refusal *Refusal
			if _, err := c.Status(t.Context(), l); !errors.As(err, &refusal) || refusal.Code != machine.CodeNotFound {
				t.Errorf("another %s: Status = %v, want the refusal %s", name, err, machine.CodeNotFound)
			}
		}
	})
}

func TestCancelThroughTheCoordinator(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		pbi := &fakePowerBI{length: time.Hour}
		c := newTestCoordinator(lease.NewMemory(), pbi)
		running := mustTrigger(t, c, wholeModel())
		queued := triggerAll(t, 3, c)
		if _, err := c.Cancel(t.Context(), queued[0]); err != nil {
			t.Fatal(err)
		}
		if v := mustStatus(t, c, queued[0]); v.Status != machine.StatusCanceled {
			t.Errorf("who withdrew sees %s", v.Status)
		}
		if v := mustStatus(t, c, queued[1]); v.Status != machine.StatusNotStarted {
			t.Errorf("who stays sees %s", v.Status)
		}
		if _, err := c.Cancel(t.Context(), running.Link()); err != nil {
			t.Fatal(err)
		}
		if v := finish(t, c, running.Link()); v.Status != machine.StatusCanceled {
			t.Errorf("cancelled refresh ends as %s", v.Status)
		}
		if len(pbi.deletes) != 1 || pbi.deletes[0] != "R1" {
			t.Errorf("deleted %v, want R1", pbi.deletes)
		}
		var refusal *Refusal
		if _, err := c.Cancel(t.Context(), running.Link()); !errors.As(err, &refusal) || refusal.Code != machine.CodeFinished {
			t.Errorf("cancel of a finished operation: %v", err)
		}
	})
}

func TestFinishedOperationsMoveToTheArchive(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := &slowStore{Store: lease.NewMemory()}
		pbi := &fakePowerBI{length: time.Second}
		c := newTestCoordinator(store, pbi)
		var ids []Link
		for range machine.KeepRecent + 4 {
			id := mustTrigger(t, c, wholeModel()).Link()
			finish(t, c, id)
			ids = append(ids, id)
		}
		sweep(t, c)
		doc, err := store.Read(t.Context(), StateName(testModel))
		if err != nil {
			t.Fatal(err)
		}
		s, err := machine.Decode(doc.Body)
		if err != nil || len(s.Recent) > machine.KeepRecent {
			t.Fatalf("%d finished operations in the document (%v)", len(s.Recent), err)
		}
		fresh := newTestCoordinator(store, pbi) // remembers nothing
		if v := mustStatus(t, fresh, ids[0]); v.Status != machine.StatusSucceeded || v.Operation.Number != 1 {
			t.Errorf("from the archive: operation %d %s", v.Operation.Number, v.Status)
		}
	})
}

// tableOf is the request of an owner for one table, another for each number.
func tableOf(owner string, number int) Request {
	r := wholeModel()
	r.Owner, r.Ask.Shape = owner, machine.Shape{Kind: machine.Enhanced, Type: "Full", Objects: []machine.Object{{Table: fmt.Sprint("T", number)}}}
	return r
}

// One caller cannot close a model's queue: beyond its share it is refused, starts nothing,
// and others are served.
func TestOneCallerClosesNoQueue(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		c := newTestCoordinator(store, &fakePowerBI{length: time.Hour})
		for i := range 16 {
			mustTrigger(t, c, tableOf("mallory", i))
		}
		for i := 16; i < 30; i++ {
			mustRefuse(t, c, tableOf("mallory", i), machine.CodeShareUsed)
		}
		if s := modelState(t, store); s.Last != 16 {
			t.Errorf("got %d operations after refusals, want 16", s.Last)
		}
		mustTrigger(t, c, tableOf("ana", 30))
		mustTrigger(t, c, wholeModel())
	})
}

func TestQueueFull(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{length: time.Hour})
		var full *Refusal
		const places = machine.MaxPending - 2 // the last ones are for plain refreshes
		for i := range places + 4 {
			_, err := c.Trigger(t.Context(), tableOf("", i))
			if errors.As(err, &full) {
				if i < places || full.Code != machine.CodeQueueFull {
					t.Fatalf("request %d: %v", i, err)
				}
			} else if err != nil || i >= places {
				t.Fatalf("request %d: %v", i, err)
			}
		}
	})
}
