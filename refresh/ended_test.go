package refresh

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// ends counts what a coordinator tells of ends, and asks it for the operations right
// then.
type ends struct {
	mu    sync.Mutex
	told  int
	views []machine.View
}

func (e *ends) watch(t *testing.T, c *Coordinator, ids *[]Link) {
	c.cfg.Ended = func(m machine.Model) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.told++
		if m != testModel {
			t.Errorf("told of %s", m)
		}
		go func() {
			for _, id := range *ids {
				if r, err := c.Status(t.Context(), id); err == nil {
					e.mu.Lock()
					e.views = append(e.views, r.View)
					e.mu.Unlock()
				}
			}
		}()
	}
}

func (e *ends) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.told
}

// The end of an operation is told once, when whoever asks then is told the end.
func TestEndIsToldAfterItIsSaved(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{length: time.Minute})
		var ids []Link
		e := &ends{}
		e.watch(t, c, &ids)
		ids = append(ids, mustTrigger(t, c, wholeModel()).Link())
		if e.count() != 0 {
			t.Error("an end is told before there is one")
		}
		time.Sleep(10 * time.Minute)
		sweep(t, c)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if e.count() != 1 || len(e.views) != 1 || e.views[0].Status != machine.StatusSucceeded {
			t.Errorf("told %d times, and then %+v is seen", e.told, e.views)
		}
		sweep(t, c)
		if e.count() != 1 {
			t.Errorf("told %d times", e.told)
		}
	})
}

// Who leaves a shared operation has ended, and so have all when it is cancelled.
func TestCancelIsAnEnd(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{length: time.Hour})
		mustTrigger(t, c, wholeModel())
		e := &ends{}
		var ids []Link
		e.watch(t, c, &ids)
		shared := triggerAll(t, 2, c)
		for i, cancel := range []func(context.Context, Link) (Receipt, error){c.Cancel, cancelAll(c)} {
			if _, err := cancel(t.Context(), shared[i]); err != nil {
				t.Fatal(err)
			}
			if e.count() != i+1 {
				t.Errorf("told %d times after %d cancels", e.told, i+1)
			}
		}
	})
}
