package handler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

const testStatusURL = testBase + statusPath

// isAccepted checks the headers that every poller needs of a 202.
func (a answer) isAccepted(location, retryAfter string) StatusDocument {
	a.t.Helper()
	a.is(http.StatusAccepted).has("Location", location).has("Operation-Location", location)
	a.has("Retry-After", retryAfter).has("Operation-Id", testID).has("x-ms-error-code", "")
	d := a.document()
	if d.ID != testID || d.StatusURL != location || d.StatusQueryGetURI != location {
		a.t.Errorf("id %s, statusUrl %s, statusQueryGetUri %s", d.ID, d.StatusURL, d.StatusQueryGetURI)
	}
	return d
}

func TestTriggerIsAccepted(t *testing.T) {
	t.Parallel()
	d := newBench(t).trigger(wholeModel()).isAccepted(testStatusURL, "5")
	if d.Status != machine.StatusNotStarted || d.Phase != machine.Queued || d.WorkspaceID != testWorkspace || d.DatasetID != testDataset {
		t.Errorf("%+v", d)
	}
}

// An operation may have ended by the time its POST is answered: Power BI refused it at
// once, or its key came again. The answer is that of its status URL.
func TestTriggerOfWhatHasEnded(t *testing.T) {
	t.Parallel()
	for phase, code := range map[machine.Phase]int{machine.Succeeded: http.StatusOK, machine.Failed: http.StatusConflict, machine.Cancelled: http.StatusConflict} {
		for _, prefer := range []string{"Prefer: respond-async", "Prefer: wait=10", "Prefer: none"} {
			b := newBench(t)
			b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) { return receipt(phase), nil }
			b.fake.status = always(receipt(phase))
			a := b.trigger(wholeModel(), prefer).is(code).has("Location", "").has("Operation-Location", "").has("Retry-After", "")
			if status := b.status().is(code); string(a.raw) != string(status.raw) || a.header.Get("x-ms-error-code") != status.header.Get("x-ms-error-code") {
				t.Errorf("%s with %s: the POST says %s, the status URL %s", phase, prefer, a.raw, status.raw)
			}
		}
	}
}

func TestRetryAfterIsBounded(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "1", 0: "1", time.Millisecond: "1", time.Second: "1", 1500 * time.Millisecond: "2",
		59*time.Second + 1: "60", time.Minute: "60", time.Hour: "60",
	} {
		b := newBench(t)
		r := receipt(machine.Running)
		r.View.RetryAfter = d
		b.fake.status = always(r)
		b.status().isAccepted(testStatusURL, want)
	}
}

func TestStatusOfEveryPhase(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		phase  machine.Phase
		code   int
		status machine.Status
		fault  string
	}{
		{machine.Queued, 202, machine.StatusNotStarted, ""},
		{machine.Running, 202, machine.StatusRunning, ""},
		{machine.Succeeded, 200, machine.StatusSucceeded, ""},
		{machine.Failed, 409, machine.StatusFailed, machine.CodeRefreshFailed},
		{machine.Cancelled, 409, machine.StatusCanceled, machine.CodeOperationCanceled},
	} {
		t.Run(string(tc.phase), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.fake.status = func(id string) (refresh.Receipt, error) {
				if id != testID {
					t.Errorf("asked for %q", id)
				}
				return receipt(tc.phase), nil
			}
			a := b.status().is(tc.code).has("x-ms-error-code", tc.fault)
			if d := a.document(); d.Status != tc.status || d.Phase != tc.phase || d.StatusURL != testStatusURL {
				t.Errorf("%+v", d)
			}
			if e := a.wireError(); e.Code != tc.fault {
				t.Errorf("error code %q, want %q", e.Code, tc.fault)
			}
			if tc.code == http.StatusAccepted {
				a.isAccepted(testStatusURL, "5")
				return
			}
			for _, h := range []string{"Location", "Operation-Location", "Retry-After"} {
				if a.header.Get(h) != "" {
					t.Errorf("%s with an operation that has ended: pollers would go on", h)
				}
			}
		})
	}
}

// A status that this version does not know is not taken for the end.
func TestStatusOfANewerVersion(t *testing.T) {
	t.Parallel()
	r := receipt(machine.Running)
	r.View.Status = "Napping"
	b := newBench(t)
	b.fake.status = always(r)
	b.raw(http.MethodGet, statusPath, "").is(http.StatusAccepted).has("Location", testStatusURL)
}

