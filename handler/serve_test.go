package handler

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// App Service authentication lets what lies below /api/refreshes/ pass without a token,
// for status URLs, and the host takes a slash at the end for none: only one spelling of
// the path asks for a refresh here.
func TestTheTriggerHasOneSpelling(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, path := range []string{
		"/api/refreshes/", "/api/refreshes//", "/api//refreshes", "//api/refreshes", "/API/refreshes/", "/api/Refreshes/", "/api/refreshes/.", "/api/refreshes/x/..",
		"/api/refreshes/%2e", "/api/refreshes/x/%2e%2e", "/api/refreshes%2f", "/api/refreshes;x", "/api/refreshes/%20", "/api/refreshes/x/../../refreshes",
	} {
		if a := b.raw(http.MethodPost, path, wholeModel()); a.code != http.StatusNotFound || b.fake.count("trigger") > 0 {
			t.Fatalf("POST %s: HTTP %d and %d triggers, want 404 and none", path, a.code, b.fake.count("trigger"))
		}
	}
	b.trigger(wholeModel()).is(http.StatusAccepted)
}

// Case does not count in fixed segments, and a slash may follow an id, which keeps its case.
func TestPathsAsCallersWriteThem(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"POST /API/Refreshes": "trigger", "POST /Api/refreshes": "trigger",
		"GET /api/refreshes/" + testID + "/?wait=0&sig=" + testSig: "status " + testID, "GET /api/Refreshes/" + testID + "?sig=" + testSig: "status " + testID,
		"HEAD /API/REFRESHES/" + testID + "/?sig=" + testSig: "status " + testID, "GET /API/Operations/" + testID + "/": "status " + testID,
		"POST /api/operations/" + testID + "/Cancel?sig=" + testSig: "cancel " + testID, "DELETE /Api/Operations/" + testID + "/CANCEL?sig=" + testSig: "cancel " + testID,
		"POST /api/operations/" + testID + "/Cancel-All": "cancel " + testID + " force",
		"GET /api/operations/" + strings.ToUpper(testID): "", // another id, and none of ours
	} {
		b := newBench(t)
		method, path, _ := strings.Cut(request, " ")
		body := ""
		if want == "trigger" {
			body = wholeModel()
		}
		got := ""
		b.fake.status = func(id string) (refresh.Receipt, error) { got = "status " + id; return receipt(machine.Queued), nil }
		b.fake.cancel = func(id string, force bool) (refresh.Receipt, error) {
			got = "cancel " + id + map[bool]string{true: " force"}[force]
			return receipt(machine.Cancelling), nil
		}
		b.raw(method, path, body, "Content-Type: application/json")
		if b.fake.count("trigger") == 1 {
			got = "trigger"
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", request, got, want)
		}
	}
}

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, request := range []string{
		"POST /api/operations/" + testID + "/cancel/x", "GET /api/operations/" + testID + "//", "POST /api/operations/" + testID + "/cancel/",
		"GET /api/operations", "GET /api/refreshes/" + testID + "//", "POST /api/refreshes/" + testID + "/cancel", "POST /api/refreshes/" + testID + "/cancel-all", "GET /api", "GET /api/other", "POST /refreshsweep", "POST /",
		"GET /" + testID, "GET /admin/host/status", "OPTIONS /api/other", "GET /api/health/", "GET //api/health", "GET /api//health",
		"GET /api/./health", "GET /api/x/../health", "GET /api/health%2Fready", "GET /api/healt%68", "GET /api/refreshes/a.b", "GET /api/refreshes/%7Bid%7D",
		"GET /api/refreshes/" + testID + "%0A", "POST //RefreshSweep", "POST /RefreshSweep/", "POST /./RefreshSweep", "POST /%52efreshSweep",
	} {
		method, path, _ := strings.Cut(request, " ")
		a := b.do(method, path, "").is(http.StatusNotFound).has("x-ms-error-code", "RouteNotFound").has("Allow", "")
		if e := a.wireError(); !strings.Contains(e.Message, method) || strings.Contains(e.Message, testID) {
			t.Errorf("%s: %s", request, e.Message)
		}
	}
	if len(b.fake.calls) != 0 {
		t.Errorf("calls %v", b.fake.calls)
	}
}

