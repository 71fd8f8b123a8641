package funchost

import (
	"net/http"
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil, func(o *Options) { o.FunctionKey, o.MasterKey = "fn+key", "master" })
	tests := []struct {
		name, path string
		headers    []string
		want       int
	}{
		{"anonymous", "/api/echo/x", nil, 200},
		{"anonymous with a bad key", "/api/echo/x?code=bad", nil, 200},
		{"none", "/api/keyed", nil, 401},
		{"bad", "/api/keyed?code=bad", nil, 401},
		{"empty", "/api/keyed?code=", nil, 401},
		{"query", "/api/keyed?code=fn%2Bkey", nil, 200},
		{"header", "/api/keyed", []string{"x-functions-key: fn+key"}, 200},
		{"header wins, good", "/api/keyed?code=bad", []string{"x-functions-key: fn+key"}, 200},
		{"header wins, bad", "/api/keyed?code=fn%2Bkey", []string{"x-functions-key: bad"}, 401},
		{"master", "/api/keyed?code=master", nil, 200},
		{"admin with function key", "/api/admins?code=fn%2Bkey", nil, 401},
		{"admin with master key", "/api/admins", []string{"x-functions-key: master"}, 200},
		{"unknown route", "/api/nothing?code=master", nil, 404},
		{"no prefix", "/keyed?code=master", nil, 404},
		{"timers have no route", "/api/Tick?code=master", nil, 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := r.get(tt.path, tt.headers...).want(t, tt.want)
			if tt.want >= 400 && got.body != "" {
				t.Errorf("the host's refusal has a body: %q", got.body)
			}
		})
	}
	r.send(http.MethodPost, "/api/keyed?code=master", "").want(t, http.StatusNotFound) // not in methods
	r.get("/").want(t, http.StatusOK)
	if r.logged("fn+key") || r.logged("master") {
		t.Error("a key is in the log")
	}
}

func TestRandomKeys(t *testing.T) {
	t.Parallel()
	first, second := start(t, appFiles(t), nil), start(t, appFiles(t), nil)
	if first.FunctionKey() == second.FunctionKey() || first.FunctionKey() == first.MasterKey() || len(first.MasterKey()) < 40 {
		t.Error("keys are not random")
	}
	if first.URL() == second.URL() {
		t.Errorf("two hosts on %s", first.URL())
	}
	first.get("/api/keyed?code="+second.FunctionKey()).want(t, http.StatusUnauthorized)
	first.get("/api/keyed?code="+first.FunctionKey()).want(t, http.StatusOK)
}

func TestDisabledFunction(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), map[string]string{"AzureWebJobs.Echo.Disabled": "true", "AzureWebJobs_Keyed_Disabled": "1"})
	r.get("/api/echo/x").want(t, http.StatusNotFound)
	r.get("/api/keyed?code="+r.FunctionKey()).want(t, http.StatusNotFound)
	r.get("/api/keyed?code="+r.MasterKey()).want(t, http.StatusOK)
}

func TestAdminRun(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	key := "X-Functions-Key: " + r.MasterKey()
	const path = "/admin/functions/"
	r.send(http.MethodPost, path+"Tick", "{}").want(t, http.StatusUnauthorized)
	r.send(http.MethodPost, path+"Tick", "{}", "X-Functions-Key: "+r.FunctionKey()).want(t, http.StatusUnauthorized)
	r.send(http.MethodPost, path+"Nothing", "{}", key).want(t, http.StatusNotFound)
	r.send(http.MethodPost, path+"Echo", "{}", key).want(t, http.StatusNotImplemented)
	r.send(http.MethodGet, path+"Tick", "", key).want(t, http.StatusNotFound)
	r.send(http.MethodPost, path+"Tick", "", key).want(t, http.StatusBadRequest)
	r.send(http.MethodPost, path+"Tick", "x", key).want(t, http.StatusBadRequest)
	if posts := r.timerPosts(); len(posts) != 0 {
		t.Fatalf("a refused run reached the handler: %v", posts)
	}
	r.send(http.MethodPost, path+"tick", `{"input":""}`, key).want(t, http.StatusAccepted)
	eventually(t, "the run reaches the handler", func() bool { return len(r.timerPosts()) == 1 })
}

func TestPing(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	before := r.get("/api/do/probes").body
	r.get("/admin/host/ping").want(t, http.StatusOK)
	if after := r.get("/api/do/probes").body; after == before {
		t.Errorf("GET / was asked %s times before and after a ping", after)
	}
}

func TestLateRequest(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	r.requests.close()
	if got := r.get("/api/echo/x").want(t, http.StatusServiceUnavailable); !strings.Contains(got.body, "not running") {
		t.Errorf("body = %q", got.body)
	}
	if err := r.Fire(t.Context(), "Tick"); err == nil {
		t.Error("a timer runs after the end")
	}
}

// A host that listens on all addresses has one that can be called.
func TestDialable(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"127.0.0.1:7071":   "127.0.0.1:7071",
		"[::1]:7071":       "[::1]:7071",
		"192.168.1.2:7071": "192.168.1.2:7071",
		"[::]:7071":        "127.0.0.1:7071",
		"0.0.0.0:7071":     "127.0.0.1:7071",
	} {
		if got := dialable(addr); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}
