package funchost

import (
	"context"
	"errors"
	"fmt"
)

// URL is the base of the app's routes, without a slash at its end.
func (h *Host) URL() string { return h.url }

// App returns what the host has loaded.
func (h *Host) App() *App { return h.app }

// FunctionKey opens the functions of level "function".
func (h *Host) FunctionKey() string { return h.keys.function }

// MasterKey opens all functions and the /admin routes.
func (h *Host) MasterKey() string { return h.keys.master }

// HandlerPID is the process id of the handler, or 0 before it is started. The
// process may be gone.
func (h *Host) HandlerPID() int { return int(h.worker().pid.Load()) }

// WorkerID is the id of the present handler process; each has its own.
func (h *Host) WorkerID() string { return h.worker().id }

// KillHandler kills the handler as a crash would, which the host counts. It does
// not wait for the restart.
func (h *Host) KillHandler() error {
	w := h.worker()
	if w.pid.Load() == 0 {
		return errors.New("funchost: the handler has not been started")
	}
	if err := w.process.kill(); err != nil {
		return fmt.Errorf("funchost: %w", err)
	}
	return nil
}

// WaitReady returns when the handler takes requests. It fails when ctx is done
// or the host stops, and like a request it stops the host if it waits in vain.
func (h *Host) WaitReady(ctx context.Context) error {
	_, err := h.await(ctx)
	return err
}

// Fire runs a timer function once, waiting for a run that is under way, and
// reports what the host would log as a failure. It runs disabled ones too. The
// end of ctx ends the waiting, not a run: the host cannot call one off either.
func (h *Host) Fire(ctx context.Context, name string) error {
	t := h.timers[h.canonical(name)]
	if t == nil {
		return fmt.Errorf("funchost: there is no timer function %q", name)
	}
	if !h.requests.enter() {
		return errStopped
	}
	defer h.requests.leave()
	return h.runTimer(ctx, t, run{})
}

func (h *Host) canonical(name string) string {
	if f := h.app.function(name); f != nil {
		return f.Name
	}
	return name
}

// Close stops the host and kills the handler, and returns when both are gone. As
// in the real host, a running timer is waited for, and the handler gets no
// signal before. Only the first Close, or the first cause, counts.
func (h *Host) Close() error {
	h.stop(nil)
	<-h.done
	return nil
}

// Done is closed when the host has stopped, by itself or by Close.
func (h *Host) Done() <-chan struct{} { return h.done }

// Err is why the host has stopped: nil after Close or the end of Start's
// context. It is only meaningful once Done is closed.
func (h *Host) Err() error {
	select {
	case <-h.done:
		return h.err
	default:
		return nil
	}
}
