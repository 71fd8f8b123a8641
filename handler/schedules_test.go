package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
	"pbirefresh/schedule"
)

// fakeSchedules answers what it is told to.
type fakeSchedules struct {
	report  schedule.Report
	listing schedule.Listing
	err     error
}

func (f *fakeSchedules) Tick(context.Context) (schedule.Report, error)  { return f.report, f.err }
func (f *fakeSchedules) List(context.Context) (schedule.Listing, error) { return f.listing, f.err }

func newScheduleBench(t *testing.T, f *fakeSchedules) *bench {
	t.Helper()
	return newBench(t, func(c *Config) { c.Schedules = f })
}

// exampleListing is a listing with everything in it.
func exampleListing(t *testing.T) schedule.Listing {
	t.Helper()
	file, err := schedule.Parse([]byte(`{"capacities":{"main":"F64"},"schedules":{
		"sales":{"workspaceId":"`+testWorkspace+`","datasetId":"`+testDataset+`","cron":"30 6 * * *","timeZone":"Europe/Berlin","labels":{"team":"sales"},"capacity":"main"},
		"stock":{"workspaceId":"`+testWorkspace+`","datasetId":"`+testDataset+`","every":"2h","enabled":false}}}`), ScheduleRequest(0))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)
	l := schedule.Listing{Source: "blob:schedules.json", Version: file.Version, Since: now,
		Trouble: &schedule.Trouble{Code: schedule.CodeFileInvalid, Message: "The file is wrong.", Version: "v2",
			Problems: []schedule.Problem{{Path: "schedules.sales.cron", Line: 3, Column: 9, Message: "five fields"}}}}
	for i := range file.Entries {
		e := &file.Entries[i]
		l.Entries = append(l.Entries, schedule.Listed{Entry: e, Next: e.Next(now, 2), Targets: []schedule.Target{{
			Model: e.Requests[0].Model, Start: now.Add(22*time.Hour + 33*time.Minute),
			Last: &schedule.Result{Slot: now.Add(-90 * time.Minute), At: now.Add(-89 * time.Minute), Outcome: schedule.Started, ID: testID, Missed: 2},
		}}})
	}
	l.Entries[1].Targets[0].Start = time.Time{}
	l.Entries[1].Targets[0].Last = &schedule.Result{Slot: now, At: now, Outcome: schedule.Refused, Code: schedule.CodeModelNotAllowed, Message: "not allowed"}
	return l
}

func TestSchedulesAreListed(t *testing.T) {
	t.Parallel()
	b := newScheduleBench(t, &fakeSchedules{listing: exampleListing(t)})
	b.fake.status = always(receipt(machine.Failed))
	a := b.do(http.MethodGet, "/api/schedules", "").is(http.StatusOK)
	var got bytes.Buffer
	if err := json.Indent(&got, a.raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	const want = `{
  "source": {
    "name": "blob:schedules.json",
    "version": "VERSION",
    "sinceDateTime": "2026-05-31T06:00:00Z",
    "problem": {
      "code": "FileInvalid",
      "message": "The file is wrong.",
      "details": [
        {
          "code": "FileInvalid",
          "message": "3:9: schedules.sales.cron: five fields",
          "target": "schedules.sales.cron"
        }
      ]
    }
  },
  "schedules": [
    {
      "name": "sales",
      "enabled": true,
      "timing": "30 6 * * *; Europe/Berlin",
      "catchUp": "skip",
      "capacity": "main",
      "labels": {
        "team": "sales"
      },
      "nextSlots": [
        "2026-06-01T06:30:00+02:00",
        "2026-06-02T06:30:00+02:00"
      ],
      "models": [
        {
          "workspaceId": "f089354e-8366-4e18-aea3-4cb4a3a50b48",
          "datasetId": "cfafbeb1-8037-4d0c-896e-a46fb27ff229",
          "nextStartDateTime": "2026-06-01T04:33:00Z",
          "last": {
            "slotDateTime": "2026-05-31T04:30:00Z",
            "decidedDateTime": "2026-05-31T04:31:00Z",
            "outcome": "started",
            "missedBefore": 2,
            "refreshStatus": "Failed",
            "error": {
              "code": "RefreshFailed",
              "message": "The refresh failed. Power BI says: Login failed. Set the credentials.",
              "details": [
                {
                  "code": "credentials",
                  "message": "Set the credentials.",
                  "target": "class"
                }
              ],
              "innererror": {
                "code": "DMTS_AccessDenied",
                "message": "Login failed."
              }
            },
            "statusUrl": "https://app.example.net/api/operations/f089354e-8366-4e18-aea3-4cb4a3a50b48_cfafbeb1-8037-4d0c-896e-a46fb27ff229_0123456789abcdef_7"
          }
        }
      ]
    },
    {
      "name": "stock",
      "enabled": false,
      "timing": "every 2h",
      "catchUp": "skip",
      "nextSlots": [],
      "models": [
        {
          "workspaceId": "f089354e-8366-4e18-aea3-4cb4a3a50b48",
          "datasetId": "cfafbeb1-8037-4d0c-896e-a46fb27ff229",
          "last": {
            "slotDateTime": "2026-05-31T06:00:00Z",
            "decidedDateTime": "2026-05-31T06:00:00Z",
            "outcome": "refused",
            "error": {
              "code": "ModelNotAllowed",
              "message": "Not allowed."
            }
          }
        }
      ]
    }
  ]
}`
	version := exampleListing(t).Version
	if text := strings.Replace(got.String(), version, "VERSION", 1); text != want {
		t.Errorf("got %s", text)
	}
	describedBy(t, a)
}

// describedBy holds an answer of GET /api/schedules to the description of the API.
func describedBy(t *testing.T, a answer) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/api/schedules", http.NoBody)
	r.Header.Set("x-functions-key", "any")
	if err := describedAPI(t).Check(r, &http.Response{StatusCode: a.code, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.raw))}); err != nil {
		t.Error(err)
	}
}

