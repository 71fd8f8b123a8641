package refresh

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh/machine"
)

// keyed is the request for the whole model, under a key.
func keyed(text string) Request {
	r := wholeModel()
	r.Key = machine.NewKey("test", text, r.Model, r.Ask)
	return r
}

// otherwise is the same key with another request.
func otherwise(text string) Request {
	r := keyed(text)
	r.Ask.MaxAttempts++
	r.Key = machine.NewKey("test", text, r.Model, r.Ask)
	return r
}

// onOtherModel is the same key for another model.
func onOtherModel(text string) Request {
	r := keyed(text)
	r.Model.DatasetID = "00000000-0000-0000-0000-000000000001"
	r.Key = machine.NewKey("test", text, r.Model, r.Ask)
	return r
}

func mustRepeat(t *testing.T, c *Coordinator, r Request, id Link) machine.View {
	t.Helper()
	again := mustTrigger(t, c, r)
	if again.Link() != id || !again.Replayed {
		t.Errorf("a repeated request got operation %d, replayed %v", again.View.Operation.Number, again.Replayed)
	}
	return again.View
}

func mustRefuse(t *testing.T, c *Coordinator, r Request, code string) {
	t.Helper()
	var no *Refusal
	if receipt, err := c.Trigger(t.Context(), r); !errors.As(err, &no) || no.Code != code {
		t.Errorf("operation %d, %v; want %s", receipt.View.Operation.Number, err, code)
	}
}

// claimed returns a key with the ticket of its claim.
func claimed(t *testing.T, store lease.Store, k machine.Key) machine.Key {
	t.Helper()
	r, err := newTestCoordinator(store, nil).keyRecord(context.Background(), claimName(k.Name))
	if err != nil {
		t.Fatal(err)
	}
	k.Ticket = r.ticket()
	return k
}

// modelState is the document as it is saved.
func modelState(t *testing.T, store lease.Store) *machine.State {
	t.Helper()
	doc, err := store.Read(context.Background(), StateName(testModel))
	if errors.Is(err, lease.ErrNotFound) {
		return &machine.State{}
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := machine.Decode(doc.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

// One key is one request: while it waits, while it runs, when it has ended, and when
// it has left the document, in every process. Another request of the key is refused.
func TestKeyStandsForOneRequest(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		pbi := &fakePowerBI{length: time.Minute}
		c := newTestCoordinator(store, pbi)
		first := mustTrigger(t, c, keyed("k"))
		if first.Replayed {
			t.Error("the first request counts as a repeated one")
		}
		check := func(phase string, want machine.Status) {
			t.Helper()
			fresh := newTestCoordinator(store, pbi)
			for _, process := range []*Coordinator{c, fresh} {
				if v := mustRepeat(t, process, keyed("k"), first.Link()); v.Status != want {
					t.Errorf("%s: %s, want %s", phase, v.Status, want)
				}
				mustRefuse(t, process, otherwise("k"), machine.CodeKeyReused)
				mustRefuse(t, process, onOtherModel("k"), machine.CodeKeyReused)
			}
		}
		check("running", machine.StatusRunning)
		finish(t, c, first.Link())
		check("ended", machine.StatusSucceeded)
		push(t, c, pbi)
		if _, _, here := modelState(t, store).Keyed(claimed(t, store, keyed("k").Key)); here {
			t.Fatal("the operation has not left the document")
		}
		time.Sleep(25 * time.Hour)
		check("archived", machine.StatusSucceeded)
		if _, err := store.Read(t.Context(), StateName(onOtherModel("k").Model)); !errors.Is(err, lease.ErrNotFound) {
			t.Errorf("a refused request changed the other model: %v", err)
		}
		if pbi.posts.Load() != 1+machine.KeepRecent+2 {
			t.Errorf("%d refreshes", pbi.posts.Load())
		}
	})
}

// push makes room in the document: what has ended before moves to the archive.
func push(t *testing.T, c *Coordinator, pbi *fakePowerBI) {
	t.Helper()
	pbi.length = time.Second
	for range machine.KeepRecent + 2 {
		finish(t, c, mustTrigger(t, c, wholeModel()).Link())
	}
	sweep(t, c)
}

// A key that claims its request while the document is unknown to it finds the
// operation that another process admitted, finished and archived meanwhile.
func TestOperationLeavesTheDocumentWhileTheCallerWaits(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		pbi := &fakePowerBI{length: time.Second}
		quick := newTestCoordinator(memory, pbi)
		mustTrigger(t, quick, wholeModel()) // the document is there
		store := leasetest.NewFaulty(memory)
		slow := newTestCoordinator(store, pbi)
		resume := make(chan struct{})
		store.On(leasetest.OpAcquire, func(leasetest.Call) (bool, error) { <-resume; return true, nil })
		late := make(chan Receipt)
		go func() { late <- patiently(t, slow, keyed("k")) }()
		synctest.Wait()
		first := mustTrigger(t, quick, keyed("k"))
		finish(t, quick, first.Link())
		push(t, quick, pbi)
		posts := pbi.posts.Load()
		close(resume)
		if got := <-late; got.Link() != first.Link() || !got.Replayed || pbi.posts.Load() != posts {
			t.Errorf("operation %d, replayed %v, %d more refreshes", got.View.Operation.Number, got.Replayed, pbi.posts.Load()-posts)
		}
	})
}

