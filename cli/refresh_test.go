package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pbirefresh/handler"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// into decodes standard output.
func (r ran) into(v any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.stdout), v); err != nil {
		r.t.Errorf("stdout is no JSON (%v):\n%s", err, r.stdout)
	}
}

// document checks that standard output is one status document and nothing else.
func (r ran) document(phase machine.Phase) handler.StatusDocument {
	r.t.Helper()
	var doc handler.StatusDocument
	if err := json.Unmarshal([]byte(r.stdout), &doc); err != nil || doc.ID != opID || doc.Phase != phase {
		r.t.Errorf("stdout is no document in phase %s (%v):\n%s", phase, err, r.stdout)
	}
	if !strings.HasSuffix(r.stdout, "\n}\n") || strings.Contains(r.stdout, `\u003c`) {
		r.t.Errorf("not for people to read:\n%s", r.stdout)
	}
	return doc
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	for phase, code := range map[machine.Phase]int{machine.Succeeded: exitSuccess, machine.Failed: exitFailed, machine.Cancelled: exitCancelled} {
		t.Run(string(phase), func(t *testing.T) {
			t.Parallel()
			app := newFakeApp(t, phase)
			r := runCommand(t, nil, "refresh", "--url", app.url+"/", workspace, dataset, "--output", "json").exits(code)
			r.document(phase)
			if want := "operation " + opID + "\n"; !strings.HasPrefix(r.stderr, want) {
				t.Errorf("stderr %q, want %q first", r.stderr, want)
			}
			if code != exitSuccess {
				r.says("the refresh ended as " + map[machine.Phase]string{machine.Failed: "Failed", machine.Cancelled: "Canceled"}[phase])
			}
			if len(app.requests) != 1 || app.requests[0].Model != (machine.Model{WorkspaceID: workspace, DatasetID: dataset}) || app.requests[0].Ask.WhenBusy != machine.WhenBusyQueue {
				t.Errorf("the app got %+v", app.requests)
			}
			quiet := runCommand(t, nil, "refresh", "--url", app.url, "--quiet", workspace, dataset).exits(code)
			if code == exitSuccess && quiet.stderr != "" || !strings.HasPrefix(quiet.stdout, "status ") {
				t.Errorf("--quiet prints %q and %q", quiet.stdout, quiet.stderr)
			}
		})
	}
}

// The signature of a status URL grants access: only --show-url prints it.
func TestSignatureIsPrintedOnRequestOnly(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Running)
	for _, format := range []string{"json", "table"} {
		args := []string{"refresh", "--url", app.url, workspace, dataset, "--detach", "--output", format}
		if r := runCommand(t, nil, args...).exits(0); strings.Contains(r.stdout+r.stderr, "s1g") || !strings.Contains(r.stdout, opID) {
			t.Errorf("--output %s prints %q and %q, want the id without the signature", format, r.stdout, r.stderr)
		}
		r := runCommand(t, nil, append(args, "--show-url")...).exits(0)
		if !strings.Contains(r.stdout, app.url+opPath) || strings.Contains(r.stderr, "s1g") {
			t.Errorf("--show-url --output %s prints %q and %q, want %s on standard output", format, r.stdout, r.stderr, app.url+opPath)
		}
	}
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if r := runCommand(t, nil, "status", server.URL+opPath).exits(exitUnreachable); strings.Contains(r.stderr, "s1g") {
		t.Errorf("the error repeats the signature: %q", r.stderr)
	}
}

// The error says "see details": here they are.
func TestRefreshPrintsAllProblems(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Succeeded)
	r := runCommand(t, nil, "refresh", "--url", app.url, "finance", "sales").exits(exitRefused).prints("").says("workspaceId must be a GUID")
	if lines := strings.Split(r.stderr, "\n"); len(lines) != 4 || !strings.HasPrefix(lines[0], "workspaceId must be a GUID") || !strings.HasPrefix(lines[1], "datasetId must be a GUID") {
		t.Errorf("stderr %q", r.stderr)
	}
	r = runCommand(t, nil, "refresh", "--url", app.url, workspace, "sales").exits(exitRefused).prints("").says("datasetId must be a GUID")
	if strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("one problem is printed twice: %q", r.stderr)
	}
}

func TestRefreshDetached(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Failed)
	r := runCommand(t, map[string]string{"PBIREFRESH_URL": app.url}, "refresh", "--detach", "-o", "json", "--when-busy", "join", workspace, dataset).exits(0)
	r.document(machine.Queued)
	if r.stderr != "" || app.requests[0].Ask.WhenBusy != machine.WhenBusyJoin {
		t.Errorf("stderr %q, asked for %+v", r.stderr, app.requests[0])
	}
}

func TestRefreshWithABody(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Succeeded)
	file := filepath.Join(t.TempDir(), "body.json")
	body := `{"workspaceId":"` + workspace + `","datasetId":"` + dataset + `","options":{"type":"calculate"}}`
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	runCommand(t, nil, "refresh", "--url", app.url, "-o", "json", "--file", file).exits(0).document(machine.Succeeded)
	if got := app.requests[0].Ask.Shape.Type; got != "Calculate" {
		t.Errorf("type %s", got)
	}
	runCommand(t, nil, "refresh", "--url", app.url, "--file", file+".not").exits(1).says("body.json.not").prints("")
}

