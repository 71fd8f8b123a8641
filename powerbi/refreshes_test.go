package powerbi

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestStartRefreshRequest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		r          RefreshRequest
	}{
		// seen: MicrosoftDocs/powerbi-docs#5067
		{"standard is a zero-length body", "", RefreshRequest{}},
		{"standard with notifyOption", `{"notifyOption":"NoNotification"}`, RefreshRequest{NotifyOption: "NoNotification"}},
		// documented: the reference's sample of one partition
		{"enhanced", `{"type":"Full","commitMode":"Transactional","objects":[{"table":"Customer","partition":"Robert"}],"applyRefreshPolicy":false,"timeout":"05:00:00"}`,
			RefreshRequest{Type: "Full", CommitMode: "Transactional", Objects: []Object{{"Customer", "Robert"}},
				ApplyRefreshPolicy: new(false), Timeout: "05:00:00"}},
		{"zero is not absent", `{"maxParallelism":1,"retryCount":0}`, RefreshRequest{MaxParallelism: new(1), RetryCount: new(0)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := always(202, "")
			if _, err := newClient(t, w, nil).StartRefresh(t.Context(), model(), tt.r); err != nil {
				t.Fatal(err)
			}
			got := w.requests()
			if len(got) != 1 {
				t.Fatalf("%d requests, want 1", len(got))
			}
			wantURL := "https://api.powerbi.com/v1.0/myorg/groups/" + workspaceID + "/datasets/" + datasetID + "/refreshes"
			if got[0].method != http.MethodPost || got[0].url != wantURL {
				t.Errorf("sent %s %s, want POST %s", got[0].method, got[0].url, wantURL)
			}
			if got[0].body != tt.body {
				t.Errorf("body %s\nwant %s", got[0].body, tt.body)
			}
			if ct := got[0].header.Get("Content-Type"); (ct == "application/json") != (tt.body != "") {
				t.Errorf("Content-Type %q with body %q", ct, tt.body)
			}
			if ua := got[0].header.Get("User-Agent"); ua != "pbirefresh/1.2.3" {
				t.Errorf("User-Agent %q", ua)
			}
			if auth := got[0].header.Get("Authorization"); auth != "Bearer token-1" {
				t.Errorf("Authorization %q", auth)
			}
		})
	}
}

func TestStartedID(t *testing.T) {
	t.Parallel()
	const other = "a76a1418-3135-4e23-a4f5-9ee260167f95"
	location := "Location: https://api.powerbi.com/v1.0/myorg/groups/g/datasets/d/refreshes/" + aRefreshID
	for _, tt := range []struct {
		name    string
		headers []string
		want    string
	}{
		// documented: Refresh Dataset In Group, enhanced
		{"both documented headers", []string{"x-ms-request-id: " + aRefreshID, location, "RequestId: " + other}, aRefreshID},
		{"Location alone", []string{location}, aRefreshID},
		{"Location in lower case", []string{"location: " + strings.TrimPrefix(location, "Location: ")}, aRefreshID},
		{"Location with query and slash", []string{location + "/?api-version=1"}, aRefreshID},
		{"relative Location", []string{"Location: refreshes/" + aRefreshID}, aRefreshID},
		{"x-ms-request-id alone", []string{"X-MS-REQUEST-ID: " + aRefreshID}, aRefreshID},
		// seen: apache/airflow#51397, dagster-io/dagster#34183, powerbi-docs#5067
		{"RequestId alone", []string{"requestid: " + other}, other},
		{"x-ms-request-id before RequestId", []string{"RequestId: " + other, "x-ms-request-id: " + aRefreshID}, aRefreshID},
		{"Location without an id", []string{"Location: https://x/v1.0/myorg/groups/g/datasets/d/refreshes", "RequestId: " + other}, other},
		{"Location that is no address", []string{"Location: %zz", "RequestId: " + other}, other},
		{"an id that is none", []string{"RequestId: <script>"}, ""},
		{"nothing", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			headers := append([]string{"Date: Tue, 19 Nov 2024 08:37:51 GMT"}, tt.headers...)
			got, err := newClient(t, always(202, "", headers...), nil).StartRefresh(t.Context(), model(), RefreshRequest{})
			if err != nil {
				t.Fatal(err)
			}
			if got.RefreshID != tt.want {
				t.Errorf("id %q, want %q", got.RefreshID, tt.want)
			}
			if want := time.Date(2024, 11, 19, 8, 37, 51, 0, time.UTC); !got.Date.Equal(want) {
				t.Errorf("date %v, want %v", got.Date, want)
			}
		})
	}
}

func TestCancelRefresh(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   Code
	}{
		{"accepted (documented: 200, empty)", 200, "", ""},
		{"accepted with another 2xx", 202, "", ""},
		// seen: microsoft/semantic-link-labs, _refresh_manager.py; the body's code is unknown
		{"already finished", 409, `{"error":{"code":"InvalidRequest","message":"The refresh cannot be cancelled because it is in a terminal state"}}`, CodeAlreadyFinished},
		{"already finished as 400", 400, `{"error":{"code":"InvalidRequest","message":"Refresh cannot be cancelled"}}`, CodeAlreadyFinished},
		{"409 of another kind is not an end", 409, `{"error":{"code":"Conflict"}}`, CodeBadRequest},
		{"unknown id", 404, `{"error":{"code":"PowerBIEntityNotFound","pbi.error":{"code":"PowerBIEntityNotFound"}}}`, CodeNotFound},
		{"server error", 500, "", CodeUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := always(tt.status, tt.body)
			err := newClient(t, w, nil).CancelRefresh(t.Context(), model(), aRefreshID)
			if tt.want == "" && err != nil {
				t.Fatal(err)
			}
			if tt.want != "" && !HasCode(err, tt.want) {
				t.Fatalf("got %v, want code %s", err, tt.want)
			}
			got := w.requests()
			if len(got) != 1 || got[0].method != http.MethodDelete || !strings.HasSuffix(got[0].url, "/refreshes/"+aRefreshID) {
				t.Errorf("sent %+v, want one DELETE of the refresh", got)
			}
		})
	}
}

func TestArgumentsAreRefusedUnsent(t *testing.T) {
	t.Parallel()
	w := always(200, "")
	c := newClient(t, w, nil)
	bad := Dataset{WorkspaceID: workspaceID, DatasetID: "../../admin"}
	_, start := c.StartRefresh(t.Context(), bad, RefreshRequest{})
	_, read := c.Refreshes(t.Context(), Dataset{WorkspaceID: "My workspace", DatasetID: datasetID}, 1)
	_, detail := c.refreshDetail(t.Context(), model(), "a/b")
	_, ws := c.Workspace(t.Context(), "")
	for name, err := range map[string]error{
		"start": start, "read": read, "detail": detail, "workspace": ws,
		"cancel": c.CancelRefresh(t.Context(), model(), ""),
	} {
		if e := asError(t, err); e.Code != CodeBadRequest || e.Outcome != NotSent {
			t.Errorf("%s: %v with outcome %v, want BadRequest, NotSent", name, e, e.Outcome)
		}
	}
	if n := len(w.requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