// How the last refreshes stand is looked up within bounds, and what cannot be looked up
// is listed all the same.
// With a policy, a caller sees of the schedules what it has a right to: the status URLs
// of other models' refreshes are not for it.
func TestSchedulesOfOthersAreNotListed(t *testing.T) {
	t.Parallel()
	l := exampleListing(t)
	l.Entries[1].Targets = append(slices.Clone(l.Entries[0].Targets), schedule.Target{
		Model: machine.Model{WorkspaceID: otherSpace, DatasetID: testDataset}, Last: &schedule.Result{Outcome: schedule.Started, ID: otherID},
	})
	l.Entries[0].Targets = l.Entries[1].Targets[1:]
	b := guarded(t, true, func(c *Config) { c.Schedules = &fakeSchedules{listing: l} })
	b.fake.status = always(receipt(machine.Running))
	mine := b.do(http.MethodGet, "/api/schedules", "", principal(ada)).is(http.StatusOK)
	var d SchedulesDocument
	if err := json.Unmarshal(mine.raw, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Schedules) != 1 || d.Schedules[0].Name != "stock" || len(d.Schedules[0].Models) != 1 || strings.Contains(string(mine.raw), otherID) {
		t.Errorf("ada sees %s", mine.raw)
	}
	if a := b.do(http.MethodGet, "/api/schedules", "").is(http.StatusOK); strings.Contains(string(a.raw), "/api/operations/") {
		t.Errorf("a key without a right sees %s", a.raw)
	}
	if len(l.Entries[0].Targets) != 1 || len(l.Entries[1].Targets) != 2 {
		t.Error("the listing itself was changed")
	}
}

func TestLookupsOfLastRefreshesAreBounded(t *testing.T) {
	t.Parallel()
	f := &fakeSchedules{listing: exampleListing(t)}
	sales := f.listing.Entries[0]
	f.listing.Entries = nil
	for range 3 * maxLookups {
		f.listing.Entries = append(f.listing.Entries, sales)
	}
	b := newScheduleBench(t, f)
	b.fake.status = func(string) (refresh.Receipt, error) { panic("on purpose") }
	a := b.do(http.MethodGet, "/api/schedules", "").is(http.StatusOK)
	if n := b.fake.count("read"); n != maxLookups {
		t.Errorf("%d lookups, want %d", n, maxLookups)
	}
	var d SchedulesDocument
	if err := json.Unmarshal(a.raw, &d); err != nil || len(d.Schedules) != 3*maxLookups {
		t.Fatalf("%v, %d schedules", err, len(d.Schedules))
	}
	if last := d.Schedules[0].Models[0].Last; last.Status != "" || last.StatusURL == "" {
		t.Errorf("%+v", last)
	}
}

func TestSchedulesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := newScheduleBench(t, &fakeSchedules{err: errors.New("no way to " + "storage")})
	describedBy(t, b.do(http.MethodGet, "/api/schedules", "").is(http.StatusServiceUnavailable).has("x-ms-error-code", machine.CodeUnavailable))
	b.tick("/RefreshSchedule", timerPayload).is(http.StatusServiceUnavailable)
	if text := b.log.String(); !strings.Contains(text, "no way to storage") {
		t.Errorf("the cause is not in the log: %s", text)
	}
	describedBy(t, newScheduleBench(t, &fakeSchedules{}).do(http.MethodGet, "/api/schedules", "").is(http.StatusOK))
}

func TestTimerOfSchedules(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		report schedule.Report
		line   string
	}{
		{schedule.Report{}, "schedules: 0 entries, 0 slots started, 0 refused, 0 missed, 0 waiting"},
		{schedule.Report{Entries: 5, Started: 1, Refused: 2, Missed: 3, Waiting: 4}, "schedules: 5 entries, 1 slots started, 2 refused, 3 missed, 4 waiting"},
		{schedule.Report{Busy: true}, "schedules: another tick is at work"},
		{schedule.Report{Trouble: &schedule.Trouble{Code: schedule.CodeFileMissing}},
			"schedules: 0 entries, 0 slots started, 0 refused, 0 missed, 0 waiting; the file cannot be used (FileMissing), GET /api/schedules says why"},
	} {
		a := newScheduleBench(t, &fakeSchedules{report: tc.report}).tick("/RefreshSchedule", timerPayload).is(http.StatusOK)
		var answer struct{ Logs []string }
		if err := json.Unmarshal(a.raw, &answer); err != nil || len(answer.Logs) != 1 || answer.Logs[0] != tc.line {
			t.Errorf("%v %q, want %q", err, answer.Logs, tc.line)
		}
	}
}

// Without schedules there are no such routes.
func TestNoSchedules(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(http.MethodGet, "/api/schedules", "").is(http.StatusNotFound)
	b.tick("/RefreshSchedule", timerPayload).is(http.StatusNotFound)
}

// An entry takes what the route takes, and refuses what it refuses.
func TestScheduleRequestIsTheRoutesOwn(t *testing.T) {
	t.Parallel()
	read := ScheduleRequest(time.Hour)
	r, wrong := read([]byte(wholeModel(`"options":{"type":"full","objects":[{"table":"Sales"}]}`, `"maxAttempts":2`, `"whenBusy":"join"`)))
	if len(wrong) > 0 || r.Model.DatasetID != testDataset || r.Ask.Timeout != time.Hour || r.Ask.MaxAttempts != 2 ||
		r.Ask.WhenBusy != machine.WhenBusyJoin || r.Ask.Shape.Kind != machine.Enhanced || len(r.Ask.Shape.Objects) != 1 {
		t.Errorf("%+v %v", r, wrong)
	}
	for member, field := range map[string]string{
		`"maxAttempts":0`: "maxAttempts", `"kind":"slow"`: "kind", `"options":{"type":"sideways"}`: "options.type",
		`"queueTimeout":"2h"`: "queueTimeout", `"callbackUrl":"https://x.example"`: "callbackUrl", `"x":1`: "x",
	} {
		if _, wrong := read([]byte(wholeModel(member))); len(wrong) != 1 || wrong[0].Field != field || wrong[0].Message == "" {
			t.Errorf("%s: %+v", member, wrong)
		}
	}
	if r, _ := ScheduleRequest(0)([]byte(wholeModel())); r.Ask.Timeout != 12*time.Hour {
		t.Errorf("default timeout %v", r.Ask.Timeout)
	}
}

func TestAllowedPermits(t *testing.T) {
	t.Parallel()
	allowed, err := ParseAllowed(testWorkspace + "/" + testDataset)
	if err != nil {
		t.Fatal(err)
	}
	if !allowed.Permits(machine.Model{WorkspaceID: testWorkspace, DatasetID: testDataset}) || allowed.Permits(machine.Model{WorkspaceID: testWorkspace, DatasetID: testWorkspace}) {
		t.Error("the list is not held to")
	}
}
