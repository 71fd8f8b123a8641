package handler

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/access"
	"pbirefresh/audit"
	"pbirefresh/history"
	"pbirefresh/lease"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

const otherDataset = "00000000-8037-4d0c-896e-a46fb27ff229"

// listed is one element of the list, as a client of another make reads it.
type listed struct {
	ID, ModelName, WorkspaceName, Status, Caller, EndedDateTime, EndSeenDateTime string
	Callers                                                                      int
	Labels                                                                       []string
	Error                                                                        struct{ Code, Reason, PowerBI, Remedy string }
}

func (a answer) list() (value []listed, next string) {
	a.t.Helper()
	var d struct {
		Value    []listed
		NextLink string
	}
	if err := json.Unmarshal(a.is(http.StatusOK).raw, &d); err != nil || d.Value == nil {
		a.t.Fatalf("HTTP %d with a body that is no list: %v\n%s", a.code, err, a.raw)
	}
	return d.Value, d.NextLink
}

// all follows nextLink to the end.
func (b *bench) all(target string) (all []listed) {
	b.t.Helper()
	for range 20 {
		list, next := b.do("GET", target, "").list()
		if all = append(all, list...); next == "" {
			return all
		}
		target = strings.TrimPrefix(next, testBase)
	}
	b.t.Fatal("the list has no end")
	return nil
}

var night = time.Date(2026, 5, 31, 2, 0, 0, 0, time.UTC)

// history fills an index with operations 1 to 4, one an hour, of two models; 1 and 2 have
// failed, 3 has succeeded, and 4 has no end on record.
func indexed(t *testing.T) *history.Index {
	t.Helper()
	x := history.New(lease.NewMemory())
	for i := 1; i <= 4; i++ {
		created, dataset, status := night.Add(time.Duration(i)*time.Hour), testDataset, "Failed"
		if i == 2 {
			dataset = otherDataset
		}
		r := audit.Record{Event: audit.Asked, Time: created, Created: created, Caller: fmt.Sprintf("key:k%d", i%2), WorkspaceID: testWorkspace, DatasetID: dataset,
			ID: refresh.ID{Model: machine.Model{WorkspaceID: testWorkspace, DatasetID: dataset}, Epoch: "0123456789abcdef", Number: int64(i)}.String(), Ask: &audit.Ask{Labels: []string{fmt.Sprintf("run-%d", i), "=1+1"}}}
		end := r
		end.Time, end.End = created.Add(30*time.Minute+25*time.Second), &audit.End{Status: status, Code: "RefreshFailed", Reason: "It failed.", Cause: "credentials", Words: "Login failed.", Remedy: "Set them.",
			Created: created.Format(time.RFC3339), Completed: created.Add(30 * time.Minute).Format(time.RFC3339)}
		if i == 3 {
			end.End = &audit.End{Status: "Succeeded", Created: created.Format(time.RFC3339)}
		}
		if err := x.Asked(t.Context(), []audit.Record{r}); err != nil {
			t.Fatal(err)
		}
		if i < 4 {
			if err := x.Ended(t.Context(), end); err != nil {
				t.Fatal(err)
			}
		}
	}
	return x
}

func withHistory(t *testing.T, changes ...func(*Config)) *bench {
	t.Helper()
	names := func(_ context.Context, m machine.Model) (string, string) {
		return "Finance", "Sales " + m.DatasetID[:2]
	}
	b := newBench(t, append([]func(*Config){func(c *Config) { c.History, c.Names = indexed(t), names }}, changes...)...)
	b.fake.status = always(receipt(machine.Running))
	return b
}

func numbersOf(list []listed) string {
	var all []string
	for _, o := range list {
		all = append(all, o.ID[strings.LastIndexByte(o.ID, '_')+1:])
	}
	return strings.Join(all, " ")
}

