package handler

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh/machine"
)

// The contract of docs/callers.md, row by row and by its numbers. What every answer has
// is checked by answer.common.
func TestContract(t *testing.T) {
	t.Parallel()
	poll := []string{"Location", "Operation-Location", "Retry-After", "Operation-Id"}
	for _, row := range []struct {
		name    string
		ends    machine.RowState
		act     func(*live) answer
		code    int
		status  string   // of the body; empty: an error
		headers []string // of the answer, besides those of every one; the others of the list below are not there
		members []string // of the body, besides those of every document
		word    string   // error.code
	}{
		{"1 accepted", machine.RowCompleted, func(l *live) answer { return l.trigger(wholeModel()) },
			202, "Running", poll, []string{"startedDateTime"}, ""},
		{"1 accepted, repeatable", machine.RowCompleted, func(l *live) answer {
			return l.trigger(wholeModel(), repeatabilityID+": "+aGUID, aDate)
		}, 202, "Running", append(poll, "Repeatability-Result"), []string{"startedDateTime"}, ""},
		{"1 a replay while it runs", machine.RowCompleted, func(l *live) answer {
			l.accepted("Idempotency-Key: k")
			return l.trigger(wholeModel(), "Idempotency-Key: k")
		}, 202, "Running", append(poll, "Idempotent-Replayed"), []string{"startedDateTime"}, ""},
		{"1 a replay of what has ended", machine.RowFailed, func(l *live) answer {
			l.accepted("Idempotency-Key: k")
			time.Sleep(time.Hour)
			l.trigger(wholeModel(), "Idempotency-Key: k", "Prefer: wait=40")
			return l.trigger(wholeModel(), "Idempotency-Key: k")
		}, 409, "Failed", []string{"x-ms-error-code", "Idempotent-Replayed"}, []string{"startedDateTime", "endedDateTime", "endSeenDateTime", "error"}, "RefreshFailed"},
		{"2 not finished", machine.RowCompleted, func(l *live) answer { return l.look(l.accepted()) },
			202, "Running", poll, []string{"startedDateTime"}, ""},
		{"3 succeeded", machine.RowCompleted, func(l *live) answer { return l.after(time.Hour) },
			200, "Succeeded", nil, []string{"startedDateTime", "endedDateTime", "endSeenDateTime", "result", "progress"}, ""},
		{"4 failed", machine.RowFailed, func(l *live) answer { return l.after(time.Hour) },
			409, "Failed", []string{"x-ms-error-code"}, []string{"startedDateTime", "endedDateTime", "endSeenDateTime", "error"}, "RefreshFailed"},
		{"4 canceled", machine.RowCompleted, func(l *live) answer {
			d := l.accepted()
			l.do(http.MethodPost, d.TerminatePostURI[len(testBase):]+"&reason=enough", "").is(http.StatusAccepted)
			time.Sleep(time.Minute)
			l.look(d)
			return l.look(d)
		}, 409, "Canceled", []string{"x-ms-error-code"}, []string{"startedDateTime", "endedDateTime", "endSeenDateTime", "error"}, "OperationCanceled"},
		{"4 cancelled at Power BI", machine.RowCancelled, func(l *live) answer { return l.after(time.Hour) },
			409, "Failed", []string{"x-ms-error-code"}, []string{"startedDateTime", "endedDateTime", "endSeenDateTime", "error"}, "RefreshCancelled"},
		{"4 disabled", machine.RowDisabled, func(l *live) answer { return l.after(time.Hour) },
			409, "Failed", []string{"x-ms-error-code"}, []string{"startedDateTime", "endedDateTime", "endSeenDateTime", "error"}, "RefreshDisabled"},
		{"4 timed out", machine.RowCompleted, func(l *live) answer {
			l.pbi.length = 48 * time.Hour
			return l.ends(`"timeout":"1m"`)
		}, 409, "Failed", []string{"x-ms-error-code"}, []string{"startedDateTime", "endedDateTime", "endSeenDateTime", "error"}, "RefreshTimeout"},
		{"4 could not start in time", machine.RowCompleted, func(l *live) answer {
			l.pbi.leaves(&machine.Fault{Code: "Throttled", Message: "429", Transient: true})
			return l.ends(`"queueTimeout":"1m"`)
		}, 409, "Failed", []string{"x-ms-error-code"}, []string{"endedDateTime", "endSeenDateTime", "error"}, "QueueTimeout"},
		{"4 a state that nobody knows", "", func(l *live) answer { return l.ends(`"timeout":"1h"`) },
			409, "Failed", []string{"x-ms-error-code"}, []string{"startedDateTime", "endedDateTime", "endSeenDateTime", "error"}, "RefreshTimeout"},
		{"cancel is accepted", machine.RowCompleted, func(l *live) answer {
			return l.do(http.MethodDelete, l.accepted().TerminatePostURI[len(testBase):], "")
		}, 202, "Running", poll, []string{"startedDateTime"}, ""},
		{"cancel of what is not there", machine.RowCompleted, func(l *live) answer {
			return l.do(http.MethodPost, "/api/operations/7f/cancel?sig=x&reason=enough", "")
		}, 404, "", []string{"x-ms-error-code"}, nil, "OperationNotFound"},
		{"5 wrong input", machine.RowCompleted, func(l *live) answer { return l.trigger(`{}`) },
			400, "", []string{"x-ms-error-code"}, nil, "InvalidRequest"},
		{"5 wrong media type", machine.RowCompleted, func(l *live) answer { return l.trigger(wholeModel(), "Content-Type: text/plain") },
			415, "", []string{"x-ms-error-code"}, nil, "UnsupportedMediaType"},
		{"5 too large", machine.RowCompleted, func(l *live) answer { return l.trigger(strings.Repeat(" ", maxBody+1)) },
			413, "", []string{"x-ms-error-code"}, nil, "BodyTooLarge"},
		{"5 no such operation", machine.RowCompleted, func(l *live) answer { return l.status() },
			404, "", []string{"x-ms-error-code"}, nil, "OperationNotFound"},
		{"5 no such route", machine.RowCompleted, func(l *live) answer { return l.do(http.MethodGet, "/api/x", "") },
			404, "", []string{"x-ms-error-code"}, nil, "RouteNotFound"},
		{"5 another method", machine.RowCompleted, func(l *live) answer { return l.do(http.MethodPut, "/api/refreshes", "") },
			405, "", []string{"x-ms-error-code", "Allow"}, nil, "MethodNotAllowed"},
		{"5 busy", machine.RowCompleted, func(l *live) answer {
			l.accepted()
			return l.trigger(wholeModel(`"whenBusy":"reject"`))
		}, 409, "", []string{"x-ms-error-code"}, nil, "RefreshInProgress"},
		{"5 nothing left to cancel", machine.RowCompleted, func(l *live) answer {
			d := l.accepted()
			time.Sleep(time.Hour)
			l.look(d)
			return l.do(http.MethodDelete, d.TerminatePostURI[len(testBase):], "")
		}, 410, "", []string{"x-ms-error-code"}, nil, "OperationFinished"},
		{"5 Power BI throttles", machine.RowCompleted, func(l *live) answer {
			return l.afterTrouble(&machine.Fault{Code: "Throttled", Message: "429", Transient: true})
		}, 202, "Running", poll, []string{"startedDateTime", "lastLook"}, ""},
		{"5 Power BI is down", machine.RowCompleted, func(l *live) answer {
			return l.afterTrouble(&machine.Fault{Code: "Unavailable", Message: "503", Transient: true})
		}, 202, "Running", poll, []string{"startedDateTime", "lastLook"}, ""},
		{"5 Power BI throttles the POST", machine.RowCompleted, func(l *live) answer {
			l.pbi.leaves(&machine.Fault{Code: "Throttled", Message: "429", Transient: true})
			return l.look(l.accepted())
		}, 202, "NotStarted", poll, []string{"blockedBy"}, ""},
		{"5 the storage is down", machine.RowCompleted, func(l *live) answer {
			d := l.accepted()
			down := leasetest.NewFaulty(l.store)
			l.restart(down)
			down.On(leasetest.OpRead, leasetest.NotSent(errors.New("connection reset")))
			return l.look(d)
		}, 503, "", []string{"x-ms-error-code", "Retry-After"}, nil, "StateUnavailable"},
		{"5 the storage is down for a trigger", machine.RowCompleted, func(l *live) answer {
			down := leasetest.NewFaulty(lease.NewMemory())
			l.restart(down)
			down.On(leasetest.OpAcquire, leasetest.NotSent(errors.New("connection reset")))
			return l.trigger(wholeModel())
		}, 503, "", []string{"x-ms-error-code", "Retry-After"}, nil, "StateUnavailable"},
		{"5 a newer version is at work", machine.RowCompleted, func(l *live) answer {
			d := l.accepted()
			l.store.(*lease.Memory).Overwrite("models/"+d.WorkspaceID+"/"+d.DatasetID+".json", []byte(`{"schema":9,"minReader":9}`), nil)
			if a := l.trigger(wholeModel()); !strings.Contains(a.wireError().Message, "deploy the newer version") {
				l.t.Errorf("a trigger: %s", a.raw)
			}
			return l.look(d)
		}, 503, "", []string{"x-ms-error-code", "Retry-After"}, nil, "NewerVersion"},
		{"7 ends in time", machine.RowCompleted, func(l *live) answer {
			l.pbi.length = 20 * time.Second
			return l.trigger(wholeModel(), "Prefer: respond-async, wait=40")
		}, 200, "Succeeded", []string{"Preference-Applied"}, []string{"startedDateTime", "endedDateTime", "endSeenDateTime", "result", "progress"}, ""},
		{"7 fails in time", machine.RowFailed, func(l *live) answer {
			l.pbi.length = 20 * time.Second
			return l.trigger(wholeModel(), "Prefer: wait=40")
		}, 409, "Failed", []string{"x-ms-error-code", "Preference-Applied"}, []string{"startedDateTime", "endedDateTime", "endSeenDateTime", "error"}, "RefreshFailed"},
		{"7 does not end in time", machine.RowCompleted, func(l *live) answer {
			return l.trigger(wholeModel(), "Prefer: wait=40")
		}, 202, "Running", append(poll, "Preference-Applied"), []string{"startedDateTime"}, ""},
		{"7 no wait on errors", machine.RowCompleted, func(l *live) answer {
			began := time.Now()
			a := l.trigger(`{}`, "Prefer: wait=40")
			if time.Since(began) != 0 {
				l.t.Errorf("held back for %v", time.Since(began))
			}
			return a
		}, 400, "", []string{"x-ms-error-code"}, nil, "InvalidRequest"},
		{"8 another request", machine.RowCompleted, func(l *live) answer {
			l.accepted("Idempotency-Key: k")
			return l.trigger(wholeModel(`"whenBusy":"join"`), "Idempotency-Key: k")
		}, 422, "", []string{"x-ms-error-code"}, nil, "IdempotencyKeyReused"},
		{"8 another request by Operation-Id", machine.RowCompleted, func(l *live) answer {
			l.accepted("Operation-Id: k")
			return l.trigger(wholeModel(`"whenBusy":"join"`), "Operation-Id: k")
		}, 400, "", []string{"x-ms-error-code"}, nil, "IdempotencyKeyReused"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLive(t, 20*time.Minute, row.ends)
				a := row.act(l)
				rest()
				a.is(row.code).exactly(row.headers)
				a.holds(row.status, row.members, row.word)
			})
		})
	}
}

