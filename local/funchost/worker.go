package funchost

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"sync/atomic"
	"time"
)

// killWait is how long the host waits for a killed process (source).
const killWait = time.Second

// A worker is one handler process.
type worker struct {
	id        string
	address   string // host:port, the same for all processes of a host
	cmd       *exec.Cmd
	console   *console
	streams   [2]*stream
	logger    *slog.Logger
	transport *http.Transport

	pid      atomic.Int64  // 0: not started
	timedOut atomic.Bool   // killed after a function time-out
	ready    chan struct{} // closed once it answers
	replaced chan struct{} // closed when another process takes its place
}

func (h *Host) newWorker() *worker {
	s := h.app.Settings
	w := &worker{
		id:       newGUID(),
		address:  net.JoinHostPort("127.0.0.1", h.workerPort),
		logger:   h.logger,
		ready:    make(chan struct{}),
		replaced: make(chan struct{}),
		// A pool of its own: no request may meet a connection to a dead process.
		transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute},
	}
	w.console = &console{
		shared: &h.lines, errorsOnly: s.ErrorsOnly, logger: h.logger, onLine: h.options.OnLine,
		pid: func() int { return int(w.pid.Load()) },
	}
	w.streams = [2]*stream{{console: w.console}, {console: w.console, stderr: true}}
	// Without a context: run alone decides on the end of the process.
	w.cmd = exec.Command(s.Executable, s.Arguments...) //nolint:noctx // as said
	w.cmd.Dir = s.WorkingDirectory
	w.cmd.Env = h.options.childEnv(h.app.Root, w.id, h.workerPort)
	w.cmd.Stdout, w.cmd.Stderr = w.streams[0], w.streams[1]
	w.cmd.WaitDelay = killWait
	return w
}

// run starts the process and returns when it is gone.
func (w *worker) run(ctx context.Context, p probe) exitKind {
	defer w.transport.CloseIdleConnections()
	if err := w.spawn(); err != nil {
		w.logger.Error("Failed to start Worker Channel. Process fileName: "+w.cmd.Path, "error", err)
		return exitUnborn
	}
	gone := make(chan struct{})
	go func() {
		_ = w.cmd.Wait() // the process state tells more
		w.streams[0].flush()
		w.streams[1].flush()
		close(gone)
	}()
	kind, ended := w.start(ctx, p, gone)
	if ended {
		return kind
	}
	close(w.ready)
	select {
	case <-gone:
		return w.classify()
	case <-ctx.Done():
		return w.end(gone, exitStopped)
	}
}

// spawn holds back the first lines until the process id is known.
func (w *worker) spawn() error {
	w.console.shared.Lock()
	defer w.console.shared.Unlock()
	if err := w.cmd.Start(); err != nil {
		return err
	}
	w.pid.Store(int64(w.cmd.Process.Pid))
	return nil
}

// start waits until the process is ready, or tells how it ended before.
func (w *worker) start(ctx context.Context, p probe, gone <-chan struct{}) (kind exitKind, ended bool) {
	probing, cancel := context.WithCancel(ctx)
	defer cancel()
	probed := make(chan bool, 1)
	go func() { probed <- p.run(probing, w.transport, w.address) }()
	select {
	case ok := <-probed:
		if ok {
			return 0, false
		}
	case <-gone:
		if kind := w.classify(); kind != exitClean {
			return kind, true
		}
		// The host does not take a clean exit for a failure, and goes on probing.
		<-probed
	}
	if ctx.Err() != nil {
		return w.end(gone, exitStopped), true
	}
	w.logger.Error("Failed to start http worker process: Initializing HttpWorker timed out.", "workerId", w.id)
	return w.end(gone, exitError), true
}

// end kills the process and waits for its end.
func (w *worker) end(gone <-chan struct{}, kind exitKind) exitKind {
	w.kill()
	<-gone
	return kind
}

// kill ends the process as the host does: with SIGKILL and no signal before it.
func (w *worker) kill() {
	if w.pid.Load() != 0 {
		_ = w.cmd.Process.Kill() // fails only if the process is gone
	}
}

// classify reads how a process that is gone has ended.
func (w *worker) classify() exitKind {
	code := w.cmd.ProcessState.ExitCode()
	switch {
	case w.timedOut.Load():
		return exitTimeout
	case code == 0:
		return exitClean
	case code == exitCodeRestart:
		return exitRestart
	}
	w.logger.Error("Language Worker Process exited.",
		"pid", w.pid.Load(), "state", w.cmd.ProcessState.String(), "lastErrors", w.console.quote())
	return exitError
}
