package handler

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pbirefresh/refresh/machine"
)

// sameJSON compares what is marshalled of v with the wanted text.
func sameJSON(t *testing.T, v any, want string) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var got, wanted any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, wanted) {
		t.Errorf("got\n%s\nwant\n%s", b, want)
	}
}

func TestDocumentOfANewOperation(t *testing.T) {
	t.Parallel()
	sameJSON(t, document(receipt(machine.Queued), links{status: "https://h/s", cancel: "https://h/c"}), `{
		"id":"`+testID+`", "status":"NotStarted", "phase":"queued", "workspaceId":"`+testWorkspace+`", "datasetId":"`+testDataset+`",
		"createdDateTime":"2026-05-31T06:00:00Z", "lastActionDateTime":"2026-05-31T06:00:01Z", "attempts":[],
		"statusUrl":"https://h/s", "statusQueryGetUri":"https://h/s", "terminatePostUri":"https://h/c", "runtimeStatus":"Pending"}`)
}

func TestDocumentOfARunningOperation(t *testing.T) {
	t.Parallel()
	r := receipt(machine.Running)
	at := func(minute int) time.Time { return time.Date(2026, 5, 31, 6, minute, 0, 0, time.UTC) }
	op := &r.View.Operation
	r.View.Percent, r.View.ExpectedEnd, op.Started = 40, at(30), at(2)
	op.Tries = []machine.Try{
		{Kind: machine.Enhanced, Intent: at(1), Outcome: machine.OutcomeRefused, Fault: &machine.Fault{Code: "NotFound", Message: "no such model"}},
		{RefreshID: "r2", Kind: machine.Standard, Intent: at(2), Started: at(3), Outcome: machine.OutcomePending, Adopted: true},
	}
	op.Objects = []machine.Progress{{Table: "Sales", Partition: "2026", Status: "InProgress"}}
	op.Blocked = &machine.Blocked{Reason: "foreignRefresh", Detail: "Somebody refreshes it.", RefreshID: "f1", Type: "Scheduled", Since: at(1), Until: at(4)}
	sameJSON(t, document(r, links{status: "https://h/s", cancel: "https://h/c"}), `{
		"id":"`+testID+`", "status":"Running", "phase":"running", "workspaceId":"`+testWorkspace+`", "datasetId":"`+testDataset+`",
		"createdDateTime":"2026-05-31T06:00:00Z", "startedDateTime":"2026-05-31T06:02:00Z", "lastActionDateTime":"2026-05-31T06:00:01Z",
		"attempts":[
			{"kind":"enhanced","requestedDateTime":"2026-05-31T06:01:00Z","outcome":"refused","error":{"code":"NotFound","message":"No such model."}},
			{"refreshId":"r2","kind":"standard","requestedDateTime":"2026-05-31T06:02:00Z","startedDateTime":"2026-05-31T06:03:00Z","outcome":"pending","adopted":true}],
		"progress":{"percent":40,"expectedEndDateTime":"2026-05-31T06:30:00Z","objects":[{"table":"Sales","partition":"2026","status":"InProgress"}]},
		"blockedBy":{"reason":"foreignRefresh","message":"Somebody refreshes it.","refreshId":"f1","refreshType":"Scheduled",
			"sinceDateTime":"2026-05-31T06:01:00Z","untilDateTime":"2026-05-31T06:04:00Z"},
		"statusUrl":"https://h/s", "statusQueryGetUri":"https://h/s", "terminatePostUri":"https://h/c", "runtimeStatus":"Running"}`)
}

// A lost answer and reads that fail are shown.
func TestDocumentShowsWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	r := receipt(machine.Settling)
	at := func(minute int) time.Time { return time.Date(2026, 5, 31, 6, minute, 0, 0, time.UTC) }
	r.View.Settling = &machine.Settlement{Since: at(1), Until: at(8), Seen: machine.SeenAtWork}
	r.View.LastLook = &machine.LastLook{Since: at(2), At: at(3), Code: "NotFound", PowerBI: "PowerBIEntityNotFound", Message: "no such thing"}
	d := document(r, links{status: "u"})
	sameJSON(t, d.Settling, `{"sinceDateTime":"2026-05-31T06:01:00Z","untilDateTime":"2026-05-31T06:08:00Z","seen":"atWork",
		"message":"Power BI gave no definite answer to the request. Whether it started a refresh is read from the refresh history. The history shows a refresh at work, which may be this one. If none is recognised, a second refresh follows."}`)
	sameJSON(t, d.LastLook, `{"dateTime":"2026-05-31T06:03:00Z","sinceDateTime":"2026-05-31T06:02:00Z","code":"NotFound","message":"no such thing","powerBIErrorCode":"PowerBIEntityNotFound"}`)
	if b := blocked(&machine.Blocked{Reason: "notReadable"}); b.Message == "" || strings.Contains(b.Message, "sent") {
		t.Errorf("blocked by %+v", b)
	}
}