// patiently is Trigger for a caller that waits an hour for the lease.
func patiently(t *testing.T, c *Coordinator, r Request) Receipt {
	t.Helper()
	keys, err := c.cfg.Keys.ring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := access{ID: ID{Model: r.Model}, Nonce: r.Key.Nonce(keys.Root)}
	_, repeated, b, err := c.bind(t.Context(), r, id.Nonce)
	if err != nil || repeated {
		t.Fatalf("bind: repeated %v, %v; want a first request", repeated, err)
	}
	r.Key.Ticket = b.ticket
	a, err := c.arrive(t.Context(), r, b, id.Nonce, nil, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	id.Epoch, id.Number = a.epoch, a.number
	receipt, err := c.receipt(t.Context(), id, a)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func TestKeyedTriggerMakesFiveRoundTrips(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		const trip = 10 * time.Millisecond
		store := &slowStore{Store: lease.NewMemory()}
		pbi := &fakePowerBI{length: time.Minute}
		c := newTestCoordinator(store, pbi)
		finish(t, c, mustTrigger(t, c, wholeModel()).Link()) // warm, and the model idle
		synctest.Wait()

		store.trip, pbi.delay = trip, trip
		began := time.Now()
		mustTrigger(t, c, keyed("k"))
		// claim -> (acquire, download) -> (write intent, token) -> (POST, pointer) -> write answer
		if got := time.Since(began); got != 5*trip {
			t.Errorf("%v, that is %d round trips one after another; want 5", got, got/trip)
		}
	})
}

// Many requests of one key at once, in several processes, are one operation.
func TestRacingRequestsOfOneKey(t *testing.T) {
	t.Parallel()
	for _, gap := range []time.Duration{0, time.Millisecond, 7 * time.Millisecond, 40 * time.Millisecond} {
		t.Run(gap.String(), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				store := &slowStore{Store: lease.NewMemory(), trip: 5 * time.Millisecond}
				pbi := &fakePowerBI{length: time.Hour, delay: 20 * time.Millisecond}
				ids := make([]Link, 40)
				firsts := 0
				var wg sync.WaitGroup
				var mu sync.Mutex
				for i := range ids {
					c := newTestCoordinator(store, pbi)
					wg.Go(func() {
						time.Sleep(time.Duration(i) * gap)
						r := mustTrigger(t, c, keyed("k"))
						mu.Lock()
						defer mu.Unlock()
						if ids[i] = r.Link(); !r.Replayed {
							firsts++
						}
					})
				}
				wg.Wait()
				for _, id := range ids {
					if id != ids[0] {
						t.Fatal("one key has two ids")
					}
				}
				if s := modelState(t, store); s.Last != 1 || pbi.posts.Load() != 1 || firsts != 1 {
					t.Errorf("%d operations, %d refreshes, %d first requests", s.Last, pbi.posts.Load(), firsts)
				}
			})
		})
	}
}

