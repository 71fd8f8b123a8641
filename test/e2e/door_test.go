package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

// target is a function that needs a key, or a timer's path, which no caller may reach.
type target struct {
	method, path, body string
	key                bool // of a function: it must not open this one
}

// targets are all functions but those that anybody may call.
func targets(id string) []target {
	return []target{
		{"POST", "/api/refreshes", body(sim.Sales()), false},
		{"GET", "/api/operations/" + id, "", false},
		{"POST", "/api/operations/" + id + "/cancel", "", false},
		{"DELETE", "/api/operations/" + id + "/cancel", "", false},
		{"POST", "/api/operations/" + id + "/cancel-all", "", true},
		{"POST", "/api/operations/" + id + "/cancel-for-all", "", false},
		{"POST", "/api/operations/" + id + "/rerun", "", false},
		{"GET", "/api/operations", "", false},
		{"GET", "/api/models", "", false},
		{"GET", "/api/schedules", "", false},
		{"HEAD", "/api/health/ready", "", false},
		{"GET", "/api/doctor", "", false},
		{"POST", "/RefreshSweep", sweepPayload, true},
		{"POST", "/RefreshSchedule", sweepPayload, true},
	}
}

// sweepPayload has the form of a timer's request (seen on host 4.1037).
const sweepPayload = `{"Data":{"timer":{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}},"Metadata":{"sys":{}}}`

