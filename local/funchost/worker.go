package funchost

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
)

// A worker is one handler process.
type worker struct {
	id      string
	address string // host:port, the same for all processes of a host
	process process
	console *console
	streams [2]*stream
	logger  *slog.Logger
	client  *client

	pid      atomic.Int64  // 0: not started
	timedOut atomic.Bool   // killed after a function time-out
	ready    chan struct{} // closed once it answers
	replaced chan struct{} // closed when another process takes its place
}

func (h *Host) newWorker() *worker {
	w := &worker{
		id:       newGUID(),
		address:  net.JoinHostPort("127.0.0.1", h.workerPort),
		logger:   h.logger,
		ready:    make(chan struct{}),
		replaced: make(chan struct{}),
	}
	// Connections of its own: no request may meet one to a dead process.
	w.client = &client{dial: func(ctx context.Context) (net.Conn, error) { return h.options.dial(ctx, w.address) }}
	w.console = &console{
		shared: &h.lines, errorsOnly: h.app.Settings.ErrorsOnly, logger: h.logger, onLine: h.options.OnLine,
		pid: func() int { return int(w.pid.Load()) },
	}
	w.streams = [2]*stream{{console: w.console}, {console: w.console, stderr: true}}
	w.process = h.options.newProcess(h, w)
	return w
}

// run starts the process and returns when it is gone.
func (w *worker) run(ctx context.Context, p probe) exitKind {
	defer w.client.close()
	if err := w.spawn(); err != nil {
		w.logger.Error("Failed to start Worker Channel.", "error", err)
		return exitUnborn
	}
	gone := make(chan exit, 1)
	go func() {
		ended := w.process.wait()
		w.streams[0].flush()
		w.streams[1].flush()
		gone <- ended
	}()
	kind, ended := w.start(ctx, p, gone)
	if ended {
		return kind
	}
	close(w.ready)
	select {
	case e := <-gone:
		return w.classify(e)
	case <-ctx.Done():
		return w.end(gone, exitStopped)
	}
}

// spawn holds back the first lines until the process id is known.
func (w *worker) spawn() error {
	w.console.shared.Lock()
	defer w.console.shared.Unlock()
	pid, err := w.process.start()
	if err != nil {
		return err
	}
	w.pid.Store(int64(pid))
	return nil
}

// start waits until the process is ready, or returns how it ended before.
func (w *worker) start(ctx context.Context, p probe, gone <-chan exit) (kind exitKind, ended bool) {
	probing, cancel := context.WithCancel(ctx)
	defer cancel()
	probed := make(chan error, 1)
	go func() { probed <- p.run(probing, w.client, w.address) }()
	var err error
	select {
	case err = <-probed:
	case e := <-gone:
		if kind := w.classify(e); kind != exitClean {
			return kind, true
		}
		// The host does not take a clean exit for a failure, and goes on probing.
		err = errors.Join(<-probed, errNotReady)
		gone = ready(exit{})
	}
	if ctx.Err() != nil {
		return w.end(gone, exitStopped), true
	}
	if err == nil {
		return 0, false
	}
	w.logger.Error("Failed to start http worker process: Initializing HttpWorker timed out.", "workerId", w.id, "error", err)
	return w.end(gone, exitError), true
}

func ready(e exit) <-chan exit {
	c := make(chan exit, 1)
	c <- e
	return c
}

// end kills the process and waits for its end.
func (w *worker) end(gone <-chan exit, kind exitKind) exitKind {
	w.kill()
	<-gone
	return kind
}

// kill ends the process as the host does: with SIGKILL and no signal before it.
func (w *worker) kill() {
	if w.pid.Load() != 0 {
		_ = w.process.kill() // fails only if the process is gone
	}
}

// classify reads how a process that is gone has ended.
func (w *worker) classify(e exit) exitKind {
	switch {
	case w.timedOut.Load():
		return exitTimeout
	case e.code == 0:
		return exitClean
	case e.code == exitCodeRestart:
		return exitRestart
	}
	w.logger.Error("Language Worker Process exited.", "pid", w.pid.Load(), "state", e.state, "lastErrors", w.console.quote())
	return exitError
}
