package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/audit"
	"pbirefresh/callback"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

const (
	testSignature = "sig=th3-s1gnatur3%2Bof%2Fa+run"
	testCallback  = "https://prod-01.westeurope.logic.azure.com:443/workflows/a1b2/runs/0858?sp=%2Fruns%2F0858%2Fread&" + testSignature
)

// nowhere is the check of an app without callbacks.
func nowhere(string) (callback.URL, error) {
	return callback.URL{}, &callback.Error{Code: callback.CodeForbidden, Message: "Not here."}
}

// fakeCallbacks checks as the product does, and remembers what was registered.
type fakeCallbacks struct {
	report callback.Report
	sweep  callback.SweepReport
	err    error // of Register and Sweep
	full   error // of Admit

	mu         sync.Mutex
	admitted   []string // owner and model
	registered []callback.Registration
	sweeps     int
}

func (f *fakeCallbacks) Check(raw string) (callback.URL, error) {
	return callback.Policy{Hosts: callback.DefaultHosts()}.Check(raw)
}

func (f *fakeCallbacks) Admit(_ context.Context, owner, model string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.admitted = append(f.admitted, owner+" "+model)
	return f.full
}

func (f *fakeCallbacks) Register(_ context.Context, r callback.Registration) (callback.Report, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.registered = append(f.registered, r)
	return f.report, f.err
}

func (f *fakeCallbacks) Sweep(context.Context) (callback.SweepReport, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sweeps++
	return f.sweep, f.err
}

// newCallbackBench is a bench with callbacks, whose signature no log line may hold.
func newCallbackBench(t *testing.T) (*bench, *fakeCallbacks) {
	t.Helper()
	calls := &fakeCallbacks{report: callback.Report{State: callback.Waiting}}
	b := newBench(t, func(c *Config) { c.Callbacks = calls })
	t.Cleanup(func() { b.log.holdsNone(t, testSignature, "th3-s1gnatur3", "workflows/a1b2") })
	return b, calls
}

func member(name, value string) string {
	b, _ := json.Marshal(value)
	return fmt.Sprintf("%q:%s", name, b)
}

// Whoever asks for a callback gets a 200 that nobody polls, whatever has become of
// the operation by then, and whatever else it wishes.
func TestCallbackIsPromised(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"callBackUri", "callbackUrl"} {
		for _, phase := range []machine.Phase{machine.Queued, machine.Running, machine.Succeeded, machine.Failed} {
			b, calls := newCallbackBench(t)
			b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) { return receipt(phase), nil }
			a := b.trigger(wholeModel(member(name, testCallback)), "Prefer: wait=30").is(http.StatusOK)
			a.has("Location", "").has("Retry-After", "").has("Preference-Applied", "").has("x-ms-error-code", "")
			a.has("Operation-Location", testStatusURL).has("Operation-Id", testID)
			if d := a.document(); d.Phase != phase || d.StatusURL != testStatusURL || d.Callback == nil || d.Callback.State != callback.Waiting {
				t.Errorf("%s, %s: %s", name, phase, a.raw)
			}
			if len(calls.registered) != 1 || b.fake.count("status") != 0 {
				t.Fatalf("%d registered, %d looks", len(calls.registered), b.fake.count("status"))
			}
			got := calls.registered[0]
			if got.URL.Exact() != testCallback || got.Operation.ID != testID || got.Operation.Base != testBase || got.Model != testWorkspace+"/"+testDataset {
				t.Errorf("registered %s of %q: %+v", got.URL.Exact(), got.Model, got)
			}
			if strings.Contains(string(a.raw), "logic.azure.com") {
				t.Errorf("the answer repeats the callback: %s", a.raw)
			}
		}
	}
}