func TestOtherMethods(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const status, operation = "/api/refreshes/" + testID, "/api/operations/" + testID
	for path, allow := range map[string]string{
		"/api/refreshes": "POST", status: "GET, HEAD", operation: "GET, HEAD",
		operation + "/cancel": "POST, DELETE", operation + "/cancel-all": "POST", operation + "/cancel-for-all": "POST",
		"/api/health": "GET, HEAD", "/api/health/ready": "GET, HEAD", "/api/openapi.json": "GET, HEAD", "/RefreshSweep": "POST",
	} {
		for _, method := range []string{"GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
			if strings.Contains(allow, method) {
				continue
			}
			a := b.do(method, path, "").is(http.StatusMethodNotAllowed).has("x-ms-error-code", "MethodNotAllowed").has("Allow", allow)
			if e := a.wireError(); !strings.Contains(e.Message, method) {
				t.Errorf("%s %s: %s", method, path, e.Message)
			}
		}
	}
	if len(b.fake.calls) != 0 {
		t.Errorf("calls %v", b.fake.calls)
	}
}

// HEAD is GET without the body, which net/http drops.
func TestHead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.status = always(receipt(machine.Running))
	b.raw(http.MethodHead, statusPath, "").is(http.StatusAccepted).has("Location", testStatusURL).has("Retry-After", "5")
	b.raw(http.MethodHead, "/api/health", "").is(http.StatusOK)
}

func TestClientRequestID(t *testing.T) {
	t.Parallel()
	for theirs, want := range map[string]string{
		"3f2504e0-4f89-41d3-9a0c-0305e82c3301": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "{a.b:c_d-7}": "{a.b:c_d-7}", strings.Repeat("x", 128): strings.Repeat("x", 128),
		"": "", strings.Repeat("x", 129): "", "a b": "", "<script>": "", "a\tb": "", "é": "", "a,b": "",
	} {
		b := newBench(t)
		b.trigger(wholeModel(), clientRequestID+": "+theirs).has(clientRequestID, want)
		b.do(http.MethodGet, "/api/other", "", clientRequestID+": "+theirs).has(clientRequestID, want)
	}
}

