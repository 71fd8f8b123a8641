package funchost

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestCloseWaitsForRunningTimer: the listener of a timer lets a run end before
// the handler is killed.
func TestCloseWaitsForRunningTimer(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "go")
	files := appFiles(t)
	files["Tick/function.json"] = timerFunction(never, `,"useMonitor":false,"runOnStartup":true`)
	r := start(t, files, map[string]string{"FUNCHOST_TEST_ANSWER": "wait:" + flag}, func(o *Options) { o.ShutdownTimeout = deadline })
	eventually(t, "the run", func() bool { return len(r.timerPosts()) == 1 })
	closed := make(chan struct{})
	go func() {
		_ = r.Close()
		close(closed)
	}()
	<-r.stopping
	if _, err := r.await(t.Context()); !errors.Is(err, errStopped) {
		t.Errorf("an invocation begins during the end: %v", err)
	}
	select {
	case <-closed:
		t.Fatal("Close did not wait for the run")
	default:
	}
	writeFiles(t, filepath.Dir(flag), map[string]string{"go": ""})
	<-closed
	if !r.logged("Executed (Succeeded)") || r.logged("Executed (Failed)") {
		t.Error("the run did not end well")
	}
}

// TestCloseFromMany: every Close returns when all is over.
func TestCloseFromMany(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			_ = r.Close()
			select {
			case <-r.Done():
			default:
				t.Error("Close returned too soon")
			}
		})
	}
	all.Wait()
	if got := r.getQuietly("/api/echo/x"); got.StatusCode != 0 {
		t.Errorf("a closed host answers %d", got.StatusCode)
	}
}

// TestCloseBeforeReady must neither hang nor count as a failure.
func TestCloseBeforeReady(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), map[string]string{modeVariable: "never"})
	answered := make(chan received, 1)
	go func() { answered <- r.getQuietly("/api/echo/x") }()
	eventually(t, "a request waits", func() bool { return r.logged("Executing") })
	_ = r.Close()
	<-answered
	if r.Err() != nil || r.logged("timed out") {
		t.Errorf("Err = %v", r.Err())
	}
}

func TestWaitReadyHonoursItsContext(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), map[string]string{modeVariable: "never"})
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if err := r.WaitReady(ctx); !errors.Is(err, cause) {
		t.Errorf("WaitReady = %v, want %v", err, cause)
	}
	select {
	case <-r.Done():
		t.Error("an impatient caller has stopped the host")
	default:
	}
}

func TestKillBeforeStart(t *testing.T) {
	t.Parallel()
	h := &Host{app: &App{}}
	h.options, _ = Options{Root: "x"}.withDefaults()
	h.current = h.newWorker()
	if err := h.KillHandler(); err == nil {
		t.Error("a process that never was has been killed")
	}
	if h.HandlerPID() != 0 {
		t.Errorf("pid %d", h.HandlerPID())
	}
	h.current.kill() // must do no harm
}

func TestGate(t *testing.T) {
	t.Parallel()
	var g gate
	for range 2 {
		if !g.enter() {
			t.Fatal("an open gate is closed")
		}
	}
	g.close()
	if g.enter() {
		t.Error("a closed gate is open")
	}
	empty := make(chan struct{})
	go func() {
		g.inside.Wait()
		close(empty)
	}()
	g.leave()
	select {
	case <-empty:
		t.Error("empty with one inside")
	default:
	}
	g.leave()
	<-empty
}

func TestOptionDefaults(t *testing.T) {
	t.Parallel()
	o, err := Options{Root: "x"}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if o.Addr != "127.0.0.1:0" || o.TimeoutGrace != 2*time.Second || o.ShutdownTimeout != 10*time.Second {
		t.Errorf("defaults %+v", o)
	}
	o.Logger.Info("to no reader")
	o.OnLine(Line{})
	set := Options{Root: "x", Addr: "a", FunctionKey: "f", MasterKey: "m", TimeoutGrace: 1, ShutdownTimeout: 1}
	got, err := set.withDefaults()
	if err != nil || got.Addr != "a" || got.FunctionKey != "f" || got.MasterKey != "m" || got.TimeoutGrace != 1 || got.ShutdownTimeout != 1 {
		t.Errorf("what is set is not kept: %+v, %v", got, err)
	}
}

func TestNewGUID(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 1000 {
		id := newGUID()
		if !anyGUID.MatchString(id) || id[14] != '4' || seen[id] {
			t.Fatalf("%s is no new random GUID", id)
		}
		seen[id] = true
	}
}