// A repeated request hears how its callback stands.
func TestCallbackOfARepeatedRequest(t *testing.T) {
	t.Parallel()
	b, calls := newCallbackBench(t)
	calls.report = callback.Report{State: callback.Delivered, Attempts: 2, LastStatus: 200}
	a := b.trigger(wholeModel(member("callBackUri", testCallback))).is(http.StatusOK)
	want := map[string]any{"state": "delivered", "attempts": 2.0, "lastStatus": 200.0}
	if got := a.object()["callback"]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestWithoutACallbackNothingChanges(t *testing.T) {
	t.Parallel()
	for _, body := range []string{wholeModel(), wholeModel(`"callBackUri":null`), wholeModel(`"callBackUri":null,"callbackUrl":null`)} {
		b, calls := newCallbackBench(t)
		if d := b.trigger(body).isAccepted(testStatusURL, "5"); d.Callback != nil || len(calls.registered) != 0 {
			t.Errorf("%s: %+v", body, calls.registered)
		}
	}
}

// A wrong callback is told before anything is done, together with what else is wrong.
func TestWrongCallbacks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, member, target, code, says string }{
		{"plain http", member("callBackUri", "http://prod.logic.azure.com/a?"+testSignature), "callBackUri", callback.CodeInvalid, "https://"},
		{"another host", member("callBackUri", "https://evil-logic.azure.com/a?"+testSignature), "callBackUri", callback.CodeForbidden, "CALLBACK_HOSTS"},
		{"no text", `"callbackUrl":{"uri":"https://prod.logic.azure.com/"}`, "callbackUrl", "InvalidType", "string"},
		{"both", member("callBackUri", testCallback) + "," + member("callbackUrl", testCallback), "callbackUrl", "InvalidCombination", "one of them"},
		{"too long", member("callBackUri", testCallback+strings.Repeat("a", 4096)), "callBackUri", callback.CodeTooLong, "4096"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b, calls := newCallbackBench(t)
			a := b.trigger(wholeModel(tc.member, `"whenBusy":"sometimes"`)).is(http.StatusBadRequest)
			e := a.wireError()
			i := slices.IndexFunc(e.Details, func(d Detail) bool { return d.Target == tc.target })
			if i < 0 || len(e.Details) != 2 || e.Details[i].Code != tc.code || !strings.Contains(e.Details[i].Message, tc.says) {
				t.Errorf("%s", a.raw)
			}
			if b.fake.count("trigger") != 0 || len(calls.registered) != 0 || strings.Contains(string(a.raw), "s1gnatur3") {
				t.Errorf("something was done, or the signature repeated: %s", a.raw)
			}
		})
	}
}

// What is refused promises no callback, and what cannot be promised is no 200.
func TestCallbackThatIsNotPromised(t *testing.T) {
	t.Parallel()
	body := wholeModel(member("callBackUri", testCallback))
	b, calls := newCallbackBench(t)
	b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) {
		return refresh.Receipt{}, &refresh.Refusal{Code: machine.CodeBusy, Message: "Busy."}
	}
	if b.trigger(body).is(http.StatusConflict); len(calls.registered) != 0 {
		t.Errorf("a refused request registered %v", calls.registered)
	}
	b, calls = newCallbackBench(t)
	calls.err = errors.New("storage is away")
	if e := b.trigger(body).is(http.StatusServiceUnavailable).has("Retry-After", "5").wireError(); e.Code != "CallbackNotSaved" {
		t.Errorf("%+v", e)
	}
	newBench(t).trigger(body).is(http.StatusBadRequest) // an app without callbacks
}

