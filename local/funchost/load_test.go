package funchost

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
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

// echoQuietly serves a request in this process: no t.Fatal from goroutines.
func (r *rig) echoQuietly(body string) seen {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodPost, "/api/echo/x", strings.NewReader(body))
	r.serve(recorder, request)
	var got seen
	if recorder.Code != http.StatusOK {
		r.t.Errorf("status %d", recorder.Code)
		return got
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
		r.t.Error(err)
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

// TestErrorsOfTheHandlerPass: 4xx and 5xx are answers like any other.
func TestErrorsOfTheHandlerPass(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	for _, status := range []int{204, 304, 400, 404, 409, 410, 429, 500, 503} {
		got := r.get(fmt.Sprintf("/api/do/status?code=%d", status)).want(t, status)
		if got.Header.Get("X-Of-Handler") != "yes" {
			t.Errorf("%d: the answer is not the handler's", status)
		}
		if bodiless := status == 204 || status == 304; (got.body == "") != bodiless {
			t.Errorf("%d: body %q", status, got.body)
		}
	}
	if r.logged("Executed (Failed)") {
		t.Error("an error status counts as a failed invocation")
	}
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
	answered := make(chan reply, 1)
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
