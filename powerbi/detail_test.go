package powerbi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// The reference's samples of Get Refresh Execution Details In Group.
const (
	detailNotStarted = `{"startTime":"2021-12-14T03:46:04.833","type":"Full","commitMode":"Transactional","status":"Unknown","extendedStatus":"NotStarted","currentRefreshType":"Full","numberOfAttempts":0,"initiatedBy":"ViaEnhancedApi"}`
	detailCompleted  = `{"startTime":"2021-12-10T08:40:31.57","endTime":"2021-12-10T08:40:43.87","type":"Full","commitMode":"Transactional","status":"Completed","extendedStatus":"Completed","currentRefreshType":"Full","numberOfAttempts":1,"objects":[{"table":"DimCurrency","partition":"DimCurrency-e5524cc4-a898-433b-91aa-c001b9a6d676","status":"Completed"},{"table":"FactInternetSales","status":"Completed"}],"refreshAttempts":[{"attemptId":1,"startTime":"2021-12-10T08:40:31.57","endTime":"2021-12-10T08:40:43.87","type":"Data","executionMetrics":[{"timeStart":"2021-12-10T08:40:32.5Z","durationMs":11300}]}],"initiatedBy":"ViaEnhancedApi"}`
	detailFailed     = `{"startTime":"2021-12-10T08:39:28.517","endTime":"2021-12-10T08:39:30.04","type":"Full","commitMode":"PartialBatch","status":"Failed","extendedStatus":"Failed","currentRefreshType":"Full","numberOfAttempts":1,"messages":[{"message":"RefreshApiRequest for table refresh using refresh policy must have the property 'CommitMode' = 'Transactional' instead of 'PartialBatch'.","type":"Error"}],"refreshAttempts":[{"attemptId":1,"startTime":"2021-12-10T08:39:28.517","endTime":"2021-12-10T08:39:30.04","serviceExceptionJson":"{\"errorCode\":\"ModelRefresh_ShortMessage_ProcessingError\",\"errorDescription\":\"0xC112001C: Expression.Error: Forced Error. . The exception was raised by the IDbCommand interface.\\n0xC11C0006: The current operation was cancelled because another operation in the transaction failed.\\n\"}","type":"Data"}],"serviceExceptionJson":"{\"errorCode\":\"ModelRefresh_ShortMessage_ProcessingError\"}","initiatedBy":"ViaEnhancedApi"}`
	detailOnDemand   = `{"startTime":"2025-10-31T10:09:38.53","endTime":"2025-10-31T10:10:08.23","status":"Completed","numberOfAttempts":2,"refreshAttempts":[{"attemptId":1,"startTime":"2025-10-31T10:09:40.2432886Z","endTime":"2025-10-31T10:10:02.93333Z","type":"Data"},{"attemptId":1,"startTime":"2025-10-31T10:10:03.1449471Z","endTime":"2025-10-31T10:10:03.5996278Z","type":"Query"}],"initiatedBy":"OnDemand"}`
)

func TestRefreshDetail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		http       int
		status     Status
		initiated  string
		objects    int
		class      FailureClass
	}{
		{"not started", detailNotStarted, 202, StatusNotStarted, "ViaEnhancedApi", 0, ""},
		{"completed", detailCompleted, 200, StatusCompleted, "ViaEnhancedApi", 2, ""},
		{"failed", detailFailed, 200, StatusFailed, "ViaEnhancedApi", 0, FailModel},
		{"on demand", detailOnDemand, 200, StatusCompleted, "OnDemand", 0, ""},
		// documented in the article on the enhanced refresh
		{"in progress, the article's way", `{"status":"InProgress","type":"full"}`, 200, StatusInProgress, "", 0, ""},
		{"the HTTP status does not decide", detailCompleted, 202, StatusCompleted, "ViaEnhancedApi", 2, ""},
		{"an empty object is in progress", `{}`, 200, StatusUnknown, "", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := newClient(t, always(tt.http, tt.body), nil).refreshDetail(t.Context(), model(), aRefreshID)
			if err != nil {
				t.Fatal(err)
			}
			if d.RequestID != aRefreshID || d.Status != tt.status || d.RefreshType != tt.initiated || len(d.Objects) != tt.objects {
				t.Errorf("got %+v", d)
			}
			if (d.Failure == nil) != (tt.class == "") || (d.Failure != nil && d.Failure.Class != tt.class) {
				t.Errorf("failure %+v, want %q", d.Failure, tt.class)
			}
		})
	}
}