func TestTheListFindsOperations(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	for query, want := range map[string]string{
		"":                                   "4 3 2 1",
		"?status=failed":                     "2 1",
		"?status=Running":                    "4",
		"?status=NotStarted":                 "",
		"?workspaceId=" + testWorkspace:      "4 3 2 1",
		"?datasetId=" + otherDataset:         "2",
		"?caller=key:k1":                     "3 1",
		"?caller=k0":                         "4 2",
		"?label=run-3":                       "3",
		"?label=%3D1%2B1&status=Failed":      "2 1",
		"?since=2026-05-31T04:00:00Z":        "4 3 2",
		"?until=2026-05-31T04:00:00%2B00:00": "1",
		"?since=2026-05-31&until=2026-06-01": "4 3 2 1",
		"?since=2026-06-01&until=2026-05-31": "",
		"?since=2025-02-29&until=":           "4 3 2 1",
		"?until=":                            "4 3 2 1",
		"?since=0001-01-01&until=9999-12-31": "4 3 2 1",
		"?workspaceId=" + testWorkspace + "&datasetId=" + testDataset + "&status=Succeeded": "3",
	} {
		if got := numbersOf(b.all("/api/operations" + query)); got != want {
			t.Errorf("GET /api/operations%s returned operations %q, want %q", query, got, want)
		}
	}
}

