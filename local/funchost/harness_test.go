package funchost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// deadline is generous: it decides only when a broken test gives up.
const deadline = 30 * time.Second

// hostJSON names the test binary as the handler; settings are added to it.
func hostJSON(t *testing.T, members ...string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(exe)
	if err != nil {
		t.Fatal(err)
	}
	members = append(members, `"version":"2.0"`)
	return fmt.Sprintf(`{%s,"customHandler":{"enableForwardingHttpRequest":true,
		"description":{"defaultExecutablePath":%s,"arguments":["-run=^$"]}}}`, strings.Join(members, ","), quoted)
}

func httpFunction(route, level, methods string) string {
	return fmt.Sprintf(`{"bindings":[
		{"type":"httpTrigger","direction":"in","name":"req","authLevel":%q,"route":%q,"methods":[%s]},
		{"type":"http","direction":"out","name":"$return"}]}`, level, route, methods)
}

func timerFunction(schedule, more string) string {
	return fmt.Sprintf(`{"bindings":[{"type":"timerTrigger","direction":"in","name":"tick","schedule":%q%s}]}`, schedule, more)
}

const never = "0 0 0 29 2 *"

// appFiles is an app with one function of each kind.
func appFiles(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"host.json":            hostJSON(t),
		"Echo/function.json":   httpFunction("echo/{*rest}", "anonymous", ""),
		"Act/function.json":    httpFunction("do/{what}", "anonymous", `"GET","post"`),
		"Keyed/function.json":  httpFunction("keyed", "function", `"get"`),
		"Admins/function.json": httpFunction("admins", "admin", `"get"`),
		"Tick/function.json":   timerFunction(never, `,"useMonitor":false`),
	}
}

func writeFiles(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A rig is a running host and what it has said.
type rig struct {
	*Host
	t *testing.T

	mu    sync.Mutex
	lines []Line
	log   bytes.Buffer
}

func (r *rig) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

func (r *rig) logged(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Contains(r.log.String(), text)
}

func (r *rig) heard() []Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Line(nil), r.lines...)
}

// start runs an app. The handler mode and other settings go into env.
func start(t *testing.T, files map[string]string, env map[string]string, edit ...func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t}
	root := t.TempDir()
	writeFiles(t, root, files)
	settings := map[string]string{modeVariable: "serve"}
	maps.Copy(settings, env)
	options := Options{
		Root: root, Env: settings, TimeoutGrace: time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnLine: func(l Line) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.lines = append(r.lines, l)
		},
	}
	for _, e := range edit {
		e(&options)
	}
	host, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	t.Cleanup(func() {
		_ = host.Close()
		if t.Failed() {
			t.Logf("log of the host:\n%s", r.log.String())
		}
	})
	return r
}

// eventually polls a condition that must come true.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	give := time.After(deadline)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-give:
			t.Fatalf("never came true: %s", what)
		case <-tick.C:
		}
	}
}

func awaitDone(t *testing.T, h *Host) {
	t.Helper()
	select {
	case <-h.Done():
	case <-time.After(deadline):
		t.Fatal("the host does not stop")
	}
}

// A received is a response with its body read.
type received struct {
	*http.Response
	body string
}

// send makes a request that follows no redirect. Headers are "Name: value".
func (r *rig) send(method, path, body string, headers ...string) received {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.URL()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Add(name, value)
		if name == "Host" {
			request.Host = value
		}
	}
	return r.do(request)
}

func (r *rig) do(request *http.Request) received {
	r.t.Helper()
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return received{response, string(body)}
}

func (r *rig) get(path string, headers ...string) received {
	r.t.Helper()
	return r.send(http.MethodGet, path, "", headers...)
}

// want fails unless the response has that status.
func (p received) want(t *testing.T, status int) received {
	t.Helper()
	if p.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %s", p.Request.Method, p.Request.URL, p.StatusCode, status, p.body)
	}
	return p
}

// echo sends a request to the echoing function and returns what it saw.
func (r *rig) echo(method, path, body string, headers ...string) seen {
	r.t.Helper()
	var got seen
	r.decode(r.send(method, path, body, headers...).want(r.t, http.StatusOK).body, &got)
	return got
}

func (r *rig) decode(text string, into any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		r.t.Fatalf("%v: %s", err, text)
	}
}

// timerPosts returns what the handler was sent for its timers.
func (r *rig) timerPosts() []seen {
	r.t.Helper()
	var posts []seen
	r.decode(r.get("/api/do/timers").want(r.t, http.StatusOK).body, &posts)
	return posts
}

func (r *rig) waitReady() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), deadline)
	defer cancel()
	if err := r.WaitReady(ctx); err != nil {
		r.t.Fatal(err)
	}
}

func makeExecutable(t *testing.T, path string) {
	t.Helper()
	if err := os.Chmod(path, 0o700); err != nil { //nolint:gosec // it is to be executable
		t.Fatal(err)
	}
}