func TestErrorsOfTheCoordinator(t *testing.T) {
	t.Parallel()
	refusal := func(code string) error { return &refresh.Refusal{Code: code, Message: "Because."} }
	for _, tc := range []struct {
		name       string
		err        error
		code       int
		word       string
		retryAfter string
	}{
		{"bad id", refresh.ErrBadID, 404, machine.CodeNotFound, ""},
		{"not kept", refusal(machine.CodeNotFound), 404, machine.CodeNotFound, ""},
		{"ended", refusal(machine.CodeFinished), 410, machine.CodeFinished, ""},
		{"busy", refusal(machine.CodeBusy), 409, machine.CodeBusy, ""},
		{"cannot be cancelled", refusal(machine.CodeCancelNotSupported), 409, machine.CodeCancelNotSupported, ""},
		{"share used", refusal(machine.CodeShareUsed), 429, machine.CodeShareUsed, "60"},
		{"queue full", refusal(machine.CodeQueueFull), 503, machine.CodeQueueFull, "60"},
		{"no storage", &refresh.UnavailableError{RetryAfter: 5 * time.Second}, 503, machine.CodeUnavailable, "5"},
		{"interrupted", fmt.Errorf("read: %w", context.Canceled), 503, "Interrupted", "1"},
		{"anything else", errors.New("a hidden cause"), 500, "InternalError", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) { return refresh.Receipt{}, tc.err }
			b.fake.status = func(string) (refresh.Receipt, error) { return refresh.Receipt{}, tc.err }
			b.fake.cancel = func(string, bool) (refresh.Receipt, error) { return refresh.Receipt{}, tc.err }
			for _, a := range []answer{
				b.trigger(wholeModel()), b.status(), b.do(http.MethodPost, cancelPath, ""),
			} {
				a.is(tc.code).has("x-ms-error-code", tc.word).has("Retry-After", tc.retryAfter).has("Location", "")
				if a.object()["status"] != nil {
					t.Errorf("a refusal must not look like an operation: %s", a.raw)
				}
				if strings.Contains(string(a.raw), "hidden cause") {
					t.Errorf("what was not meant for callers is shown: %s", a.raw)
				}
			}
			if tc.code == http.StatusInternalServerError && !strings.Contains(b.log.String(), "hidden cause") {
				t.Error("the cause is not in the log")
			}
		})
	}
}

// Whose right it is to cancel for everybody is decided by the host, by the route.
func TestCancel(t *testing.T) {
	t.Parallel()
	for call, force := range map[string]bool{"POST cancel?sig=" + testSig: false, "DELETE cancel?sig=" + testSig: false, "POST cancel-all": true, "POST cancel?sig=" + testSig + "&force=true": false} {
		method, path, _ := strings.Cut(call, " ")
		b := newBench(t)
		b.fake.cancel = func(id string, forced bool) (refresh.Receipt, error) {
			if id != testID || forced != force {
				t.Errorf("%s: id %q, force %t", call, id, forced)
			}
			return receipt(machine.Running), nil
		}
		b.do(method, "/api/operations/"+testID+"/"+path, "").isAccepted(testStatusURL, "5")
	}
}

// Who withdrew from a shared operation is told so at once, and not that it failed.
func TestCancelOfAShare(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.cancel = func(string, bool) (refresh.Receipt, error) { return receipt(machine.Cancelled), nil }
	a := b.do(http.MethodPost, cancelPath, "").is(http.StatusAccepted).has("Location", testStatusURL)
	if d := a.document(); d.Status != machine.StatusCanceled || d.Error == nil || d.Error.Code != machine.CodeOperationCanceled {
		t.Errorf("%s", a.raw)
	}
}

func TestAllowedModels(t *testing.T) {
	t.Parallel()
	const other = "00000000-0000-0000-0000-000000000001"
	for list, want := range map[string]int{
		"":                                202,
		testWorkspace:                     202,
		strings.ToUpper(testWorkspace):    202,
		testWorkspace + "/" + testDataset: 202,
		other + ", " + testWorkspace:      202,
		other + ";\n" + testWorkspace:     202,
		testWorkspace + "/" + other:       403,
		other:                             403,
		other + "/" + testDataset:         403,
		testDataset:                       403,
		testDataset + "/" + testWorkspace: 403,
		other + "," + testWorkspace + "/" + other + "," + testWorkspace + "/" + testDataset: 202,
	} {
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			allowed, err := ParseAllowed(list)
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t, func(c *Config) { c.Allowed = allowed })
			a := b.trigger(wholeModel()).is(want)
			if want == http.StatusForbidden && (a.wireError().Code != "ModelNotAllowed" || b.fake.count("trigger") != 0) {
				t.Errorf("%s, calls %v", a.raw, b.fake.calls)
			}
		})
	}
}

func TestParseAllowedRefuses(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"Finance", testWorkspace + "/", testWorkspace + "/Sales", "/" + testDataset,
		testWorkspace + "/" + testDataset + "/x", testWorkspace + ",*", testWorkspace + "/*"} {
		if _, err := ParseAllowed(list); err == nil || !strings.Contains(err.Error(), "workspaceId/datasetId") {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// A status URL is good as it was given: with one signature, unaltered.
func TestSignaturesAreReadExactly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.status = always(receipt(machine.Running))
	for query, want := range map[string]int{
		"?sig=" + testSig: 202, "?wait=0&sig=" + testSig: 202, "": 404, "?sig=": 404, "?sig=" + testSig + "&sig=" + testSig: 404,
		"?sig=" + testSig + "," + testSig: 404, "?sig=" + testSig + "%20": 404, "?signature=" + testSig: 404,
	} {
		if a := b.do(http.MethodGet, "/api/refreshes/"+testID+query, ""); a.code != want {
			t.Errorf("GET …%s = %d, want %d", query, a.code, want)
		}
	}
}