// after is the status when that time has passed and a look was taken.
func (l *live) after(d time.Duration) answer {
	l.t.Helper()
	doc := l.accepted()
	time.Sleep(d)
	l.look(doc)
	return l.look(doc)
}

// ends is the status of a request with that member, once it does not go on any more.
func (l *live) ends(member string) answer {
	l.t.Helper()
	a := l.trigger(wholeModel(member)).is(http.StatusAccepted)
	for doc := a.document(); a.code == http.StatusAccepted; a = l.look(doc) {
		time.Sleep(time.Minute)
	}
	return a
}

// afterTrouble is the status of a refresh that runs while Power BI does not answer.
func (l *live) afterTrouble(f *machine.Fault) answer {
	l.t.Helper()
	doc := l.accepted()
	l.pbi.leaves(f)
	var a answer
	for range 20 {
		time.Sleep(3 * time.Minute) // its length is long over
		a = l.look(doc)
	}
	l.pbi.leaves(nil)
	return a
}

// exactly checks which of the headers that clients act upon are there.
func (a answer) exactly(want []string) {
	a.t.Helper()
	for _, name := range []string{
		"Location", "Operation-Location", "Retry-After", "Operation-Id", "Azure-AsyncOperation", "Repeatability-Result", "Idempotent-Replayed",
		"x-ms-error-code", "Allow", "Preference-Applied", "WWW-Authenticate",
	} {
		if there := a.header.Get(name) != ""; there != slices.Contains(want, name) {
			a.t.Errorf("%s: %q", name, a.header.Get(name))
		}
	}
	if l := a.header.Get("Location"); l != "" && (l != a.header.Get("Operation-Location") || l != a.document().StatusURL || !strings.HasPrefix(l, testBase)) {
		a.t.Errorf("Location %s, and others elsewhere", l)
	}
}

