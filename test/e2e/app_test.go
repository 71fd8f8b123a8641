package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/internal/stage"
	"pbirefresh/local/azurite"
	"pbirefresh/local/funchost"
	"pbirefresh/local/sim"
)

// dist is the staged app that all tests share.
var dist string

func TestMain(m *testing.M) {
	flag.Parse()
	// Most of their time they wait for refreshes of seconds: how many run at once is no matter of cores.
	_ = flag.Set("test.parallel", strconv.Itoa(max(8, runtime.NumCPU())))
	dir, err := os.MkdirTemp("", "pbirefresh-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if dist, err = buildApp(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	undescribed := checkContract()
	http.DefaultTransport = leaks.watched(http.DefaultTransport)
	code := m.Run()
	_ = os.RemoveAll(dir)
	if (undescribed() || leaks.leaked()) && code == 0 {
		code = 1
	}
	os.Exit(code)
}

// buildApp builds and stages the app as `make package` does.
func buildApp(dir string) (string, error) {
	exe := filepath.Join(dir, executable())
	if err := build("../..", exe, "e2e"); err != nil {
		return "", err
	}
	dist := filepath.Join(dir, "dist")
	return dist, stage.Stage("../..", dist, exe)
}

func executable() string {
	if runtime.GOOS == "windows" {
		return "refresher.exe"
	}
	return "refresher"
}

// build builds the handler of a source tree.
func build(sources, exe, version string, flags ...string) error {
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags", "-X main.version=" + version, "-o", exe}, flags...)
	cmd := exec.Command("go", append(args, "./cmd/refresher")...)
	cmd.Dir, cmd.Env = sources, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// app is one Functions host with one handler process.
type app struct {
	t      *testing.T
	world  *sim.World
	host   *funchost.Host
	client *handler.Client
	web    *http.Client // nil: the default, which checks what is answered

	mu    sync.Mutex
	lines []string // all that the handler wrote
	said  []string // all that the host wrote
}

// newWorld starts the stand-ins of one test.
func newWorld(t *testing.T) *sim.World {
	t.Helper()
	world, err := sim.Start(sim.WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = world.Close() })
	return world
}

// inMemory and onAzurite are where the state lives.
func inMemory() map[string]string { return map[string]string{"STATE_STORAGE": "memory"} }

func onAzurite(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"STATE_STORAGE":   azurite.Shared(t).ConnectionString(),
		"STATE_CONTAINER": azurite.NewContainer(),
	}
}

// startApp starts a host with the app. Its timer fires only when a test says so.
func startApp(t *testing.T, world *sim.World, settings map[string]string) *app {
	t.Helper()
	return startAppWithKey(t, world, settings, "")
}

// startAppWithKey is startApp with a function key that is known beforehand.
func startAppWithKey(t *testing.T, world *sim.World, settings map[string]string, key string) *app {
	t.Helper()
	return startAppFrom(t, dist, world, settings, key)
}

// startAppFrom starts the app that is staged in root.
func startAppFrom(t *testing.T, root string, world *sim.World, settings map[string]string, key string) *app {
	t.Helper()
	a := &app{t: t, world: world}
	if _, older := olderAPI.Load(root); older {
		a.web = &http.Client{Transport: unchecked}
	}
	env := world.Env()
	env["SWEEP_SCHEDULE"] = "0 0 0 1 1 *"
	for name, value := range settings {
		env[name] = value
	}
	host, err := funchost.Start(t.Context(), funchost.Options{
		Root: root, Env: env, Environ: os.Environ(), FunctionKey: key,
		OnLine: func(l funchost.Line) { a.heard(l.Text) }, Logger: a.hostLog(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.close() })
	a.host = host
	a.register(env)
	a.client = &handler.Client{BaseURL: host.URL(), Key: host.FunctionKey(), HTTP: a.web}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := host.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *app) hostSaid(line string) {
	leaks.wrote(line)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.said = append(a.said, line)
}

func (a *app) heard(line string) {
	leaks.wrote(line)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lines = append(a.lines, line)
}

func (a *app) log() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.lines, "\n")
}

// close stops the host. A test of any kind fails if the handler or the host has
// written a secret.
func (a *app) close() {
	_ = a.host.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, line := range append(a.said, a.lines...) {
		if found := append(leaks.in(line), formsIn(line)...); len(found) > 0 {
			a.t.Errorf("%v in a line of %d bytes that begins %.400q", found, len(line), line)
		}
	}
}

// call sends one request and returns the answer with its body read.
func (a *app) call(method, address, body string, header ...string) (*http.Response, string) {
	a.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = a.host.URL() + address
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("x-functions-key", a.host.FunctionKey())
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := cmp.Or(a.web, http.DefaultClient).Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp, string(b)
}

// trigger asks for a refresh and wants a 202.
func (a *app) trigger(body string) handler.StatusDocument {
	a.t.Helper()
	doc, err := a.client.Trigger(a.t.Context(), []byte(body))
	if err != nil {
		a.t.Fatal(err)
	}
	return doc
}

// at is a status URL that another instance gave, at this one.
func (a *app) at(statusURL string) string {
	u, err := url.Parse(statusURL)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.host.URL() + u.RequestURI()
}

// finish polls to the end.
func (a *app) finish(statusURL string) handler.StatusDocument {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 2*time.Minute)
	defer cancel()
	doc, err := a.client.Watch(ctx, statusURL, func(handler.StatusDocument) {})
	if err != nil {
		a.t.Fatalf("%v\n%s", err, a.log())
	}
	return doc
}

// until waits for what the handler does by itself.
func (a *app) until(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("it does not happen\n%s", a.log())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func body(ref sim.Ref) string {
	b, _ := json.Marshal(map[string]string{"workspaceId": ref.Workspace, "datasetId": ref.Model})
	return string(b)
}

func counters(t *testing.T, world *sim.World, ref sim.Ref) sim.Counters {
	t.Helper()
	c, err := world.PowerBI.Counters(ref)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
