package refresh

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

// No caller is answered before the pointer of its key is there: without it the request
// fails, and its repetition gets the same operation, and makes the pointer.
func TestPointerBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		store := leasetest.NewFaulty(memory)
		pbi := &fakePowerBI{length: time.Minute}
		c := newTestCoordinator(store, pbi)
		name := pointerName(keyed("k").Key.Name)
		store.On(leasetest.OpCreate, func(call leasetest.Call) (bool, error) {
			if call.Name == name {
				return false, errReset
			}
			return true, nil
		})
		if r, err := c.Trigger(t.Context(), keyed("k")); err == nil {
			t.Errorf("got operation %d without a pointer, want an error", r.View.Operation.Number)
		}
		store.On(leasetest.OpCreate, nil)
		first := mustTrigger(t, newTestCoordinator(memory, pbi), keyed("k"))
		if _, err := memory.Read(t.Context(), name); err != nil || first.View.Operation.Number != 1 || pbi.posts.Load() != 1 {
			t.Errorf("got pointer %v, operation %d and %d refreshes, want it, 1 and 1", err, first.View.Operation.Number, pbi.posts.Load())
		}
	})
}

// heldPointer holds the pointer of a key back until it may land.
func heldPointer(store *leasetest.Faulty) (land chan struct{}) {
	land = make(chan struct{})
	store.On(leasetest.OpCreate, func(call leasetest.Call) (bool, error) {
		if call.Name == pointerName(keyed("k").Key.Name) {
			<-land
		}
		return true, nil
	})
	return land
}

// The residual: an operation leaves the document before the pointer of its key is there,
// here because its process stands still. The repetition is another operation; but the first
// pointer decides, so that all answers name the same one.
func TestTheFirstPointerDecides(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		store := leasetest.NewFaulty(memory)
		pbi := &fakePowerBI{length: time.Second}
		quick, slow := newTestCoordinator(memory, pbi), newTestCoordinator(store, pbi)
		land := heldPointer(store)
		late := make(chan Receipt, 1)
		go func() {
			receipt, err := slow.Trigger(context.Background(), keyed("k"))
			if err != nil {
				t.Error(err)
			}
			late <- receipt
		}()
		synctest.Wait()
		push(t, quick, pbi)
		if _, _, here := modelState(t, memory).Keyed(claimed(t, memory, keyed("k").Key)); here {
			t.Fatal("the operation is in the document: this shows nothing")
		}
		first := mustTrigger(t, quick, keyed("k"))
		if first.Replayed || first.View.Operation.Number == 1 {
			t.Errorf("got operation %d, replayed %v, want a new one", first.View.Operation.Number, first.Replayed)
		}
		close(land)
		if got := <-late; got.Link() != first.Link() || !got.Replayed {
			t.Errorf("the slow process answers with operation %d, replayed %v, want %d, replayed", got.View.Operation.Number, got.Replayed, first.View.Operation.Number)
		}
		mustRepeat(t, slow, keyed("k"), first.Link())
	})
}