func TestRefreshIsRefused(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Succeeded)
	runCommand(t, nil, "refresh", "--url", app.url, "Finance", dataset).exits(exitRefused).says("workspaceId must be a GUID").prints("")
	app.fail = &refresh.Refusal{Code: machine.CodeBusy, Message: "The model is being refreshed."}
	runCommand(t, nil, "refresh", "--url", app.url, workspace, dataset).exits(exitRefused).says("RefreshInProgress: The model is being refreshed.").prints("")
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	runCommand(t, nil, "refresh", "--url", server.URL, workspace, dataset).exits(exitUnreachable).says("connect").prints("")
}

func TestWatchAndStatus(t *testing.T) {
	t.Parallel()
	for phase, code := range map[machine.Phase]int{machine.Succeeded: 0, machine.Failed: exitFailed} {
		app := newFakeApp(t, phase)
		for _, command := range []string{"watch", "status"} {
			runCommand(t, nil, command, "-o", "json", app.url+opPath).exits(code).document(phase)
			runCommand(t, map[string]string{"PBIREFRESH_KEY": theKey}, command, "-o", "json", "--url", app.url, opID).exits(code).document(phase)
			runIn(t.Context(), t, Environment{Getenv: func(string) string { return "" }, Stdin: strings.NewReader(app.url + opPath + "\n")}, command, "-", "-o", "json").exits(code).document(phase)
		}
	}
	app := newFakeApp(t, machine.Queued)
	runCommand(t, nil, "status", "-o", "json", app.url+opPath).exits(0).document(machine.Queued)
	runCommand(t, nil, "watch", app.url+opPath, "--max-wait", "1ms").exits(exitTimeout).says("--max-wait").prints("")
	runCommand(t, nil, "watch", app.url+"/api/refreshes/op-2").exits(exitRefused).says("OperationNotFound").prints("")
	runCommand(t, nil, "watch", "not-a-url").exits(exitUsage).says("PBIREFRESH_URL").prints("")
	runCommand(t, nil, "refresh", "--url", "app:7071", workspace, dataset).exits(exitUsage).says("https://").prints("")
}

// Ctrl-C ends the waiting, not the refresh.
func TestWatchIsInterrupted(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Queued)
	ctx, stop := context.WithCancel(t.Context())
	app.seen = stop
	runWith(ctx, t, nil, "watch", app.url+opPath).exits(exitInterrupted).says("the refresh continues").prints("")
	if len(app.cancels) != 0 {
		t.Errorf("cancelled %v", app.cancels)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Queued)
	env := map[string]string{"PBIREFRESH_URL": app.url}
	runCommand(t, env, "cancel", "-o", "json", app.url+opPath).exits(0).document(machine.Queued)
	runCommand(t, env, "cancel", "-o", "json", "--for-all", opID).exits(0).document(machine.Queued) // no policy: by the master key
	if got := strings.Join(app.cancels, ","); got != opID+" s1g,"+opID+" force" {
		t.Errorf("cancelled %s, want the caller's share, then all", got)
	}
	runCommand(t, env, "cancel", opID).exits(exitUsage).says("--for-all takes an id").prints("")
	runCommand(t, nil, "cancel", app.url+opPath).exits(exitUsage).says("PBIREFRESH_URL").prints("")
	app.fail = &refresh.Refusal{Code: machine.CodeFinished, Message: "It has ended."}
	runCommand(t, env, "cancel", app.url+opPath).exits(exitRefused).says("OperationFinished").prints("")
}

// The key is sent with what needs one, and nothing prints it.
func TestKey(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got[r.Method+" "+r.URL.Path] = r.Header.Get("x-functions-key")
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	env := map[string]string{"PBIREFRESH_URL": server.URL, "PBIREFRESH_KEY": theKey}
	for _, args := range [][]string{{"refresh", workspace, dataset}, {"cancel", server.URL + opPath}, {"status", opID}} {
		r := runCommand(t, env, args...).exits(exitRefused).says("the function key is from: PBIREFRESH_KEY")
		if strings.Contains(r.stdout+r.stderr, theKey) {
			t.Errorf("%v prints the key: %s", args, r.stderr)
		}
	}
	want := []string{"POST /api/refreshes", "POST /api/operations/" + opID + "/cancel", "GET /api/operations/" + opID}
	for _, request := range want {
		if got[request] != theKey {
			t.Errorf("%s with key %q, want %q", request, got[request], theKey)
		}
	}
	runCommand(t, map[string]string{"PBIREFRESH_URL": server.URL}, "refresh", workspace, dataset).exits(exitRefused).says("set PBIREFRESH_KEY")
	stdin := Environment{Getenv: func(string) string { return "" }, Stdin: strings.NewReader("from-stdin\n")}
	runIn(t.Context(), t, stdin, "refresh", "--url", server.URL, "--key-stdin", workspace, dataset).exits(exitRefused).says("standard input")
	if got["POST /api/refreshes"] != "from-stdin" {
		t.Errorf("--key-stdin sends %q", got["POST /api/refreshes"])
	}
}
