package funchost

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// initialization overrides host.json.
const initialization = "AzureFunctionsJobHost__customHandler__initializationTimeout"

func TestRestartRules(t *testing.T) {
	t.Parallel()
	var r restarts
	now := at(t, "2026-01-01T00:00:00Z")
	steps := []struct {
		name  string
		after time.Duration
		kind  exitKind
		want  verdict
	}{
		{"first error", 0, exitError, again},
		{"second error", time.Minute, exitError, again},
		{"restart is free", time.Minute, exitRestart, again},
		{"time-out is free", time.Minute, exitTimeout, again},
		{"error after a quiet time", errorWindow + time.Second, exitError, again},
		{"second again", errorWindow, exitError, again},
		{"third within the window of the second", errorWindow, exitError, stop},
	}
	for _, step := range steps {
		now = now.Add(step.after)
		if got := r.after(step.kind, now); got != step.want {
			t.Errorf("%s: verdict %d, want %d", step.name, got, step.want)
		}
	}
	for _, kind := range []exitKind{exitClean, exitStopped, exitUnborn} {
		if got := new(restarts).after(kind, now); got != park {
			t.Errorf("exit %d: verdict %d, want park", kind, got)
		}
	}
}

func TestSpawn(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), map[string]string{"SETTING": "a value"}, func(o *Options) {
		o.Environ = []string{"PATH=/bin", "Home=/h", "SECRET_OF_PARENT=x", "=C:=x"}
	})
	got := r.echo(http.MethodGet, "/api/echo/x", "")
	for _, want := range []string{
		"FUNCTIONS_HTTPWORKER_PORT=" + r.workerPort, "FUNCTIONS_CUSTOMHANDLER_PORT=" + r.workerPort,
		"FUNCTIONS_HTTPWORKER_ID=" + r.WorkerID(), "FUNCTIONS_CUSTOMHANDLER_WORKER_ID=" + r.WorkerID(),
		"FUNCTIONS_APP_ROOT_PATH=" + r.App().Root, "SETTING=a value", "PATH=/bin", "Home=/h",
	} {
		if !slices.Contains(got.Env, want) {
			t.Errorf("environment lacks %s", want)
		}
	}
	if i := slices.IndexFunc(got.Env, func(s string) bool { return strings.Contains(s, "SECRET_OF_PARENT") }); i >= 0 {
		t.Error("the parent's environment leaks")
	}
	if dir, err := filepath.EvalSymlinks(r.App().Root); err != nil || got.Dir != dir {
		t.Errorf("working directory %s, want %s", got.Dir, dir)
	}
	if !slices.Equal(got.Args, []string{"-run=^$"}) || !anyGUID.MatchString(r.WorkerID()) {
		t.Errorf("arguments %q, worker id %q", got.Args, r.WorkerID())
	}
}

func TestChildEnvironment(t *testing.T) {
	t.Parallel()
	o := Options{
		Environ: []string{"PATH=p", "OTHER=o", "SHARED=parent", "FUNCTIONS_HTTPWORKER_ID=parent"},
		Env:     map[string]string{"SHARED": "app", "FUNCTIONS_CUSTOMHANDLER_PORT": "app"},
	}
	own := []string{
		"FUNCTIONS_APP_ROOT_PATH=/root", "FUNCTIONS_CUSTOMHANDLER_PORT=1", "FUNCTIONS_CUSTOMHANDLER_WORKER_ID=id",
		"FUNCTIONS_HTTPWORKER_ID=id", "FUNCTIONS_HTTPWORKER_PORT=1",
	}
	if got, want := o.childEnv("/root", "id", "1"), append(slices.Clone(own), "PATH=p", "SHARED=app"); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	o.InheritEnviron = true
	if got, want := o.childEnv("/root", "id", "1"), append(slices.Clone(own), "OTHER=o", "PATH=p", "SHARED=app"); !slices.Equal(got, want) {
		t.Errorf("inherited: got %q\nwant %q", got, want)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	writeFiles(t, root, appFiles(t))
	bad := filepath.Join(t.TempDir(), "status")
	writeFiles(t, filepath.Dir(bad), map[string]string{"status": "{"})
	for name, o := range map[string]Options{
		"no root":          {},
		"no app":           {Root: t.TempDir()},
		"bad address":      {Root: root, Addr: "nowhere:-1"},
		"bad body limit":   {Root: root, Env: map[string]string{bodyLimitSetting: "x"}},
		"bad status file":  {Root: root, StatusFile: bad},
		"address in use":   {Root: root, Addr: strings.TrimPrefix(start(t, appFiles(t), nil).URL(), "http://")},
		"status unopened":  {Root: root, StatusFile: root},
		"forwarding is no": {Root: root, Env: map[string]string{"AzureFunctionsJobHost__customHandler__enableForwardingHttpRequest": "false"}},
	} {
		if h, err := Start(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "funchost: ") {
			t.Errorf("%s: %v, %v", name, h, err)
		}
	}
}

func TestExitZeroIsForGood(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	r.get("/api/do/exit?code-of-exit=0").want(t, http.StatusInternalServerError)
	eventually(t, "the host has noticed", func() bool { return r.logged("is not started again") })
	id, pid := r.WorkerID(), r.HandlerPID()
	if got := r.get("/api/echo/x").want(t, http.StatusInternalServerError); got.body != "" {
		t.Errorf("body %q, want none", got.body)
	}
	if r.WorkerID() != id || r.HandlerPID() != pid {
		t.Error("the handler was started again")
	}
	if err := r.KillHandler(); err == nil {
		t.Error("a process that is gone was killed")
	}
}

func TestExit200IsFree(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	port, ids := r.workerPort, map[string]bool{}
	for range 2 * maxErrors {
		id := r.WorkerID()
		ids[id] = true
		r.get("/api/do/exit?code-of-exit=200").want(t, http.StatusInternalServerError)
		eventually(t, "another process", func() bool { return r.WorkerID() != id })
		if got := r.echo(http.MethodGet, "/api/echo/x", ""); !slices.Contains(got.Env, "FUNCTIONS_CUSTOMHANDLER_PORT="+port) {
			t.Error("the port has changed")
		}
	}
	if len(ids) != 2*maxErrors {
		t.Errorf("worker ids repeat: %v", ids)
	}
}

func TestThirdCrashStopsTheHost(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	for range maxErrors - 1 {
		r.waitReady()
		id := r.WorkerID()
		if err := r.KillHandler(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "another process", func() bool { return r.WorkerID() != id })
		r.get("/api/echo/x").want(t, http.StatusOK) // waits for it
	}
	r.getQuietly("/api/do/exit?code-of-exit=5") // the host may go before it answers
	awaitDone(t, r.Host)
	if err := r.Err(); !errors.Is(err, ErrRestarts) {
		t.Errorf("Err = %v", err)
	}
	if !r.logged("exit status 5") || !r.logged("Language Worker Process exited") {
		t.Error("the exit is not logged")
	}
	if err := r.WaitReady(t.Context()); err == nil {
		t.Error("a stopped host is ready")
	}
}

func TestCrashAtStart(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), map[string]string{modeVariable: "exit:3"})
	awaitDone(t, r.Host)
	if !errors.Is(r.Err(), ErrRestarts) || !r.logged("two error | three error | four error") || r.logged("one error |") {
		t.Errorf("Err = %v; want the last three error lines in the log", r.Err())
	}
}

