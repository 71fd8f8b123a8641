package powerbi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Rows as documented and seen; see the comment of each.
const (
	// seen: kestra-io/plugin-powerbi, GET_refreshes.json (standard, 7-digit attempts)
	rowCompleted = `{"requestId":"9b2a5aa3-6207-47f9-8520-ed61b24c8634","id":937844652,"refreshType":"ViaApi","startTime":"2024-11-19T08:37:51.133Z","endTime":"2024-11-19T08:37:58.28Z","status":"Completed","refreshAttempts":[{"attemptId":1,"startTime":"2024-11-19T08:37:51.4759519Z","endTime":"2024-11-19T08:37:57.8439564Z","type":"Data"},{"attemptId":1,"startTime":"2024-11-19T08:37:57.9845868Z","endTime":"2024-11-19T08:37:58.0470922Z","type":"Query"}]}`
	// documented: in progress
	rowRunning = `{"refreshType":"ViaApi","startTime":"2017-06-13T09:25:43.153Z","status":"Unknown","requestId":"9399bb89-25d1-44f8-8576-136d7e9014b1"}`
	// documented: failed
	rowFailed = `{"refreshType":"ViaApi","startTime":"2017-06-13T09:25:43.153Z","endTime":"2017-06-13T09:31:43.153Z","serviceExceptionJson":"{\"errorCode\":\"ModelRefreshFailed_CredentialsNotSpecified\"}","status":"Failed","requestId":"11bf290a-346b-48b7-8973-c5df149337ff","refreshAttempts":[{"attemptId":1,"startTime":"2017-06-13T09:25:43.153Z","endTime":"2017-06-13T09:31:43.153Z","serviceExceptionJson":"{\"errorCode\":\"ModelRefreshFailed_CredentialsNotSpecified\"}","type":"Data"}]}`
	// seen: MicrosoftDocs/powerbi-docs#3653, enhanced in progress, and after DELETE
	rowEnhanced  = `{"requestId":"fed4279a-0000-0000-0000-000000000001","id":79783403,"refreshType":"ReliableProcessing","startTime":"2022-03-03T16:34:34.133Z","status":"Unknown","extendedStatus":"InProgress"}`
	rowCancelled = `{"requestId":"fed4279a-0000-0000-0000-000000000001","id":79783403,"refreshType":"ReliableProcessing","startTime":"2022-03-03T16:34:34.133Z","endTime":"2022-03-03T18:38:48.83Z","status":"Cancelled","extendedStatus":"Cancelled"}`
)

func read(t *testing.T, body string) (History, error) {
	t.Helper()
	return newClient(t, always(200, body, "Date: Tue, 19 Nov 2024 08:38:00 GMT"), nil).Refreshes(t.Context(), model(), 5)
}

func TestHistoryRows(t *testing.T) {
	t.Parallel()
	// seen: the envelope of the Kestra fixture
	h, err := read(t, `{"@odata.context":"https://wabi-north-europe-d-primary-redirect.analysis.windows.net/v1.0/myorg/groups/mygroup/$metadata#refreshes","value":[`+
		strings.Join([]string{rowCompleted, rowRunning, rowFailed, rowEnhanced, rowCancelled}, ",")+`]}`)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		id, kind string
		status   Status
		result   Result
		ended    bool
		class    FailureClass
		attempts int
	}{
		{"9b2a5aa3-6207-47f9-8520-ed61b24c8634", "ViaApi", StatusCompleted, Succeeded, true, "", 2},
		{"9399bb89-25d1-44f8-8576-136d7e9014b1", "ViaApi", StatusUnknown, InProgress, false, "", 0},
		{"11bf290a-346b-48b7-8973-c5df149337ff", "ViaApi", StatusFailed, Failed, true, FailCredentials, 1},
		{"fed4279a-0000-0000-0000-000000000001", "ReliableProcessing", StatusInProgress, InProgress, false, "", 0},
		{"fed4279a-0000-0000-0000-000000000001", "ReliableProcessing", StatusCancelled, Cancelled, true, FailCancelled, 0},
	} {
		r := h.Rows[i]
		if r.RequestID != want.id || r.RefreshType != want.kind || r.Status != want.status || r.Status.Result() != want.result ||
			r.End.IsZero() == want.ended || len(r.Attempts) != want.attempts || r.Start.IsZero() {
			t.Errorf("row %d: %+v", i, r)
		}
		if (r.Failure == nil) != (want.class == "") || (r.Failure != nil && r.Failure.Class != want.class) {
			t.Errorf("row %d: failure %+v, want class %q", i, r.Failure, want.class)
		}
	}
	if a := h.Rows[0].Attempts[0]; a.ID != 1 || a.Type != "Data" || a.Start.Nanosecond() != 475951900 || a.Failure != nil {
		t.Errorf("attempt %+v", a)
	}
	if f := h.Rows[2].Attempts[0].Failure; f == nil || f.Class != FailCredentials {
		t.Errorf("the attempt's failure is %+v", f)
	}
	if h.Date.IsZero() {
		t.Error("the answer's date is missing")
	}
}