// Two different requests that race for one key: one gets it, the other changes nothing.
func TestRacingRequestsForOneKey(t *testing.T) {
	t.Parallel()
	for round := range 10 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				store := &slowStore{Store: lease.NewMemory(), trip: 5 * time.Millisecond}
				pbi := &fakePowerBI{length: time.Hour}
				errs := make([]error, 2)
				var wg sync.WaitGroup
				for i, r := range []Request{keyed("k"), onOtherModel("k")} {
					c := newTestCoordinator(store, pbi)
					wg.Go(func() {
						time.Sleep(time.Duration(i*round) * time.Millisecond)
						_, errs[i] = c.Trigger(t.Context(), r)
					})
				}
				wg.Wait()
				var no *Refusal
				if refused := errors.Join(errs...); !errors.As(refused, &no) || no.Code != machine.CodeKeyReused || errs[0] != nil && errs[1] != nil {
					t.Errorf("%v", errs)
				}
				if pbi.posts.Load() != 1 {
					t.Errorf("%d refreshes", pbi.posts.Load())
				}
			})
		})
	}
}

// Who joins with a key is remembered, also one who would find by a mere read that it
// can share: a thousand of them cost few writes and no further refresh.
func TestKeyedCallersShare(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := &slowStore{Store: lease.NewMemory(), trip: 5 * time.Millisecond}
		pbi := &fakePowerBI{length: time.Minute, delay: 10 * time.Millisecond}
		c := newTestCoordinator(store, pbi)
		mustTrigger(t, c, wholeModel())
		triggerAll(t, 2, c) // the one that waits is shared
		before := store.counted("write")
		ids := make([]Link, 1000)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() { ids[i] = mustTrigger(t, c, keyed(fmt.Sprint(i))).Link() })
		}
		wg.Wait()
		if writes := store.counted("write") - before; writes > 4 {
			t.Errorf("1000 callers with a key cost %d writes", writes)
		}
		fresh := newTestCoordinator(store, pbi)
		for _, i := range []int{0, 1, 500, 999} {
			mustRepeat(t, fresh, keyed(fmt.Sprint(i)), ids[i])
		}
		finish(t, c, ids[0])
		push(t, c, pbi)
		mustRepeat(t, fresh, keyed("999"), ids[999])
		if s := modelState(t, store); pbi.posts.Load() != 2+machine.KeepRecent+2 || strings.Contains(fmt.Sprint(s), keyed("999").Key.Name) {
			t.Errorf("%d refreshes; the keys are still in the document: %d operations", pbi.posts.Load(), len(s.Recent))
		}
	})
}

// A read shows that an operation can be shared, while another process holds the lease:
// a caller with a key waits all the same, because only a write remembers it.
func TestKeyedCallerIsNotServedByAReadAlone(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		c := newTestCoordinator(store, &fakePowerBI{length: time.Hour})
		mustTrigger(t, c, wholeModel())
		triggerAll(t, 2, c) // the one that waits is shared
		time.Sleep(time.Second)
		holder := lease.NewID()
		if _, err := store.Acquire(t.Context(), StateName(testModel), holder, lease.MinTTL); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		time.AfterFunc(5*time.Second, func() { _ = store.Release(context.Background(), StateName(testModel), holder) })
		r := wholeModel()
		r.Ask.Timeout = time.Hour
		if mustTrigger(t, c, r); time.Since(began) > time.Second {
			t.Fatal("nobody is served by a read: this test shows nothing")
		}
		r.Key = machine.NewKey("test", "k", r.Model, r.Ask)
		mustTrigger(t, c, r)
		if _, _, here := modelState(t, store).Keyed(claimed(t, store, r.Key)); !here {
			t.Error("the key is not remembered")
		}
	})
}
