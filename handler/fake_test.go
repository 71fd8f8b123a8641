package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

const (
	testWorkspace = "f089354e-8366-4e18-aea3-4cb4a3a50b48"
	testDataset   = "cfafbeb1-8037-4d0c-896e-a46fb27ff229"
	testBase      = "https://app.example.net"

	// What no log line may hold.
	testID    = testWorkspace + "_" + testDataset + "_0123456789abcdef_7"
	testSig   = "AQcapability-of-one_operation"
	testKey   = "the-function-key"
	testQuery = "the-key-in-the-query"
)

// fakeRefresher answers as its hooks say, and remembers what it was asked.
type fakeRefresher struct {
	trigger func(refresh.Request) (refresh.Receipt, error)
	status  func(id string) (refresh.Receipt, error)
	cancel  func(id string, force bool) (refresh.Receipt, error)
	sweep   func() (refresh.Report, error)

	mu       sync.Mutex
	calls    []string
	requests []refresh.Request
}

func (f *fakeRefresher) called(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
}

func (f *fakeRefresher) count(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, call := range f.calls {
		if call == name {
			n++
		}
	}
	return n
}

func (f *fakeRefresher) Trigger(_ context.Context, r refresh.Request) (refresh.Receipt, error) {
	f.called("trigger")
	f.mu.Lock()
	f.requests = append(f.requests, r)
	f.mu.Unlock()
	if f.trigger == nil {
		return receipt(machine.Queued), nil
	}
	return f.trigger(r)
}

func (f *fakeRefresher) Status(_ context.Context, l refresh.Link) (refresh.Receipt, error) {
	f.called("status")
	if f.status == nil || l.Sig != testSig {
		return refresh.Receipt{}, refresh.ErrBadID
	}
	return f.status(l.ID)
}

func (f *fakeRefresher) Read(_ context.Context, id refresh.ID) (refresh.Receipt, error) {
	f.called("read")
	if f.status == nil {
		return refresh.Receipt{}, refresh.ErrBadID
	}
	r, err := f.status(id.String())
	r.Sig = ""
	return r, err
}

func (f *fakeRefresher) Open(_ context.Context, l refresh.Link) (refresh.ID, error) {
	if l.Sig != testSig {
		return refresh.ID{}, refresh.ErrBadID
	}
	return refresh.ParseID(l.ID)
}

// Wait looks every second, as the watcher of a coordinator does.
func (f *fakeRefresher) Wait(ctx context.Context, r refresh.Receipt) refresh.Receipt {
	f.called("wait")
	for ctx.Err() == nil && !r.View.Status.Terminal() {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
		if again, err := f.Status(ctx, r.Link()); err == nil {
			r = again
		}
	}
	return r
}

func (f *fakeRefresher) Cancel(_ context.Context, l refresh.Link) (refresh.Receipt, error) {
	f.called("cancel")
	if f.cancel == nil || l.Sig != testSig {
		return refresh.Receipt{}, refresh.ErrBadID
	}
	return f.cancel(l.ID, false)
}

func (f *fakeRefresher) CancelAll(_ context.Context, id refresh.ID) (refresh.Receipt, error) {
	f.called("cancel")
	if f.cancel == nil {
		return refresh.Receipt{}, refresh.ErrBadID
	}
	return f.cancel(id.String(), true)
}

func (f *fakeRefresher) Sweep(context.Context) (refresh.Report, error) {
	f.called("sweep")
	if f.sweep == nil {
		return refresh.Report{}, errors.New("no sweep was expected")
	}
	return f.sweep()
}