// A caller with too many callbacks starts nothing more that has one, and is on record for it
// once a minute. Everything else of it goes on.
func TestTooManyCallbacks(t *testing.T) {
	t.Parallel()
	body := wholeModel(member("callBackUri", testCallback))
	for _, tc := range []struct {
		full callback.FullError
		says string
	}{
		{callback.FullError{Limit: 5000}, "5000 callbacks of this caller are not delivered"},
		{callback.FullError{Limit: 1000, PerOperation: true}, "1000 callbacks of this caller already wait for one refresh"},
	} {
		calls, f := &fakeCallbacks{full: &tc.full}, &fakeAuditor{}
		b := newBench(t, func(c *Config) { c.Callbacks, c.Audit = calls, f })
		for range 3 {
			e := b.trigger(body, "x-functions-key: one").is(http.StatusTooManyRequests).has("Retry-After", "60").wireError()
			if e.Code != "TooManyCallbacks" || !strings.Contains(e.Message, "Nothing was started: "+tc.says) {
				t.Errorf("%+v is answered with %s: %q, want TooManyCallbacks: %q", tc.full, e.Code, e.Message, tc.says)
			}
		}
		b.trigger(body, "x-functions-key: two").is(http.StatusTooManyRequests)
		if n := b.fake.count("trigger"); n != 0 || len(calls.registered) != 0 {
			t.Errorf("%d refreshes and %d callbacks after 429, want none", n, len(calls.registered))
		}
		if len(f.records) != 2 || f.records[0].Event != audit.Refused || f.records[0].Refusal.Code != "TooManyCallbacks" || f.records[0].DatasetID != testDataset || f.records[0].Caller != "key" {
			t.Errorf("four refusals of two callers are on record as %+v, want one of each caller", f.records)
		}
		b.trigger(wholeModel(), "x-functions-key: one").is(http.StatusAccepted)
	}
}

// A callback counts for who asks for it, and only if everything else allows the request.
func TestWhoseCallbackIsAdmitted(t *testing.T) {
	t.Parallel()
	calls := &fakeCallbacks{}
	b := newBench(t, func(c *Config) {
		c.Callbacks = calls
		c.Allowed, _ = ParseAllowed(testWorkspace + "/" + testDataset)
	})
	with := member("callBackUri", testCallback)
	b.trigger(wholeModel(with, `"whenBusy":"sometimes"`)).is(http.StatusBadRequest)
	b.trigger(strings.ReplaceAll(wholeModel(with), testDataset, "00000000-0000-0000-0000-000000000001")).is(http.StatusForbidden)
	b.trigger(wholeModel(), "x-functions-key: one").is(http.StatusAccepted)
	if len(calls.admitted) != 0 {
		t.Errorf("requests without a callback to send were admitted as %q, want none", calls.admitted)
	}
	b.trigger(wholeModel(with), "x-functions-key: one").is(http.StatusOK)
	b.trigger(wholeModel(with), "x-functions-key: two").is(http.StatusOK)
	if len(calls.admitted) != 2 || calls.admitted[0] == calls.admitted[1] || !strings.HasSuffix(calls.admitted[0], " "+testWorkspace+"/"+testDataset) {
		t.Errorf("requests of two keys were admitted as %q, want two owners of the model", calls.admitted)
	}
	for i, r := range calls.registered {
		if want := r.Owner + " " + r.Model; calls.admitted[i] != want {
			t.Errorf("admitted as %q and registered as %q, want the same", calls.admitted[i], want)
		}
	}
}

type fakeOperations struct {
	receipt refresh.Receipt
	err     error
}

func (f fakeOperations) ReadAs(_ context.Context, id refresh.ID, nonce string) (refresh.Receipt, error) {
	if id.String() != testID || nonce != "the-nonce" {
		return refresh.Receipt{}, fmt.Errorf("ReadAs(%s, %s) was not expected", id, nonce)
	}
	return f.receipt, f.err
}

func (fakeOperations) OpenSealed(_ context.Context, sealed string) (refresh.ID, string, error) {
	if sealed != "sealed" {
		return refresh.ID{}, "", refresh.ErrBadID
	}
	id, err := refresh.ParseID(testID)
	return id, "the-nonce", err
}

// A callback that was registered before ids and signatures were apart is sent, with a
// URL of today.
func TestCallbackOfASealedID(t *testing.T) {
	t.Parallel()
	outcome := CallbackOutcome(fakeOperations{receipt: receipt(machine.Succeeded)}, false)
	got, err := outcome(t.Context(), callback.Operation{ID: "sealed", Base: testBase})
	if err != nil || !got.Ended || !strings.Contains(string(got.Body), testStatusURL) {
		t.Errorf("outcome of a sealed id = %s, %v, want the end with %s", got.Body, err, testStatusURL)
	}
}

