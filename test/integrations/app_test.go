package integrations

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
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
	// They wait for refreshes of a second or two: how many run at once is no matter of cores.
	_ = flag.Set("test.parallel", "8")
	dir, err := os.MkdirTemp("", "pbirefresh-integrations-")
	if err == nil {
		dist, err = buildApp(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// buildApp builds and stages the app as `make package` does.
func buildApp(dir string) (string, error) {
	exe := filepath.Join(dir, "refresher")
	if runtime.GOOS == "windows" {
		exe += ".exe"
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", exe, "../../cmd/refresher")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	dist := filepath.Join(dir, "dist")
	return dist, stage.Stage("../..", dist, exe)
}

// app is the app in a test's own world: one Functions host, one handler process.
type app struct {
	world *sim.World
	host  *funchost.Host
	dies  bool // callers are as patient between retries as a restart lasts on a busy machine

	mu  sync.Mutex
	log []string
}

// patience is how long one caller may take: what hangs must fail, and say what.
func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// callBackWithin is how long a service waits to be called back.
const callBackWithin = 2 * time.Minute

// setting changes the settings of an app before it starts.
type setting func(env map[string]string)

// startApp starts the app. Its timer fires only when a test fires it, so only the
// caller's polls move a refresh on.
func startApp(t *testing.T, settings ...setting) *app {
	t.Helper()
	world, err := sim.Start(sim.WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = world.Close() })
	env := world.Env()
	env["SWEEP_SCHEDULE"] = "0 0 0 1 1 *"
	env["STATE_STORAGE"] = "memory"
	for _, set := range settings {
		set(env)
	}
	a := &app{world: world}
	a.host, err = funchost.Start(t.Context(), funchost.Options{Root: dist, Env: env, Environ: os.Environ(),
		OnLine: func(l funchost.Line) { a.heard(l.Text) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.close(t) })
	a.ready(t)
	return a
}

func (a *app) ready(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := a.host.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
}

func (a *app) heard(line string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.log = append(a.log, line)
}

// close stops the app. A test fails if what the app wrote holds a secret.
func (a *app) close(t *testing.T) {
	_ = a.host.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	log := strings.Join(a.log, "\n")
	for _, secret := range []string{sim.SecretValue, a.host.FunctionKey(), "sig="} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %.8s...", secret)
		}
	}
	if t.Failed() {
		t.Log(log)
	}
}

// storage is for one app at a time: on a busy machine the blob service answers four at
// once too late, and a caller that does not ask again has failed for that.
var storage = make(chan struct{}, 1)

// durable is an app whose state outlives its process, in a real blob service.
func durable(t *testing.T) setting {
	t.Helper()
	server := azurite.Shared(t)
	storage <- struct{}{}
	t.Cleanup(func() { <-storage })
	return func(env map[string]string) {
		env["STATE_STORAGE"], env["STATE_CONTAINER"] = server.ConnectionString(), azurite.NewContainer()
	}
}

// models counts the models that tests have added, for their ids.
var models atomic.Int64

// model adds a model of its own for one caller, so that many can share an app.
func (a *app) model(t *testing.T, knobs sim.Knobs) sim.Ref {
	t.Helper()
	id := fmt.Sprintf("7e4a0000-51b1-4d00-8000-%012x", 0xca11e4000000+models.Add(1))
	ref := sim.Ref{Workspace: sim.WorkspaceID, Model: id}
	if knobs.Duration == 0 {
		knobs.Duration = time.Second
	}
	if err := a.world.PowerBI.AddModel(ref, id, knobs); err != nil {
		t.Fatal(err)
	}
	return ref
}

// failing is a model whose next refreshes all fail, with reason in their text.
func (a *app) failing(t *testing.T) sim.Ref {
	t.Helper()
	ref := a.model(t, sim.Knobs{})
	if err := a.world.PowerBI.FailNext(ref, sim.FailCredentials); err != nil {
		t.Fatal(err)
	}
	return ref
}

// reason is in the message of what [app.failing] does to a refresh.
const reason = "credentials"

// once asserts that a model was refreshed once, whatever its caller sent.
func (a *app) once(t *testing.T, ref sim.Ref) {
	t.Helper()
	c, err := a.world.PowerBI.Counters(ref)
	if err != nil || c.Accepted != 1 || c.RefusedByOwn != 0 {
		t.Errorf("%d refreshes were accepted, %d refused, %v; want one", c.Accepted, c.RefusedByOwn, err)
	}
}

// labelled asserts that the list finds the refresh of a model by the id of the run that asked for it.
func (a *app) labelled(t *testing.T, ref sim.Ref, run string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.host.URL()+"/api/operations?label="+url.QueryEscape(run), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-functions-key", a.host.FunctionKey())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var list struct{ Value []handler.OperationEntry }
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil || len(list.Value) != 1 || list.Value[0].DatasetID != ref.Model {
		t.Errorf("label %s finds %+v (%s, %v), want one operation of model %s", run, list.Value, resp.Status, err, ref.Model)
	}
}

// The addresses in the templates, filled in, and where they lead in a test.
const (
	appURL   = "https://pbirefresh.azurewebsites.net"
	vaultURL = "https://contoso.vault.azure.net"
	secret   = "pbirefresh-function-key"
)

// azure is an app whose callers use appURL.
func azure(env map[string]string) { env["PUBLIC_BASE_URL"] = appURL }

// cloud routes requests by their host, as the internet would: to the app, to the
// vault with its function key. An unknown host does not exist.
type cloud struct{ app *app }

func (c cloud) RoundTrip(r *http.Request) (*http.Response, error) {
	base := r.URL.Scheme + "://" + r.URL.Host
	switch base {
	case vaultURL:
		return c.vault(r), nil
	case appURL:
		to := r.Clone(r.Context())
		to.Host, to.URL.Scheme, to.URL.Host = r.URL.Host, "http", strings.TrimPrefix(c.app.host.URL(), "http://")
		return http.DefaultTransport.RoundTrip(to)
	default:
		return nil, fmt.Errorf("no such host: %s", base)
	}
}

// msi is a managed identity's token for a resource.
func msi(resource string) string { return "token for " + resource }

// vault is Key Vault's answer to "get secret" by a managed identity
// (documented: https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret).
func (c cloud) vault(r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	switch {
	case r.Header.Get("Authorization") != "Bearer "+msi("https://vault.azure.net"):
		http.Error(w, `{"error":{"code":"Unauthorized"}}`, http.StatusUnauthorized)
	case r.URL.Path != "/secrets/"+secret || r.URL.Query().Get("api-version") == "":
		http.Error(w, `{"error":{"code":"SecretNotFound"}}`, http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"value":%q,"id":"%s/secrets/%s/1","attributes":{"enabled":true}}`, c.app.host.FunctionKey(), vaultURL, secret)
	}
	return w.Result()
}

// file reads one of the files, with the addresses filled in as a user would.
func file(t *testing.T, path string) []byte {
	t.Helper()
	return []byte(strings.NewReplacer(
		"https://YOUR-APP.azurewebsites.net", appURL,
		"https://YOUR-VAULT.vault.azure.net", vaultURL,
	).Replace(string(raw(t, path))))
}

// start asks for a refresh and returns the operation's id.
func (a *app) start(t *testing.T, ref sim.Ref) handler.StatusDocument {
	t.Helper()
	c := &handler.Client{BaseURL: a.host.URL(), Key: a.host.FunctionKey()}
	doc, err := c.Trigger(t.Context(), body(ref))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