func TestPanicsAreAnswered(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) { panic("index out of range") }
	a := b.trigger(wholeModel(), "X-Azure-Functions-InvocationId: inv-7").is(http.StatusInternalServerError)
	if strings.Contains(string(a.raw), "index out of range") || strings.Contains(string(a.raw), "goroutine") {
		t.Errorf("the caller is shown the inside: %s", a.raw)
	}
	records := b.log.records(t)
	if len(records) != 2 {
		t.Fatalf("%d lines, want one for the panic and one for the request:\n%s", len(records), b.log)
	}
	if p := records[0]; p["level"] != "ERROR" || p["cause"] != "index out of range" || p["invocationId"] != "inv-7" ||
		!strings.Contains(p["stack"].(string), "TestPanicsAreAnswered") {
		t.Errorf("the panic is logged as %v", p)
	}
	if r := records[1]; r["level"] != "ERROR" || r["status"] != 500.0 {
		t.Errorf("the request is logged as %v", r)
	}
	b.fake.trigger = nil
	b.trigger(wholeModel()).is(http.StatusAccepted) // it lives
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	const header = "X-Azure-Functions-InvocationId"
	for _, tc := range []struct {
		name   string
		values []string
		want   string
	}{
		{"the host's", []string{"inv-1"}, "inv-1"},
		{"the last one is the host's", []string{"forged", "inv-1"}, "inv-1"},
		{"behind a comma", []string{"forged", "forged, inv-1"}, "inv-1"},
		{"nothing behind the comma", []string{"forged, "}, ""},
		{"too long to be one", []string{strings.Repeat("x", 65)}, ""},
		{"no id at all", []string{"a b"}, ""},
		{"a line of somebody's own", []string{"x\u2028{\"level\":\"ERROR\"}"}, ""},
		{"without a host", nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequest(http.MethodGet, "/", nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range tc.values {
				r.Header.Add(header, v)
			}
			got := requestID(r)
			if tc.want != "" && got != tc.want || tc.want == "" && (len(got) != len(rand.Text()) || slices.Contains(tc.values, got)) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	a, b := newBench(t).status(), newBench(t).status()
	if a.header.Get("x-ms-request-id") == b.header.Get("x-ms-request-id") {
		t.Error("two requests with one id")
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		request, route, level string
		code                  float64
	}{
		{"POST /api/refreshes", "POST /api/refreshes", "INFO", 202},
		{"GET " + statusPath, "GET /api/refreshes/{id}", "DEBUG", 409},
		{"HEAD " + statusPath, "GET /api/refreshes/{id}", "DEBUG", 409},
		{"GET /api/operations/" + testID, "GET /api/operations/{id}", "DEBUG", 409},
		{"GET /api/refreshes/" + testID, "GET /api/refreshes/{id}", "INFO", 404},
		{"DELETE " + cancelPath, "DELETE /api/operations/{id}/cancel", "INFO", 404},
		{"POST /RefreshSweep", "POST /RefreshSweep", "ERROR", 500},
		{"GET /api/health", "GET /api/health", "INFO", 200},
		{"GET /api/nothing/" + testID, "/", "INFO", 404},
	} {
		t.Run(tc.request, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.fake.status = always(receipt(machine.Failed))
			method, path, _ := strings.Cut(tc.request, " ")
			body := ""
			if tc.route == "POST /api/refreshes" {
				body = wholeModel()
			}
			if id := "X-Azure-Functions-InvocationId: inv-9"; path == "/RefreshSweep" {
				b.tick(path, timerPayload, id)
			} else {
				b.raw(method, path, body, id)
			}
			records := b.log.records(t)
			if len(records) != 1 {
				t.Fatalf("%d lines for one request:\n%s", len(records), b.log)
			}
			r := records[0]
			if r["msg"] != "request" || r["route"] != tc.route || r["status"] != tc.code || r["level"] != tc.level || r["invocationId"] != "inv-9" || r["ms"] == nil {
				t.Errorf("logged as %v", r)
			}
		})
	}
}

// A body with a line break in it stays one line of the log.
func TestOneLineForEachRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.trigger(wholeModel(`"kind":"a\nlevel=ERROR"`)).is(http.StatusBadRequest)
	if n := strings.Count(b.log.String(), "\n"); n != 1 {
		t.Errorf("%d lines:\n%s", n, b.log)
	}
}

func TestProbeIsQuiet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		b.raw(method, "/", "").is(http.StatusOK)
	}
	if b.log.String() != "" || len(b.fake.calls) != 0 {
		t.Errorf("log %s, calls %v", b.log, b.fake.calls)
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.routes = Broken("KEY_VAULT_URL is not set", Config{Version: "1.2.3"})
	for _, request := range []string{
		"POST /api/refreshes", "GET " + statusPath, "DELETE " + cancelPath, "GET /api/health",
		"GET /api/health/ready", "POST /RefreshSweep", "GET /other", "POST /",
	} {
		method, path, _ := strings.Cut(request, " ")
		a := b.do(method, path, "").is(http.StatusServiceUnavailable).has("Retry-After", "60")
		if e := a.wireError(); e.Code != "SettingsInvalid" || e.Message != "KEY_VAULT_URL is not set" || a.object()["status"] != nil {
			t.Errorf("%s: %s", request, a.raw)
		}
	}
	b.raw(http.MethodGet, "/", "").is(http.StatusOK)
}