func TestNeverReady(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"never", "exit:0"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			r := start(t, appFiles(t), map[string]string{modeVariable: mode, initialization: "00:00:00.2"})
			awaitDone(t, r.Host)
			if !errors.Is(r.Err(), ErrRestarts) || !r.logged("Initializing HttpWorker timed out") {
				t.Errorf("Err = %v", r.Err())
			}
		})
	}
}

func TestUnstartableHandler(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // any file is taken for a program there, or none
	}
	r := start(t, appFiles(t), map[string]string{initialization: "00:00:00.02"}, func(o *Options) {
		makeExecutable(t, filepath.Join(o.Root, "Echo", "function.json"))
		o.Env["AzureFunctionsJobHost__customHandler__description__defaultExecutablePath"] = "Echo/function.json"
	})
	eventually(t, "the failure is logged", func() bool { return r.logged("Failed to start Worker Channel") })
	if err := r.WaitReady(t.Context()); !errors.Is(err, ErrNotReady) {
		t.Errorf("WaitReady = %v", err)
	}
	awaitDone(t, r.Host)
	if !errors.Is(r.Err(), ErrNotReady) || r.HandlerPID() != 0 {
		t.Errorf("Err = %v, pid %d", r.Err(), r.HandlerPID())
	}
}

// TestRequestsWaitForReadiness also covers a restart: the second process starts
// as slowly as the first.
func TestRequestsWaitForReadiness(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "go")
	r := start(t, appFiles(t), map[string]string{modeVariable: "wait:" + flag})
	status := make(chan int, 1)
	go func() { status <- r.getQuietly("/api/echo/x").StatusCode }()
	eventually(t, "the process is there", func() bool { return r.HandlerPID() != 0 })
	id := r.WorkerID()
	if err := r.KillHandler(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another process", func() bool { return r.WorkerID() != id && r.HandlerPID() != 0 })
	select {
	case got := <-status:
		t.Fatalf("answered %d before the handler was ready", got)
	default:
	}
	writeFiles(t, filepath.Dir(flag), map[string]string{"go": ""})
	if got := <-status; got != http.StatusOK {
		t.Errorf("status %d after the wait", got)
	}
}

func TestCloseKills(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil, func(o *Options) { o.ShutdownTimeout = time.Millisecond })
	answered := make(chan received, 1)
	r.waitReady()
	w := r.worker().process.(systemProcess)
	go func() { answered <- r.getQuietly("/api/do/hang") }()
	eventually(t, "the request is under way", func() bool { return r.logged("Executing") })
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	<-answered
	if state := w.cmd.ProcessState; state == nil || runtime.GOOS != "windows" && state.String() != "signal: killed" {
		t.Errorf("the handler ended with %v", state)
	}
	if r.Err() != nil {
		t.Errorf("Err = %v", r.Err())
	}
	_ = r.Close() // again
}

// getQuietly is a request whose failure is no matter.
func (r *rig) getQuietly(path string) received {
	request, err := http.NewRequestWithContext(context.WithoutCancel(r.t.Context()), http.MethodGet, r.URL()+path, http.NoBody)
	if err != nil {
		return received{Response: new(http.Response)}
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return received{Response: new(http.Response)}
	}
	_ = response.Body.Close()
	return received{Response: response}
}

func TestEndOfContext(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	writeFiles(t, root, appFiles(t))
	ctx, cancel := context.WithCancel(t.Context())
	h, err := Start(ctx, Options{Root: root, Env: map[string]string{modeVariable: "serve"}})
	if err != nil {
		t.Fatal(err)
	}
	if h.Err() != nil {
		t.Errorf("Err of a running host = %v", h.Err())
	}
	cancel()
	awaitDone(t, h)
	if h.Err() != nil {
		t.Errorf("Err = %v", h.Err())
	}
}
