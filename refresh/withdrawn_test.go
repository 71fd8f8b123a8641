package refresh

import (
	"reflect"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// A caller who withdrew from a shared operation has ended, also when the others are
// served: every process gives it the same answer, before and after.
func TestWhoWithdrewStaysCanceled(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store, pbi := lease.NewMemory(), &fakePowerBI{length: time.Minute}
		c := newTestCoordinator(store, pbi)
		mustTrigger(t, c, wholeModel())
		shared := triggerAll(t, 2, c)
		if _, err := c.Cancel(t.Context(), shared[0]); err != nil {
			t.Fatal(err)
		}
		first := mustStatus(t, newTestCoordinator(store, pbi), shared[0])
		if first.Status != machine.StatusCanceled || first.Operation.Ended.IsZero() {
			t.Errorf("who withdrew sees %s, ended %v", first.Status, first.Operation.Ended)
		}
		time.Sleep(5 * time.Second)
		if v := finish(t, c, shared[1]); v.Status != machine.StatusSucceeded {
			t.Errorf("who stayed sees %s", v.Status)
		}
		last := mustStatus(t, newTestCoordinator(store, pbi), shared[0])
		if !reflect.DeepEqual(first.Operation.Fault, last.Operation.Fault) || last.Status != first.Status || !last.Operation.Ended.Equal(first.Operation.Ended) {
			t.Errorf("who withdrew saw %s at %v, and sees %s at %v", first.Status, first.Operation.Ended, last.Status, last.Operation.Ended)
		}
	})
}