// Times are UTC: of our own clock in whole seconds, of Power BI in milliseconds.
func TestTimesOfADocument(t *testing.T) {
	t.Parallel()
	r := receipt(machine.Failed)
	at := time.Date(2026, 5, 31, 8, 0, 0, 123456789, time.FixedZone("", 2*3600))
	op := &r.View.Operation
	op.Created, op.Started, op.Changed, op.Ended = at, at, at, at
	op.Tries = []machine.Try{{Intent: at, Started: at, Ended: at}}
	d := document(r, links{status: "u"})
	for _, got := range []time.Time{d.Attempts[0].Started, d.Attempts[0].Ended} {
		if text := got.Format(time.RFC3339Nano); text != "2026-05-31T06:00:00.123Z" {
			t.Errorf("%s", text)
		}
	}
	for _, got := range []time.Time{d.Created, d.Started, d.LastAction, d.Ended, d.Attempts[0].Requested} {
		if text := got.Format(time.RFC3339Nano); text != "2026-05-31T06:00:00Z" {
			t.Errorf("%s", text)
		}
	}
}

func TestDocumentOfASuccess(t *testing.T) {
	t.Parallel()
	r := receipt(machine.Succeeded)
	op := &r.View.Operation
	op.Started, op.Ended = op.Created.Add(time.Minute), op.Created.Add(time.Hour)
	op.Tries = append([]machine.Try{{RefreshID: "r0", Kind: machine.Enhanced, Outcome: machine.OutcomeFailed}}, op.Tries...)
	op.Tries[1].Started, op.Tries[1].Ended = op.Created.Add(2*time.Minute), op.Created.Add(50*time.Minute)
	d := document(r, links{status: "u"})
	want := Result{RefreshID: "r1", Kind: machine.Enhanced, Started: op.Created.Add(2 * time.Minute), Ended: op.Created.Add(50 * time.Minute), Attempts: 2}
	if d.Result == nil || *d.Result != want || d.Progress == nil || *d.Progress.Percent != 100 || d.Error != nil {
		t.Errorf("%s", show(t, d))
	}
	if f := document(receipt(machine.Failed), links{status: "u"}); f.Result != nil || f.Progress != nil {
		t.Errorf("a failure with a result: %s", show(t, f))
	}
}

// TestTheReasonComesFirst: who opens the document reads how it ended and why.
func TestTheReasonComesFirst(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(StatusDocument{ID: "7", Status: machine.StatusFailed, Error: &errorBody{Code: "C", Message: "M."}})
	if want := `{"id":"7","status":"Failed","error":{"code":"C","message":"M."},"phase":`; err != nil || !strings.HasPrefix(string(body), want) {
		t.Errorf("got %s, %v, want it to begin with %s", body, err, want)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		fault machine.Fault
		want  string
	}{
		{"short", machine.Fault{Code: "QueueTimeout", Message: "it could not start in time"},
			`{"code":"QueueTimeout","message":"It could not start in time."}`},
		{"whole", machine.Fault{Code: "RefreshFailed", Message: "The refresh failed: credentials.", Remedy: "set them in the model's settings",
			Class: "credentials", Detail: "Login failed for user.", PowerBI: "DMTS_AccessDenied"},
			`{"code":"RefreshFailed","message":"The refresh failed: credentials. Power BI says: Login failed for user. Set them in the model's settings.",
			"details":[{"code":"credentials","message":"Set them in the model's settings.","target":"class"}],
			"innererror":{"code":"DMTS_AccessDenied","message":"Login failed for user."}}`},
		{"a class without a remedy", machine.Fault{Code: "RefreshFailed", Message: "It failed", Class: "unknown"},
			`{"code":"RefreshFailed","message":"It failed.","details":[{"code":"unknown","message":"It failed.","target":"class"}]}`},
		{"a code without words", machine.Fault{Code: "RefreshFailed", Message: "It failed", PowerBI: "X"},
			`{"code":"RefreshFailed","message":"It failed.","innererror":{"code":"X","message":"It failed"}}`},
		{"words without a code", machine.Fault{Code: "RefreshFailed", Message: "It failed", Detail: "boom"},
			`{"code":"RefreshFailed","message":"It failed. Power BI says: boom.","innererror":{"code":"RefreshFailed","message":"boom"}}`},
		{"ids for support", machine.Fault{Code: "RefreshFailed", Message: "It failed", Support: "ClusterUri https://x.example/"},
			`{"code":"RefreshFailed","message":"It failed.","innererror":{"code":"RefreshFailed","message":"It failed","support":"ClusterUri https://x.example/"}}`},
		{"words that are not English", machine.Fault{Code: "BadRequest", Message: "échec de l’actualisation", Remedy: "更新に失敗しました"},
			`{"code":"BadRequest","message":"Échec de l’actualisation. 更新に失敗しました."}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sameJSON(t, failure(&tc.fault), tc.want)
		})
	}
	if failure(nil) != nil {
		t.Error("no fault, and yet an error")
	}
}

func TestProgressWithoutAnything(t *testing.T) {
	t.Parallel()
	if p := progress(machine.View{Percent: -1}); p != nil {
		t.Errorf("%+v", p)
	}
	if p := progress(machine.View{Percent: 0}); p == nil || *p.Percent != 0 {
		t.Error("0 % is known, and is shown")
	}
	v := machine.View{Percent: -1, Operation: machine.Operation{Objects: []machine.Progress{{Table: "A"}}}}
	if p := progress(v); p == nil || p.Percent != nil || len(p.Objects) != 1 {
		t.Errorf("%+v", p)
	}
}