func TestHistoryShapes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		rows       int // -1: an error
	}{
		{"empty", `{"value":[]}`, 0}, // peers fail on value[0] of it
		{"bare array (documented)", `[` + rowRunning + `]`, 1},
		{"upper case", `{"Value":[` + rowRunning + `]}`, 1},
		{"row without requestId (seen to crash a client)", `{"value":[{"status":"Completed"},` + rowRunning + `]}`, 2},
		{"elements that are no rows", `{"value":[null,7,"x",[],` + rowRunning + `]}`, 1},
		{"odd members", `{"value":[{"requestId":7,"status":null,"startTime":12,"endTime":"soon","refreshAttempts":{"a":1},"serviceExceptionJson":{"errorCode":"X"}}]}`, 1},
		{"no list", `{}`, -1},
		{"a null list", `{"value":null}`, -1},
		{"an error with 200", `{"error":{"code":"X"}}`, -1},
		{"a page", `<html>sign in</html>`, -1},
		{"nothing", ``, -1},
		{"cut off", `{"value":[` + rowRunning, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, err := read(t, tt.body)
			if tt.rows < 0 {
				want := CodeUnexpected
				if strings.HasPrefix(tt.body, "<") {
					want = CodeNotPowerBI
				}
				if e := asError(t, err); e.Code != want || e.Outcome != Unknown {
					t.Errorf("got %v, want %s", err, want)
				}
				return
			}
			if err != nil || len(h.Rows) != tt.rows {
				t.Errorf("got %d rows and %v, want %d", len(h.Rows), err, tt.rows)
			}
		})
	}
}

func TestHistoryTop(t *testing.T) {
	t.Parallel()
	for top, want := range map[int]string{0: "/refreshes", -1: "/refreshes", 7: "/refreshes?$top=7"} {
		w := always(200, `[]`)
		if _, err := newClient(t, w, nil).Refreshes(t.Context(), model(), top); err != nil {
			t.Fatal(err)
		}
		if got := w.requests()[0].url; !strings.HasSuffix(got, want) {
			t.Errorf("top %d asked for %s", top, got)
		}
	}
}

func TestFindRow(t *testing.T) {
	t.Parallel()
	h := History{Rows: []Row{{RequestID: ""}, {RequestID: "AB"}}}
	if r, ok := h.Find("ab"); !ok || r.RequestID != "AB" {
		t.Error("an id in another case is not found")
	}
	if _, ok := h.Find(""); ok {
		t.Error("no id finds a row without id")
	}
}

func FuzzHistory(f *testing.F) {
	for _, row := range []string{rowCompleted, rowRunning, rowFailed, rowEnhanced, rowCancelled, `{}`, `null`, `{"status":{}}`} {
		f.Add([]byte(`{"value":[` + row + `]}`))
		f.Add([]byte(`[` + row + `]`))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var h wireHistory
		if json.Unmarshal(body, &h) != nil {
			return
		}
		for _, r := range h {
			checkRow(t, r)
		}
	})
}

// checkRow has what is true of any row, whatever came over the wire.
func checkRow(t *testing.T, r Row) {
	t.Helper()
	if r.Status == "" {
		t.Error("a row without a status word")
	}
	if ended := r.Status.Result() == Failed || r.Status.Result() == Cancelled; ended != (r.Failure != nil) {
		t.Errorf("status %q with failure %+v", r.Status, r.Failure)
	}
	if !r.Status.Known() && r.Status.Terminal() {
		t.Errorf("the unknown word %q ends a refresh", r.Status)
	}
	for _, at := range []time.Time{r.Start, r.End} {
		if !at.IsZero() && at.Location() != time.UTC {
			t.Errorf("%v is not UTC", at)
		}
	}
}
