package cli

import (
	"bytes"
	"context"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"pbirefresh/handler"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

const (
	workspace = "f089354e-8366-4e18-aea3-4cb4a3a50b48"
	dataset   = "cfafbeb1-8037-4d0c-896e-a46fb27ff229"
	theKey    = "the-function-key"
)

// fakeApp is the routes of the app, on a socket, with a coordinator that answers
// at once.
type fakeApp struct {
	url   string
	phase machine.Phase // of every status
	fail  error         // of every call, if set
	seen  func()        // called by every status, if set

	mu       sync.Mutex
	requests []refresh.Request
	cancels  []string
}

func newFakeApp(t *testing.T, phase machine.Phase) *fakeApp {
	t.Helper()
	f := &fakeApp{phase: phase}
	server := httptest.NewServer(handler.New(handler.Config{Refresher: f}))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fakeApp) receipt(phase machine.Phase) (refresh.Receipt, error) {
	v := machine.View{
		Model: machine.Model{WorkspaceID: workspace, DatasetID: dataset}, Percent: -1,
		Operation: machine.Operation{Number: 1, Phase: phase, Created: time.Unix(1780000000, 0).UTC()},
	}
	switch phase {
	case machine.Succeeded:
		v.Status = machine.StatusSucceeded
	case machine.Failed:
		v.Status = machine.StatusFailed
		v.Operation.Fault = &machine.Fault{Code: machine.CodeRefreshFailed, Message: "Credentials <missing> & wrong."}
	case machine.Cancelled:
		v.Status = machine.StatusCanceled
		v.Operation.Fault = &machine.Fault{Code: machine.CodeOperationCanceled, Message: "Cancelled."}
	default:
		v.Status = machine.StatusNotStarted
	}
	return refresh.Receipt{ID: opID, Sig: "s1g", View: v}, f.fail
}

func (f *fakeApp) Trigger(_ context.Context, r refresh.Request) (refresh.Receipt, error) {
	f.mu.Lock()
	f.requests = append(f.requests, r)
	f.mu.Unlock()
	return f.receipt(machine.Queued)
}

// opID names the one operation of a fakeApp, opPath is its status URL without the host.
const (
	opID   = workspace + "_" + dataset + "_0123456789abcdef_1"
	opPath = "/api/refreshes/" + opID + "?sig=s1g"
)

func (f *fakeApp) Read(context.Context, refresh.ID) (refresh.Receipt, error) {
	return f.receipt(f.phase)
}

func (f *fakeApp) Open(_ context.Context, l refresh.Link) (refresh.ID, error) {
	return refresh.ParseID(l.ID)
}

func (f *fakeApp) Status(_ context.Context, l refresh.Link) (refresh.Receipt, error) {
	if l.ID != opID || l.Sig != "s1g" {
		return refresh.Receipt{}, refresh.ErrBadID
	}
	if f.seen != nil {
		f.seen()
	}
	return f.receipt(f.phase)
}

func (f *fakeApp) Wait(_ context.Context, r refresh.Receipt) refresh.Receipt {
	if again, err := f.receipt(f.phase); err == nil {
		return again
	}
	return r
}

func (f *fakeApp) Cancel(_ context.Context, l refresh.Link) (refresh.Receipt, error) {
	return f.cancelled(l.ID + " " + l.Sig)
}

func (f *fakeApp) CancelAll(_ context.Context, id refresh.ID) (refresh.Receipt, error) {
	return f.cancelled(id.String() + " force")
}

func (f *fakeApp) cancelled(what string) (refresh.Receipt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancels = append(f.cancels, what)
	return f.receipt(machine.Queued)
}

func (f *fakeApp) Sweep(context.Context) (refresh.Report, error) { return refresh.Report{}, nil }

// ran is what came of a command.
type ran struct {
	t              *testing.T
	code           int
	stdout, stderr string
}

// command runs a command line as main does.
func runCommand(t *testing.T, env map[string]string, args ...string) ran {
	t.Helper()
	return runWith(t.Context(), t, env, args...)
}

func runWith(ctx context.Context, t *testing.T, env map[string]string, args ...string) ran {
	t.Helper()
	return runIn(ctx, t, Environment{Getenv: func(name string) string { return env[name] }, Stdin: strings.NewReader("")}, args...)
}

// runIn runs a command line in an environment, whose profiles are the test's own.
func runIn(ctx context.Context, t *testing.T, env Environment, args ...string) ran {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env.Stdout, env.Stderr, env.Version = &stdout, &stderr, "v1.2.3"
	getenv, own := env.Getenv, filepath.Join(t.TempDir(), "profiles.json")
	env.Getenv = func(name string) string {
		if value := getenv(name); value != "" || name != "PBIREFRESH_PROFILES" {
			return value
		}
		return own
	}
	if env.Credential == nil {
		env.Credential = func() (azcore.TokenCredential, error) { return azidentity.NewDefaultAzureCredential(nil) }
	}
	code := Run(ctx, New(env), args, env)
	return ran{t, code, stdout.String(), stderr.String()}
}

func (r ran) exits(code int) ran {
	r.t.Helper()
	if r.code != code {
		r.t.Errorf("exit code %d, want %d\nstdout %s\nstderr %s", r.code, code, r.stdout, r.stderr)
	}
	return r
}

// says checks that an error is told once, in the form that the package doc
// promises.
func (r ran) says(text string) ran {
	r.t.Helper()
	last := r.stderr
	if i := strings.LastIndex(last, "pbirefresh: "); i >= 0 {
		last = last[i:]
	}
	if !strings.HasPrefix(last, "pbirefresh: ") || strings.Count(last, "\n") != 1 || !strings.Contains(last, text) {
		r.t.Errorf("stderr %q, want one line pbirefresh: ... %q", r.stderr, text)
	}
	return r
}

func (r ran) prints(stdout string) ran {
	r.t.Helper()
	if r.stdout != stdout {
		r.t.Errorf("stdout %q, want %q", r.stdout, stdout)
	}
	return r
}