// holds checks the members of the body.
func (a answer) holds(status string, members []string, word string) {
	a.t.Helper()
	object := a.object()
	want := []string{"error"}
	if status != "" {
		want = append(members, "id", "status", "phase", "workspaceId", "datasetId", "createdDateTime", "lastActionDateTime", "attempts",
			"statusUrl", "statusQueryGetUri", "terminatePostUri", "runtimeStatus")
		if object["status"] != status {
			a.t.Errorf("status %v, want %s", object["status"], status)
		}
	}
	if got := slices.Sorted(maps.Keys(object)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		a.t.Errorf("members %v, want %v\n%s", got, want, a.raw)
	}
	if e := a.wireError(); e.Code != word {
		a.t.Errorf("error code %q, want %q", e.Code, word)
	}
}

// What a caller of Durable Functions reads, and what it does not find: raising events
// is not ours, and nothing pretends that it is.
func TestDurableNames(t *testing.T) {
	t.Parallel()
	for phase, want := range map[machine.Phase]string{
		machine.Queued: "Pending", machine.Running: "Running", machine.Succeeded: "Completed", machine.Failed: "Failed", machine.Cancelled: "Terminated",
	} {
		b := newBench(t)
		b.fake.status = always(receipt(phase))
		object := b.status().object()
		if object["runtimeStatus"] != want || object["statusQueryGetUri"] != testStatusURL || object["terminatePostUri"] != testBase+cancelPath {
			t.Errorf("%v", object)
		}
		for _, name := range []string{"sendEventPostUri", "purgeHistoryDeleteUri", "rewindPostUri", "restartPostUri"} {
			if object[name] != nil {
				t.Errorf("%s is promised", name)
			}
		}
		if strings.Contains(object["terminatePostUri"].(string), "code=") {
			t.Error("a key in a URL that everybody may see")
		}
	}
	r := receipt(machine.Running)
	if r.View.Status = "Napping"; document(r, links{status: "u"}).RuntimeStatus != "Running" {
		t.Error("what this version does not know is taken for the end")
	}
}

// An end without a reason still has a code and a message.
func TestEndWithoutAReason(t *testing.T) {
	t.Parallel()
	for _, phase := range []machine.Phase{machine.Failed, machine.Cancelled} {
		r := receipt(phase)
		r.View.Operation.Fault = nil
		b := newBench(t)
		b.fake.status = always(r)
		b.status().is(http.StatusConflict).has("x-ms-error-code", machine.CodeOutcomeUnknown)
	}
}