// spellings are paths that a host could take for one function and forward as the path of
// another: through the parameter of each route that has one, and by the path itself.
func spellings(path string) []string {
	all := []string{
		path + "/", "/" + path, path + "//", path + "/.", path + "/x/..", "/." + path, "/x/.." + path, "/x/%2e%2e" + path,
		path + "%3Fx", path + "%23x", path + "%0A", path + "%2F", path + "%5C", path + ";x", strings.Replace(path, "ef", "%65f", 1),
		strings.Replace(path, "ef", "%2565f", 1), strings.ReplaceAll(path[1:], "/", "//"), "/api" + path, "/api/x%5C..%5C.." + path, strings.ToUpper(path),
	}
	climb := `x\..\..\..` + strings.ReplaceAll(path, "/", `\`)
	for _, backslash := range []string{"%5C", "%5c", `\`, "%255C", "%2F", "%252F", "/"} {
		for _, dots := range []string{"..", "%2e%2e", "%252e%252e", ".%2E"} {
			through := strings.ReplaceAll(strings.ReplaceAll(climb, "..", dots), `\`, backslash)
			all = append(all, "/api/refreshes/"+through)
			for _, end := range []string{"%3F", "%23"} {
				all = append(all, "/api/operations/"+through+end+"/cancel", "/api/operations/"+through+end+"/cancel-all")
			}
		}
	}
	if short, ok := strings.CutPrefix(path, "/api/operations/"); ok {
		all = append(all, `/api/refreshes/x%5C..%5C`+strings.ReplaceAll(short, "/", "%5C"), "/api/refreshes/"+strings.ReplaceAll(short, "/", "%5C")+"%3F/cancel")
	}
	return all
}

// spelt sends a request whose path stays as it is spelt; an HTTP client would clean it.
func (a *app) spelt(t *testing.T, of target, path string, headers ...string) *http.Response {
	t.Helper()
	address := strings.TrimPrefix(a.host.URL(), "http://")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	headers = append(headers, "Host: "+address, "Connection: close", "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(of.body)))
	if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\n%s\r\n\r\n%s", of.method, path, strings.Join(headers, "\r\n"), of.body); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: of.method})
	if err != nil {
		t.Fatalf("%s %s: %v", of.method, path, err)
	}
	_ = resp.Body.Close()
	return resp
}

// byHandler reports whether the handler has answered, and not the host.
func byHandler(resp *http.Response) bool { return resp.Header.Get("X-Pbirefresh-Version") != "" }

// longRefresh starts a refresh that does not end, and returns its id.
func (a *app) longRefresh(t *testing.T) string {
	t.Helper()
	if err := a.world.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) { k.Duration = time.Hour }); err != nil {
		t.Fatal(err)
	}
	return a.trigger(body(sim.Sales())).ID
}

// Whatever spelling of whatever path a caller sends, the host forwards none that the
// caller has no key for.
func TestNoSpellingOpensAFunction(t *testing.T) {
	t.Parallel()
	a := startApp(t, newWorld(t), inMemory())
	id := a.longRefresh(t)
	sent := 0
	for _, of := range targets(id) {
		credentials := map[string]string{"no key": "User-Agent: curl/8.5.0", "a wrong key": "x-functions-key: wrong"}
		if of.key {
			credentials["a function key"] = "x-functions-key: " + a.host.FunctionKey()
		}
		for _, path := range append(spellings(of.path), of.path) {
			for name, header := range credentials {
				sent++
				resp := a.spelt(t, of, path, header)
				if refused := resp.StatusCode == 400 || resp.StatusCode == 401 || resp.StatusCode == 404 || resp.StatusCode == 405; !refused || byHandler(resp) {
					t.Errorf("%s %s with %s, for %s: got HTTP %d, by the handler %t; want 400, 401, 404 or 405 by the host", of.method, path, name, of.path, resp.StatusCode, byHandler(resp))
				}
			}
		}
	}
	if c := counters(t, a.world, sim.Sales()); sent < 1000 || c.Posts != 1 || c.Cancels != 0 {
		t.Errorf("%d requests led to %d refreshes and %d cancels, want at least 1000, and 1 and 0", sent, c.Posts, c.Cancels)
	}
}

// Without the first line (constraints and methods), the second one refuses what it can
// see. That a write goes through shows that the spellings are dangerous, and that writes
// have no second line.
func TestTheSecondLineByItself(t *testing.T) {
	t.Parallel()
	a := startAppFrom(t, unconstrained(t), newWorld(t), inMemory(), "")
	a.web = nil
	id := a.longRefresh(t)
	reached := map[string]int{}
	for _, of := range targets(id) {
		for _, path := range spellings(of.path) {
			resp := a.spelt(t, of, path, "User-Agent: curl/8.5.0")
			switch {
			case !byHandler(resp) || resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusMethodNotAllowed:
			case strings.HasPrefix(of.path, "/api/") && of.method != "GET" && of.method != "HEAD":
				reached["write"]++
			case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
				reached[of.path]++
			case resp.StatusCode == http.StatusAccepted && of.method != "POST": // a status, by another spelling of its id
			default:
				t.Errorf("%s %s, for %s: got HTTP %d of the handler, want it refused", of.method, path, of.path, resp.StatusCode)
			}
		}
	}
	for _, path := range []string{"write", "/api/operations/" + id, "/api/schedules", "/api/health/ready", "/api/doctor", "/RefreshSweep", "/RefreshSchedule"} {
		if reached[path] == 0 {
			t.Errorf("no spelling reached %s, want some: got %v", path, reached)
		}
	}
	if log := a.log(); !strings.Contains(log, `"event":"timer.refused"`) {
		t.Errorf("no refused timer in the log:\n%s", log)
	}
}

// unconstrained is a copy of the app whose parameters take any text, and whose anonymous
// functions take any method.
func unconstrained(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "dist")
	if err := os.CopyFS(root, os.DirFS(dist)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"RefreshStatus", "Operation", "OperationCancel", "OperationCancelAll", "OperationCancelForAll", "OperationRerun"} {
		file := filepath.Join(root, name, "function.json")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		open := strings.NewReplacer(":regex(^[A-Za-z0-9_-]+$)", "", `["get", "head"]`, `["get", "head", "post", "delete"]`).Replace(string(text))
		if err := os.WriteFile(file, []byte(open), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