// receipt is what the coordinator would hand out for an operation in that phase.
func receipt(phase machine.Phase) refresh.Receipt {
	began := time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)
	op := machine.Operation{
		Number: 1, Created: began, Changed: began.Add(time.Second), Phase: phase,
		Shape: machine.Shape{Kind: machine.Auto}, MaxAttempts: 3,
	}
	v := machine.View{
		Model:   machine.Model{WorkspaceID: testWorkspace, DatasetID: testDataset},
		Percent: -1, RetryAfter: 5 * time.Second,
	}
	switch phase {
	case machine.Succeeded:
		v.Status, v.Percent, v.RetryAfter = machine.StatusSucceeded, 100, 0
		op.Tries = []machine.Try{{RefreshID: "r1", Kind: machine.Enhanced, Outcome: machine.OutcomeCompleted}}
	case machine.Failed:
		v.Status, v.RetryAfter = machine.StatusFailed, 0
		op.Fault = &machine.Fault{Code: machine.CodeRefreshFailed, Message: "the refresh failed", Remedy: "set the credentials",
			Class: "credentials", Detail: "Login failed.", PowerBI: "DMTS_AccessDenied"}
	case machine.Cancelled:
		v.Status, v.RetryAfter = machine.StatusCanceled, 0
		op.Fault = &machine.Fault{Code: machine.CodeOperationCanceled, Message: "The operation was cancelled by its caller."}
	case machine.Running:
		v.Status = machine.StatusRunning
	default:
		v.Status = machine.StatusNotStarted
	}
	v.Operation = op
	return refresh.Receipt{ID: testID, Sig: testSig, View: v}
}

// always is a status that never changes.
func always(r refresh.Receipt) func(string) (refresh.Receipt, error) {
	return func(string) (refresh.Receipt, error) { return r, nil }
}

// bench is the routes with a fake behind them, and their log.
type bench struct {
	t      *testing.T
	fake   *fakeRefresher
	routes http.Handler
	log    *logBuffer
}

// newBench makes the routes. When the test ends, no capability, key or query may
// have been logged.
func newBench(t *testing.T, changes ...func(*Config)) *bench {
	t.Helper()
	b := &bench{t: t, fake: &fakeRefresher{}, log: &logBuffer{}}
	cfg := Config{Refresher: b.fake, BaseURL: testBase, MaxWait: 45 * time.Second, Version: "1.2.3",
		Logger: slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, change := range changes {
		change(&cfg)
	}
	b.routes = New(cfg)
	t.Cleanup(func() { b.log.holdsNone(t, testSig, testKey, testQuery) })
	return b
}

// do sends a request as callers do, with a key in a header and another one in the
// query, and checks what every answer has.
func (b *bench) do(method, target, body string, headers ...string) answer {
	b.t.Helper()
	a := b.raw(method, target, body, headers...)
	a.common()
	return a
}

func (b *bench) raw(method, target, body string, headers ...string) answer {
	b.t.Helper()
	mark := "?"
	if strings.Contains(target, "?") {
		mark = "&"
	}
	r := httptest.NewRequest(method, target+mark+"code="+testQuery, strings.NewReader(body))
	r.Header.Set("x-functions-key", testKey)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	w := httptest.NewRecorder()
	b.routes.ServeHTTP(w, r)
	return answer{t: b.t, code: w.Code, header: w.Header(), raw: w.Body.Bytes()}
}

func (b *bench) trigger(body string, headers ...string) answer {
	b.t.Helper()
	return b.do(http.MethodPost, "/api/refreshes", body, headers...)
}

func (b *bench) status(headers ...string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, statusPath, "", headers...)
}

// wholeModel is the shortest body that is complete, with further members.
func wholeModel(members ...string) string {
	members = append([]string{`"workspaceId":"` + testWorkspace + `"`, `"datasetId":"` + testDataset + `"`}, members...)
	return "{" + strings.Join(members, ",") + "}"
}

// logBuffer is a log that many may write to.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) holdsNone(t *testing.T, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(l.String(), s) {
			t.Errorf("the log holds %q:\n%s", s, l.String())
		}
	}
}

// records are the log's lines.
func (l *logBuffer) records(t *testing.T) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(l.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		all = append(all, record)
	}
	return all
}