func TestAnElementOfTheList(t *testing.T) {
	t.Parallel()
	list, _ := withHistory(t).do("GET", "/api/operations?label=run-2", "").list()
	got, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"ID":"` + testWorkspace + "_" + otherDataset + `_0123456789abcdef_2","ModelName":"Sales 00","WorkspaceName":"Finance","Status":"Failed","Caller":"key:k0",` +
		`"EndedDateTime":"2026-05-31T04:30:00Z","EndSeenDateTime":"2026-05-31T04:30:25Z","Callers":1,"Labels":["run-2","=1+1"],` +
		`"Error":{"Code":"RefreshFailed","Reason":"credentials","PowerBI":"Login failed.","Remedy":"Set them."}}]`
	if string(got) != want {
		t.Errorf("the list is\n%s, want\n%s", got, want)
	}
}

// Pages follow one another by nextLink, which has the filters and no key.
func TestPages(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	var seen []string
	target := "/api/operations?maxresults=1&caller=key:k1"
	for range 10 {
		list, next := b.do("GET", target, "").list()
		if numbersOf(list) != "" {
			seen = append(seen, numbersOf(list))
		}
		if next == "" {
			break
		}
		if !strings.HasPrefix(next, testBase+"/api/operations?") || strings.Contains(next, testQuery) || !strings.Contains(next, "caller=key") {
			t.Fatalf("nextLink %s, want one with the filters, below %s, without a key", next, testBase)
		}
		target = strings.TrimPrefix(next, testBase)
	}
	if got := strings.Join(seen, " "); got != "3 1" {
		t.Errorf("pages of one: operations %s, want 3 1", got)
	}
}

func TestBadQueriesAreRefused(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	for query, target := range map[string]string{
		"status=broken":           "status",
		"workspaceId=7":           "workspaceId",
		"since=yesterday":         "since",
		"until=2026-02-30":        "until",
		"maxresults=0":            "maxresults",
		"maxresults=05":           "maxresults",
		"maxresults=1001":         "maxresults",
		"label=a&label=b":         "label",
		"model=x":                 "model",
		"continuationToken=other": "continuationToken",
	} {
		a := b.do("GET", "/api/operations?"+query, "").is(http.StatusBadRequest)
		if got := a.wireError().Target; got != target {
			t.Errorf("%s: target %q, want %q\n%s", query, got, target, a.raw)
		}
	}
	b.do("GET", "/api/operations", "", "Accept: image/png").is(http.StatusNotAcceptable)
}

func TestFormsOfTheList(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	a := b.raw("GET", "/api/operations?maxresults=2", "", "Accept: text/csv, application/json;q=0.5")
	a.is(http.StatusOK).has("Content-Type", "text/csv; charset=utf-8").has("Content-Length", fmt.Sprint(len(a.raw)))
	rows, err := csv.NewReader(strings.NewReader(string(a.raw))).ReadAll()
	if err != nil || len(rows) != 3 || rows[0][0] != "id" || rows[1][5] != "Running" {
		t.Errorf("CSV %q (%v), want a line of names, and two operations of which the first is running", rows, err)
	}
	if !strings.HasPrefix(a.header.Get("Link"), "<"+testBase) {
		t.Errorf("Link: %q, want the next page", a.header.Get("Link"))
	}
	a = b.raw("GET", "/api/operations", "", "Accept: application/x-ndjson")
	lines := strings.Split(strings.TrimSpace(string(a.is(http.StatusOK).raw)), "\n")
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("NDJSON line %q is no JSON", line)
		}
	}
	if len(lines) != 4 {
		t.Errorf("NDJSON has %d lines, want 4", len(lines))
	}
	for _, text := range []string{"=1+1", "+1", "-1", "@x"} {
		if got := inert(text); got != "'"+text {
			t.Errorf("inert(%q) = %q, want %q: a spreadsheet would run it", text, got, "'"+text)
		}
	}
}

func TestOnlyReadableOperationsAreListed(t *testing.T) {
	t.Parallel()
	policy, err := access.Parse([]byte(`{"version":1,"rules":[{"callers":[{"anyone":true}],"may":["read"],"models":["` + testWorkspace + "/" + otherDataset + `"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	b := withHistory(t, func(c *Config) { c.Guard.Gate.Policy = policy })
	if list, _ := b.do("GET", "/api/operations", "").list(); numbersOf(list) != "2" {
		t.Errorf("operations %s, want 2, of the model that the caller may read", numbersOf(list))
	}
	b.do("GET", "/api/operations?workspaceId="+testWorkspace+"&datasetId="+testDataset, "").is(http.StatusForbidden)
}

// An operation whose state cannot be read stays in the list; a list that cannot be read
// is a 503.
func TestListsDuringAnOutage(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	b.fake.status = nil
	if list, _ := b.raw("GET", "/api/operations", "").list(); len(list) != 4 || list[0].Status != "Unknown" {
		t.Errorf("list %+v, want four operations, of which the first one has status Unknown", list)
	}
	b = newBench(t, func(c *Config) { c.History = history.New(downStore{lease.NewMemory()}) })
	b.do("GET", "/api/operations", "").is(http.StatusServiceUnavailable)
}

type downStore struct{ *lease.Memory }

func (downStore) List(context.Context, string, string, int) (lease.Page, error) {
	return lease.Page{}, errors.New("down")
}

// The answer by id says what the status URL does, and whose operation it is.
func TestAnOperationByIDHasLabelsAndNames(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	r := receipt(machine.Running)
	r.ID = testWorkspace + "_" + testDataset + "_0123456789abcdef_3"
	r.View.Operation.Created = night.Add(3 * time.Hour)
	b.fake.status = always(r)
	d := b.do("GET", "/api/operations/"+r.ID, "").is(http.StatusAccepted).document()
	if d.About == nil || d.ModelName != "Sales cf" || d.WorkspaceName != "Finance" || d.Caller != "key:k1" || d.Callers != 1 || len(d.Labels) != 2 {
		t.Errorf("the document has %+v, want the names, the caller and the labels", d.About)
	}
	if object := b.do("GET", "/api/operations/"+r.ID+"?sig="+testSig, "").object(); object["caller"] != nil || object["labels"] != nil {
		t.Errorf("a poll with a signature shows %v, want neither callers nor labels: they cost a listing", object)
	}
	if object := b.do("GET", "/api/refreshes/"+r.ID+"?sig="+testSig, "").object(); object["caller"] != nil || object["labels"] != nil {
		t.Errorf("the status URL shows %v, want neither callers nor labels", object)
	}
}