func TestDetailMembers(t *testing.T) {
	t.Parallel()
	c := newClient(t, always(200, detailCompleted, "Date: Tue, 19 Nov 2024 08:38:00 GMT"), nil)
	d, err := c.refreshDetail(t.Context(), model(), aRefreshID)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2021, 12, 10, 8, 40, 31, 570e6, time.UTC); !d.Start.Equal(want) || !d.Attempts[0].Start.Equal(want) {
		t.Errorf("a time without zone is not UTC: %v", d.Start)
	}
	want := ObjectStatus{"DimCurrency", "DimCurrency-e5524cc4-a898-433b-91aa-c001b9a6d676", StatusCompleted}
	if d.Objects[0] != want || d.Objects[1].Partition != "" || d.Type != "Full" || d.CommitMode != "Transactional" || d.Date.IsZero() {
		t.Errorf("got %+v", d)
	}
	failed, err := newClient(t, always(200, detailFailed), nil).refreshDetail(t.Context(), model(), aRefreshID)
	if err != nil {
		t.Fatal(err)
	}
	if len(failed.Messages) != 1 || failed.Messages[0].Warning || !strings.Contains(failed.Failure.Remedy, "applyRefreshPolicy") {
		t.Errorf("got %+v, %+v", failed.Messages, failed.Failure)
	}
}

func FuzzDetail(f *testing.F) {
	for _, body := range []string{detailNotStarted, detailCompleted, detailFailed, detailOnDemand, `{}`, `{"objects":[null,{"table":1}],"messages":"x"}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var w wireDetail
		if json.Unmarshal(body, &w) == nil {
			checkRow(t, w.detail().Row)
		}
	})
}

func TestLook(t *testing.T) {
	t.Parallel()
	history := `{"value":[` + strings.Replace(rowCompleted, "9b2a5aa3-6207-47f9-8520-ed61b24c8634", aRefreshID, 1) + `]}`
	for _, tt := range []struct {
		name     string
		detail   func() (int, string, []string)
		history  string
		found    bool
		fallback bool
		code     Code
	}{
		{"from the detail", func() (int, string, []string) { return 200, detailCompleted, nil }, "", true, false, ""},
		// documented 2025: no details of standard refreshes
		{"400: from the history", func() (int, string, []string) { return 400, busyBody, nil }, history, true, true, ""},
		{"404: from the history", func() (int, string, []string) { return 404, shape2Body("PowerBIEntityNotFound"), nil }, history, true, true, ""},
		{"404 and not listed proves nothing", func() (int, string, []string) { return 404, "", nil }, `[]`, false, true, ""},
		{"429 is an error", func() (int, string, []string) { return 429, throttled, nil }, history, false, false, CodeThrottled},
		{"401 is an error", func() (int, string, []string) { return 401, "", nil }, history, false, false, CodeNotAuthorized},
		{"a rejected token is an error", func() (int, string, []string) { return 403, "", []string{"X-PowerBI-Error-Info: TokenExpired"} }, history, false, false, CodeTokenRejected},
		{"an unreadable detail is an error", func() (int, string, []string) { return 200, "<html>", nil }, history, false, false, CodeNotPowerBI},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &wire{}
			w.answer = detailOrHistory(tt.detail, tt.history)
			s, err := newClient(t, w, nil).Observe(t.Context(), model(), aRefreshID)
			if tt.code != "" {
				if !HasCode(err, tt.code) {
					t.Fatalf("got %v, want %s", err, tt.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Found != tt.found || (s.History != nil) != tt.fallback || (s.Found && s.Detail.Status != StatusCompleted) {
				t.Errorf("got %+v", s)
			}
		})
	}
}
