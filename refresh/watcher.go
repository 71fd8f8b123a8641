package refresh

import (
	"sync"
	"time"

	"pbirefresh/refresh/machine"
)

// watcher follows one model for all requests of this process that wait for an
// operation to end. One goroutine reads the document and takes the step when it is due,
// however many callers wait, and ends with the last of them. It gets what this process saves
// at once.
type watcher struct {
	c     *Coordinator
	model machine.Model
	poke  chan struct{} // buffered: wakes the goroutine when no caller waits any more

	mu      sync.Mutex
	waiters map[*waiter]bool
	running bool
	state   *machine.State // as it was seen last
	ahead   time.Duration  // the storage service's clock, before the local one
}

// waiter is one request that waits.
type waiter struct {
	id   access
	done chan machine.View // buffered; the zero View: the operation has left the document
}

// watched passes a state that this process has read or saved to the waiting callers.
func (c *Coordinator) watched(s machine.State) {
	c.mu.Lock()
	w := c.watchers.all[s.Model]
	c.mu.Unlock()
	if w != nil {
		w.show(&s)
	}
}

// show answers the callers whose operation has ended, or is not in the document any more.
func (w *watcher) show(s *machine.State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = s
	for j := range w.waiters {
		op, there := s.Find(j.id.Number)
		switch {
		case !there || s.Epoch != j.id.Epoch:
			j.done <- machine.View{}
		case op.Phase.Terminal() || op.WithdrawnBy(j.id.Nonce):
			j.done <- s.View(op, j.id.Nonce, w.now())
		default:
			continue
		}
		delete(w.waiters, j)
	}
}

// now is the storage service's clock, about.
func (w *watcher) now() time.Time { return time.Now().Add(w.ahead) }

func (w *watcher) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.running && len(w.waiters) == 0
}
