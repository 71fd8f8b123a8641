package funchost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"
)

// Errors of a host that has stopped by itself; see [Host.Err].
var (
	// ErrRestarts: the handler failed for the third time.
	ErrRestarts = errors.New("funchost: exceeded http worker restart retry count, shutting down Functions Host")
	// ErrNotReady: an invocation has waited in vain for the handler.
	ErrNotReady = errors.New("funchost: initialization timed out and host is shutting down")
)

// errStopped is the answer to requests after the host has stopped.
var errStopped = errors.New("funchost: Function host is not running")

// initializationWaits is how many initialization time-outs an invocation waits
// for the handler, (3+1) in azure-functions-host (source).
const initializationWaits = 4

// A Host runs one app. Its methods are safe for concurrent use.
type Host struct {
	app        *App
	options    Options
	logger     *slog.Logger
	url        string
	workerPort string
	keys       keys
	bodyLimit  int64
	timers     map[string]*timer
	statuses   *statusStore
	front      *front

	lines   sync.Mutex // held while a line of the handler is delivered
	mu      sync.Mutex
	current *worker // guarded by mu

	invoking   context.Context // ends when the handler is killed for good
	endInvokes context.CancelFunc
	arming     context.Context // ends when no timer may start any more
	endArming  context.CancelFunc

	requests   gate // requests and manual runs
	timerLoops sync.WaitGroup
	supervised chan struct{}
	stopOnce   sync.Once
	stopping   chan struct{}
	done       chan struct{}
	err        error // why it stopped; readable once done is closed
}

// Start loads the app, listens, and starts the handler and the timers. Like the
// real host it does not wait for the handler: requests do. The host runs until
// ctx is done, Close is called, or the handler has failed too often.
func Start(ctx context.Context, options Options) (*Host, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	app, err := Load(options.Root, options.Env)
	if err != nil {
		return nil, err
	}
	h := &Host{
		app: app, options: options, logger: options.Logger,
		keys:       keys{function: options.FunctionKey, master: options.MasterKey},
		supervised: make(chan struct{}), stopping: make(chan struct{}), done: make(chan struct{}),
	}
	if h.bodyLimit, err = bodyLimit(options.Env); err != nil {
		return nil, err
	}
	if h.statuses, err = openStatuses(options.StatusFile); err != nil {
		return nil, err
	}
	if h.workerPort, err = freePort(ctx); err != nil {
		return nil, err
	}
	listener, err := options.listen(ctx, options.Addr)
	if err != nil {
		return nil, fmt.Errorf("funchost: %w", err)
	}
	h.url = "http://" + dialable(listener.Addr().String())
	h.launch(ctx, listener)
	return h, nil
}

// dialable is the address with a host that can be called: this machine's own, if the
// listener is on all of them.
func dialable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

// freePort picks a port for the handler, which keeps it over all restarts. It is below
// those that systems give to outgoing connections (from 32768 on Linux, 49152 elsewhere):
// one of these could be taken again before the handler listens.
func freePort(ctx context.Context) (string, error) {
	for range 100 {
		port := strconv.Itoa(10_000 + rand.IntN(20_000)) //nolint:gosec // guessing it gains nothing
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			return port, listener.Close()
		}
	}
	return "", errors.New("funchost: no port is free for the handler")
}

func (h *Host) launch(ctx context.Context, listener net.Listener) {
	detached := context.WithoutCancel(ctx)
	h.invoking, h.endInvokes = context.WithCancel(detached)
	h.arming, h.endArming = context.WithCancel(detached)
	h.current = h.newWorker()
	h.timers = newTimers(h.app.Functions)
	h.front = newFront(listener, h.serve)
	h.startTimers()
	go h.supervise(h.invoking)
	go h.front.run() // ends with shutdown

	unlink := context.AfterFunc(ctx, func() { h.stop(nil) })
	go func() {
		<-h.done
		unlink()
	}()
}

// supervise runs one handler process after another until ctx is done.
func (h *Host) supervise(ctx context.Context) {
	defer close(h.supervised)
	var counted restarts
	for w := h.worker(); ; w = h.replace(w) {
		h.logger.Debug("starting the handler", "workerId", w.id, "port", h.workerPort)
		kind := w.run(ctx, newProbe(h.app.Settings))
		verdict := counted.after(kind, time.Now())
		if ctx.Err() != nil {
			return
		}
		switch verdict {
		case again:
			h.logger.Info("restarting the handler", "errors", counted.errors)
			continue
		case stop:
			h.logger.Error(ErrRestarts.Error())
			h.stop(ErrRestarts)
		case park:
			h.logger.Warn("the handler has exited and is not started again: invocations fail from now on")
		}
		<-ctx.Done()
		return
	}
}

func (h *Host) worker() *worker {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.current
}

func (h *Host) replace(old *worker) *worker {
	w := h.newWorker()
	h.mu.Lock()
	h.current = w
	h.mu.Unlock()
	close(old.replaced)
	return w
}

// await returns the handler process once it is ready.
func (h *Host) await(ctx context.Context) (*worker, error) {
	patience := time.NewTimer(initializationWaits * h.app.Settings.InitializationTimeout)
	defer patience.Stop()
	for {
		if h.stopped() {
			return nil, errStopped
		}
		w := h.worker()
		select {
		case <-w.ready:
			return w, nil
		case <-w.replaced:
		case <-patience.C:
			h.stop(ErrNotReady)
			return nil, ErrNotReady
		case <-h.stopping:
			return nil, errStopped
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (h *Host) stopped() bool {
	select {
	case <-h.stopping:
		return true
	default:
		return false
	}
}

// stop begins the end, once.
func (h *Host) stop(cause error) {
	h.stopOnce.Do(func() {
		h.err = cause
		close(h.stopping)
		go h.shutdown()
	})
}

// shutdown stops the listeners first and the handler last, as the host does: what
// is under way may end within ShutdownTimeout, and the handler gets no signal.
func (h *Host) shutdown() {
	h.requests.close()
	h.endArming()
	h.front.shutdown()
	idle := make(chan struct{})
	go func() {
		h.timerLoops.Wait()
		h.requests.inside.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-time.After(h.options.ShutdownTimeout):
	}
	h.endInvokes()
	<-h.supervised
	<-idle
	h.front.close()
	close(h.done)
}