// Row 6 of the contract in docs/callers.md: what the WebHook activity reads, to the letter.
func TestCallbackBodies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		receipt refresh.Receipt
		err     error
		ended   bool
		code    string
		fault   string
		status  string
	}{
		{"goes on", receipt(machine.Running), nil, false, "", "", ""},
		{"succeeded", receipt(machine.Succeeded), nil, true, "200", "", "Succeeded"},
		{"failed", receipt(machine.Failed), nil, true, "409", machine.CodeRefreshFailed, "Failed"},
		{"cancelled", receipt(machine.Cancelled), nil, true, "409", machine.CodeOperationCanceled, "Canceled"},
		{"gone", refresh.Receipt{}, &refresh.Refusal{Code: machine.CodeNotFound, Message: "Gone."}, true, "409", machine.CodeNotFound, ""},
		{"of another key", refresh.Receipt{}, refresh.ErrBadID, true, "409", machine.CodeNotFound, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			outcome := CallbackOutcome(fakeOperations{tc.receipt, tc.err}, false)
			got, err := outcome(t.Context(), callback.Operation{ID: testID, Caller: "the-nonce", Base: testBase})
			if err != nil || got.Ended != tc.ended {
				t.Fatalf("ended %v, %v", got.Ended, err)
			}
			if !tc.ended {
				return
			}
			var body struct {
				StatusCode any
				Output     map[string]any
				Error      *struct{ ErrorCode, Message string }
			}
			if err := json.Unmarshal(got.Body, &body); err != nil {
				t.Fatal(err)
			}
			url := testStatusURL
			if tc.status == "" { // nothing signs for what is lost
				url = testBase + "/api/operations/" + testID
			}
			if body.StatusCode != tc.code || body.Output["statusUrl"] != url {
				t.Errorf("%s", got.Body)
			}
			if tc.status != "" && body.Output["status"] != tc.status {
				t.Errorf("status %v", body.Output["status"])
			}
			if (body.Error == nil) != (tc.fault == "") || body.Error != nil && (body.Error.ErrorCode != tc.fault || body.Error.Message == "") {
				t.Errorf("error %+v", body.Error)
			}
		})
	}
}

// Trouble of ours is not the operation's end.
func TestCallbackOutcomeThatIsNotKnown(t *testing.T) {
	t.Parallel()
	outcome := CallbackOutcome(fakeOperations{err: &refresh.UnavailableError{RetryAfter: time.Second}}, false)
	if got, err := outcome(t.Context(), callback.Operation{ID: testID, Caller: "the-nonce"}); err == nil || got.Ended {
		t.Errorf("%+v, %v", got, err)
	}
}

// The timer sweeps callbacks too, also when the models cannot be swept, and says so.
func TestSweepOfCallbacks(t *testing.T) {
	t.Parallel()
	b, calls := newCallbackBench(t)
	calls.sweep = callback.SweepReport{Seen: 5, Due: 2, Failed: 1}
	b.fake.sweep = func() (refresh.Report, error) { return refresh.Report{Complete: true}, nil }
	a := b.tick("/RefreshSweep", timerPayload).is(http.StatusOK)
	if logs := a.object()["Logs"].([]any); len(logs) != 2 || !strings.Contains(logs[1].(string), "5 callbacks, 2 due, 1 could not be moved forward; out of time") {
		t.Errorf("%v", logs)
	}
	b.fake.sweep = func() (refresh.Report, error) { return refresh.Report{}, errors.New("broken") }
	if b.tick("/RefreshSweep", timerPayload).is(http.StatusInternalServerError); calls.sweeps != 2 {
		t.Errorf("%d sweeps", calls.sweeps)
	}
	calls.err = errors.New("broken")
	b.fake.sweep = func() (refresh.Report, error) { return refresh.Report{Complete: true}, nil }
	b.tick("/RefreshSweep", timerPayload).is(http.StatusServiceUnavailable)
}
