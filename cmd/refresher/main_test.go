package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/internal/hostlog"
	"pbirefresh/keyvault"
)

// lines is a stream that hands out each line as it is written.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
	c   chan string
}

func newLines() *lines { return &lines{c: make(chan string, 1000)} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(p)
	l.c <- string(p)
	return len(p), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// started runs the program and returns its address.
func started(t *testing.T, changes map[string]string) (address string, stdout, stderr *lines) {
	t.Helper()
	stdout, stderr = newLines(), newLines()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, environ(t, changes).get, stdout, stderr) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	for {
		select {
		case line := <-stdout.c:
			var record struct{ Msg, Address string }
			if json.Unmarshal([]byte(line), &record) == nil && record.Msg == "listening" {
				return "http://" + record.Address, stdout, stderr
			}
		case err := <-ended:
			ended <- nil
			t.Fatalf("run ended: %v", err)
		}
	}
}

// ask sends a request and returns the answer with its error, if it has one.
func ask(t *testing.T, method, address string) (code int, word, message string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Error struct{ Code, Message string }
	}
	if len(b) > 0 {
		if err := json.Unmarshal(b, &body); err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
	}
	return resp.StatusCode, body.Error.Code, body.Error.Message
}

func TestWrongSettingsAreAnsweredNotDiedOf(t *testing.T) {
	t.Parallel()
	address, _, stderr := started(t, map[string]string{"KEY_VAULT_URL": "-", "MAX_WAIT": "1h"})
	if code, _, _ := ask(t, http.MethodGet, address+"/"); code != http.StatusOK {
		t.Errorf("the host's probe got HTTP %d: the host would give up", code)
	}
	for _, request := range []string{"POST /api/refreshes", "GET /api/refreshes/x", "GET /api/health", "POST /RefreshSweep", "GET /x"} {
		method, path, _ := strings.Cut(request, " ")
		code, word, message := ask(t, method, address+path)
		if code != http.StatusServiceUnavailable || word != "SettingsInvalid" || strings.Contains(message, "\n") ||
			!strings.Contains(message, "KEY_VAULT_URL is not set") || !strings.Contains(message, "MAX_WAIT") {
			t.Errorf("%s: HTTP %d %s %q", request, code, word, message)
		}
	}
	if !strings.Contains(stderr.String(), "KEY_VAULT_URL is not set") {
		t.Errorf("the cause is not in the log:\n%s", stderr)
	}
}

// What is only found out when the parts are put together is no end either.
func TestSettingsThatDoNotFitTogether(t *testing.T) {
	t.Parallel()
	address, _, _ := started(t, map[string]string{"KEY_VAULT_URL": "https://[vault"})
	if code, word, message := ask(t, http.MethodGet, address+"/api/health"); code != http.StatusServiceUnavailable || word != "SettingsInvalid" || !strings.Contains(message, "KEY_VAULT_URL") {
		t.Errorf("HTTP %d %s %s", code, word, message)
	}
	if code, _, _ := ask(t, http.MethodGet, address+"/"); code != http.StatusOK {
		t.Errorf("probe: HTTP %d", code)
	}
}

// A wrong secret name may be the secret: it is in no answer and in no log.
func TestASecretInThePlaceOfItsName(t *testing.T) {
	t.Parallel()
	const secret = "abc8Q~not.a.name"
	address, stdout, stderr := started(t, map[string]string{"POWERBI_CLIENT_SECRET_NAME": secret})
	code, _, message := ask(t, http.MethodGet, address+"/api/health")
	if code != http.StatusServiceUnavailable || !strings.Contains(message, "POWERBI_CLIENT_SECRET_NAME") {
		t.Errorf("HTTP %d %s", code, message)
	}
	if strings.Contains(message+stdout.String()+stderr.String(), secret) {
		t.Error("the secret is shown")
	}
}

func TestWrongPorts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, inUse, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range []string{"-", "", "http", "-1", "65536", "80 ", "127.0.0.1:80", inUse} {
		var out bytes.Buffer
		err := run(t.Context(), environ(t, map[string]string{"FUNCTIONS_CUSTOMHANDLER_PORT": port}).get, &out, &out)
		if err == nil || port != inUse && !strings.Contains(err.Error(), "FUNCTIONS_CUSTOMHANDLER_PORT") || port == inUse && !strings.Contains(err.Error(), inUse) {
			t.Errorf("port %q: %v", port, err)
		}
	}
}

// Only the host may reach the process: it has no keys of its own.
func TestListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	l, err := listen(t.Context(), "0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if addr := l.Addr().(*net.TCPAddr); !addr.IP.IsLoopback() {
		t.Errorf("listens on %s", addr)
	}
}

// What a host 4.1037 sent to a timer function (ran).
const (
	hostAgent    = "Azure-Functions-Host/4.1037.0.0"
	timerPayload = `{"Data":{"timer":{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}},"Metadata":{"sys":{"MethodName":"RefreshSweep"}}}`
)

// The wired program answers what needs no Power BI: through the coordinator, the
// key of the ids and the store.
func TestWiring(t *testing.T) {
	t.Parallel()
	stderr := newLines()
	routes, warm := assemble(environ(t, nil).get, slog.New(hostlog.New(io.Discard, stderr, nil)))
	for request, want := range map[string]int{
		"GET /": 200, "GET /api/health": 200, "GET /api/refreshes/AQ": 404, "POST /api/refreshes": 400, "POST /RefreshSweep": 200, "GET /api": 404,
	} {
		method, path, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost"+path, nil)
		if path == "/RefreshSweep" {
			r.Body = io.NopCloser(strings.NewReader(timerPayload))
			r.Header.Set("User-Agent", hostAgent)
		}
		routes.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: HTTP %d, want %d: %s", request, w.Code, want, w.Body)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	warm(ctx)
	if !strings.Contains(stderr.String(), "not ready") {
		t.Errorf("nothing was warmed up, and nothing says so: %s", stderr)
	}
}

func TestReadsOfTheVaultAreLogged(t *testing.T) {
	t.Parallel()
	expires := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	for want, read := range map[string]keyvault.Read{
		`"level":"WARN"`: {Err: context.DeadlineExceeded},
		`"msg":"secret read from Key Vault","version":"v1"}`: {Version: "v1"},
		`"version":"v1","expires":"2027-01-02T03:04:05Z"}`:   {Version: "v1", Expires: expires},
		`"metric":"secret.days","value":6,`:                  {Version: "v1", Expires: time.Now().Add(7*24*time.Hour - time.Minute)},
	} {
		var b bytes.Buffer
		logRead(slog.New(slog.NewJSONHandler(&b, nil)), read)
		if !strings.Contains(b.String(), want) {
			t.Errorf("%+v is logged as %s", read, &b)
		}
	}
}
