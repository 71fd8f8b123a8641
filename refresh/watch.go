package refresh

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"pbirefresh/refresh/machine"
)

// watchPause is the longest time between two reads of a model with waiting callers: another
// process may have ended the operation.
const watchPause = time.Second

// Wait returns when the receipt's operation has ended or ctx ends, with its state then. If
// it cannot be read, Wait returns the receipt that it was given.
func (c *Coordinator) Wait(ctx context.Context, r Receipt) Receipt {
	id, err := r.access, error(nil)
	if id == (access{}) { // not made here
		return r
	}
	w := c.watcher(id.Model)
	for err == nil && ctx.Err() == nil && !r.View.Status.Terminal() {
		view := w.wait(ctx, id)
		if view.Operation.Number == 0 && ctx.Err() == nil {
			// It has left the document, or the document that was seen is older than it.
			view, _, err = c.view(ctx, id)
		}
		if view.Operation.Number != 0 {
			r.View = view
		}
	}
	return r
}

// wait waits for the end of an operation, or of ctx. It returns the zero View if the
// operation is not in the document.
func (w *watcher) wait(ctx context.Context, id access) machine.View {
	j := w.join(id)
	defer w.leave(j)
	select {
	case view := <-j.done:
		return view
	case <-ctx.Done():
		return w.latest(id)
	}
}

func (c *Coordinator) watcher(m machine.Model) *watcher {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.watchers.get(m, func() *watcher {
		return &watcher{c: c, model: m, poke: make(chan struct{}, 1), waiters: map[*waiter]bool{}}
	})
}

func (w *watcher) join(id access) *waiter {
	j := &waiter{id: id, done: make(chan machine.View, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiters[j] = true
	if !w.running {
		w.running, w.state = true, nil // what was seen long ago is no answer
		go w.run()
	}
	return j
}

func (w *watcher) leave(j *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiters, j)
	if len(w.waiters) == 0 {
		select {
		case w.poke <- struct{}{}:
		default:
		}
	}
}

// more reports whether a caller waits. If none does, the watcher is no longer running.
func (w *watcher) more() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = len(w.waiters) > 0
	return w.running
}

func (w *watcher) run() {
	for w.more() {
		t := time.NewTimer(w.guarded())
		select {
		case <-t.C:
		case <-w.poke:
		}
		t.Stop()
	}
}

// guarded is round, with recover: a defect must not end the process.
func (w *watcher) guarded() (pause time.Duration) {
	defer func() {
		if p := recover(); p != nil {
			w.c.cfg.Logger.Error("panic", "cause", fmt.Sprint(p), "stack", string(debug.Stack()), "model", w.model.String())
			pause = watchPause
		}
	}()
	return w.round(context.Background())
}

// round reads the document once, takes the step if it is due, and returns how long
// until the next. The reads of others are shared.
func (w *watcher) round(ctx context.Context) time.Duration {
	seen, err := w.c.reader(w.model).read(ctx)
	if err != nil {
		return watchPause
	}
	w.mu.Lock()
	w.ahead = time.Until(seen.date)
	w.mu.Unlock()
	w.show(seen.state)
	at, any := seen.state.Due()
	switch {
	case !any:
		return watchPause
	case at.After(seen.date):
		return max(watchPause/2, min(at.Sub(seen.date), watchPause))
	case !w.c.queue(w.model).claim(at):
		return watchPause // somebody takes the step
	}
	ctx, cancel := context.WithTimeout(ctx, advanceLimit)
	defer cancel()
	_ = w.c.Advance(ctx, w.model) // what it saves is shown at once; a step that fails is tried again
	return watchPause
}

// latest returns the operation as of the last state that the watcher has.
func (w *watcher) latest(id access) machine.View {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == nil || w.state.Epoch != id.Epoch {
		return machine.View{}
	}
	op, ok := w.state.Find(id.Number)
	if !ok {
		return machine.View{}
	}
	return w.state.View(op, id.Nonce, w.now())
}
