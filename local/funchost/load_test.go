package funchost

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestManyRequestsAtOnce: each gets its own answer, under its own invocation id.
func TestManyRequestsAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	const callers, each = 8, 10
	var all sync.WaitGroup
	var mu sync.Mutex
	ids := make(map[string]bool)
	for caller := range callers {
		all.Go(func() {
			for n := range each {
				body := fmt.Sprintf("caller %d request %d", caller, n)
				got := r.echoQuietly(body)
				if got.Body != body {
					t.Errorf("%q was answered with %q", body, got.Body)
				}
				mu.Lock()
				ids[got.Header.Get(invocationHeader)] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(ids) != callers*each {
		t.Errorf("%d invocation ids for %d requests", len(ids), callers*each)
	}
}

// echoQuietly may be used in any goroutine.
func (r *rig) echoQuietly(body string) (got seen) {
	response, err := http.Post(r.URL()+"/api/echo/x", "text/plain", strings.NewReader(body)) //nolint:noctx // as short as the test
	if err != nil {
		r.t.Error(err)
		return got
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		r.t.Error(response.Status, err)
	}
	return got
}

// TestTwoHosts run side by side, each with its own handler.
func TestTwoHosts(t *testing.T) {
	t.Parallel()
	first := start(t, appFiles(t), map[string]string{"WHO": "first"})
	second := start(t, appFiles(t), map[string]string{"WHO": "second"})
	for who, r := range map[string]*rig{"first": first, "second": second} {
		if got := r.echo(http.MethodGet, "/api/echo/x", ""); !slices.Contains(got.Env, "WHO="+who) {
			t.Errorf("the %s host asks another's handler", who)
		}
	}
	if first.workerPort == second.workerPort || first.HandlerPID() == second.HandlerPID() {
		t.Error("two hosts share a port or a process")
	}
	_ = first.Close()
	second.get("/api/echo/x").want(t, http.StatusOK)
}

func TestLargeBody(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	body := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	if got := r.echo(http.MethodPut, "/api/echo/x", body); got.Body != body {
		t.Errorf("%d bytes arrived of %d", len(got.Body), len(body))
	}
}

// TestRequestDuringCrash: what is under way fails with an empty 500, what comes
// later waits for the next process.
func TestRequestDuringCrash(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	answered := make(chan received, 1)
	go func() { answered <- r.getQuietly("/api/do/hold") }()
	eventually(t, "the request is held", func() bool { return r.get("/api/do/held").body == "1 0" })
	id := r.WorkerID()
	if err := r.KillHandler(); err != nil {
		t.Fatal(err)
	}
	if got := <-answered; got.StatusCode != http.StatusInternalServerError || got.ContentLength != 0 {
		t.Errorf("status %d with %d bytes", got.StatusCode, got.ContentLength)
	}
	eventually(t, "another process", func() bool { return r.WorkerID() != id })
	if got := r.get("/api/do/held").want(t, http.StatusOK); got.body != "0 0" {
		t.Errorf("not a new process: %s", got.body)
	}
}

func TestRoutePrefixOverride(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), map[string]string{"AzureFunctionsJobHost__extensions__http__routePrefix": "v1/x"})
	r.get("/api/do/timers").want(t, http.StatusNotFound)
	r.get("/V1/X/echo/y").want(t, http.StatusOK)
}
