package main

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

func TestTrigger(t *testing.T) {
	t.Parallel()
	for phase, code := range map[machine.Phase]int{machine.Succeeded: 0, machine.Failed: 1, machine.Cancelled: 1} {
		t.Run(string(phase), func(t *testing.T) {
			t.Parallel()
			app := newFakeApp(t, phase)
			r := runCommand(t, nil, "trigger", "-url", app.url+"/", workspace, dataset).exits(code)
			r.document(phase)
			if want := "status url: " + app.url + opPath + "\n"; !strings.HasPrefix(r.stderr, want) {
				t.Errorf("stderr %q, want %q first", r.stderr, want)
			}
			if code != 0 {
				r.says("the refresh ended as " + map[machine.Phase]string{machine.Failed: "Failed", machine.Cancelled: "Canceled"}[phase])
			}
			if len(app.requests) != 1 || app.requests[0].Model != (machine.Model{WorkspaceID: workspace, DatasetID: dataset}) || app.requests[0].Ask.WhenBusy != machine.WhenBusyQueue {
				t.Errorf("asked for %+v", app.requests)
			}
		})
	}
}

// The error says "see details": here they are.
func TestTriggerTellsAllProblems(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Succeeded)
	r := runCommand(t, nil, "trigger", "-url", app.url, "finance", "sales").exits(1).prints("").says("workspaceId must be a GUID")
	if lines := strings.Split(r.stderr, "\n"); len(lines) != 4 || !strings.HasPrefix(lines[0], "workspaceId must be a GUID") || !strings.HasPrefix(lines[1], "datasetId must be a GUID") {
		t.Errorf("stderr %q", r.stderr)
	}
	r = runCommand(t, nil, "trigger", "-url", app.url, workspace, "sales").exits(1).prints("").says("datasetId must be a GUID")
	if strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("one problem is told twice: %q", r.stderr)
	}
}

func TestTriggerWithoutWatching(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Failed)
	r := runCommand(t, map[string]string{"PBIREFRESH_URL": app.url}, "trigger", "-watch=false", "-when-busy", "join", workspace, dataset).exits(0)
	r.document(machine.Queued)
	if r.stderr != "" || app.requests[0].Ask.WhenBusy != machine.WhenBusyJoin {
		t.Errorf("stderr %q, asked for %+v", r.stderr, app.requests[0])
	}
}

func TestTriggerWithABody(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Succeeded)
	file := filepath.Join(t.TempDir(), "body.json")
	body := `{"workspaceId":"` + workspace + `","datasetId":"` + dataset + `","options":{"type":"calculate"}}`
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	runCommand(t, nil, "trigger", "-url", app.url, "-body", file).exits(0).document(machine.Succeeded)
	if got := app.requests[0].Ask.Shape.Type; got != "Calculate" {
		t.Errorf("type %s", got)
	}
	runCommand(t, nil, "trigger", "-url", app.url, "-body", file+".not").exits(1).says("body.json.not").prints("")
}

func TestTriggerIsRefused(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Succeeded)
	runCommand(t, nil, "trigger", "-url", app.url, "Finance", dataset).exits(1).says("workspaceId must be a GUID").prints("")
	app.fail = &refresh.Refusal{Code: machine.CodeBusy, Message: "The model is being refreshed."}
	runCommand(t, nil, "trigger", "-url", app.url, workspace, dataset).exits(1).says("RefreshInProgress: The model is being refreshed.").prints("")
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	runCommand(t, nil, "trigger", "-url", server.URL, workspace, dataset).exits(1).says("connect").prints("")
}

func TestWatch(t *testing.T) {
	t.Parallel()
	for phase, code := range map[machine.Phase]int{machine.Succeeded: 0, machine.Failed: 1} {
		app := newFakeApp(t, phase)
		runCommand(t, nil, "watch", app.url+opPath).exits(code).document(phase)
	}
	app := newFakeApp(t, machine.Succeeded)
	runCommand(t, nil, "watch", app.url+"/api/refreshes/op-2").exits(1).says("OperationNotFound").prints("")
	runCommand(t, nil, "watch", "not a url").exits(2).says("STATUS_URL").prints("")
	runCommand(t, nil, "trigger", "-url", "app:7071", workspace, dataset).exits(2).says("https://").prints("")
}

// Ctrl-C ends the watching, not the refresh.
func TestWatchIsInterrupted(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Queued)
	ctx, stop := context.WithCancel(t.Context())
	app.seen = stop
	runWith(ctx, t, nil, "watch", app.url+opPath).exits(1).says("context canceled").prints("")
	if len(app.cancels) != 0 {
		t.Errorf("cancelled %v", app.cancels)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t, machine.Queued)
	env := map[string]string{"PBIREFRESH_URL": app.url}
	runCommand(t, env, "cancel", app.url+opPath).exits(0).document(machine.Queued)
	runCommand(t, env, "cancel", "-force", opID).exits(0).document(machine.Queued)
	if got := strings.Join(app.cancels, ","); got != opID+" s1g,"+opID+" force" {
		t.Errorf("cancelled %s", got)
	}
	app.fail = &refresh.Refusal{Code: machine.CodeFinished, Message: "It has ended."}
	runCommand(t, env, "cancel", app.url+opPath).exits(1).says("OperationFinished").prints("")
}

// The key is sent with what needs one, and is in nothing that is printed.
func TestKey(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got[r.Method+" "+r.URL.Path] = r.Header.Get("x-functions-key")
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	env := map[string]string{"PBIREFRESH_URL": server.URL, "PBIREFRESH_KEY": theKey}
	for _, args := range [][]string{{"trigger", workspace, dataset}, {"cancel", server.URL + opPath}, {"watch", server.URL + opPath}} {
		r := runCommand(t, env, args...).exits(1).says("function key is missing or wrong")
		if strings.Contains(r.stdout+r.stderr, theKey) {
			t.Errorf("%v prints the key: %s", args, r.stderr)
		}
	}
	want := map[string]string{"POST /api/refreshes": theKey, "POST /api/operations/" + opID + "/cancel": theKey, "GET /api/refreshes/" + opID: ""}
	for request, key := range want {
		if sent, ok := got[request]; !ok || sent != key {
			t.Errorf("%s with key %q (%t), want %q", request, sent, ok, key)
		}
	}
}
