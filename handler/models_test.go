package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/access"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// fakeModels is a page of three models: one runs and has a queue, one is idle, one cannot be read.
type fakeModels struct{ asked []refresh.ModelQuery }

func (f *fakeModels) Models(_ context.Context, q refresh.ModelQuery) (refresh.ModelPage, error) {
	f.asked = append(f.asked, q)
	busy, idle := machine.Model{WorkspaceID: testWorkspace, DatasetID: testDataset}, machine.Model{WorkspaceID: testWorkspace, DatasetID: otherDataset}
	s := machine.NewState(busy, "0123456789abcdef")
	s.Attempt = &machine.Attempt{Serves: []int64{4}, Stage: machine.StageRunning, RefreshID: "r4", Intent: night, Started: night}
	s.Pending = []machine.Operation{
		{Number: 4, Phase: machine.Running, Created: night, Started: night, Tries: []machine.Try{{RefreshID: "r4", Started: night}}},
		{Number: 5, Phase: machine.Queued, Created: night.Add(time.Minute)},
	}
	old := machine.NewState(idle, "0123456789abcdef")
	old.Recent = []machine.Operation{
		{Number: 2, Phase: machine.Failed, Created: night, Ended: night.Add(11 * time.Minute), Fault: &machine.Fault{Code: "RefreshFailed", Class: "credentials"},
			Tries: []machine.Try{{Outcome: machine.OutcomeFailed, Ended: night.Add(10 * time.Minute), Fault: &machine.Fault{Code: "RefreshFailed"}}}},
		{Number: 1, Phase: machine.Succeeded, Created: night.Add(-time.Hour), Ended: night},
	}
	for i := range 20 {
		old.Durations = append(old.Durations, machine.Duration{Length: time.Duration(20-i) * time.Minute})
	}
	return refresh.ModelPage{Next: "next page", Models: []refresh.ModelState{
		{Model: busy, State: &s, Date: night.Add(2 * time.Minute)}, {Model: idle, State: &old, Date: night}, {Model: machine.Model{WorkspaceID: testWorkspace, DatasetID: "unreadable"}},
	}}, nil
}

func (a answer) models() (list []ModelEntry, next string) {
	a.t.Helper()
	var d struct {
		Value    []ModelEntry
		NextLink string
	}
	if err := json.Unmarshal(a.is(http.StatusOK).raw, &d); err != nil {
		a.t.Fatal(err)
	}
	return d.Value, d.NextLink
}

func TestTheListOfModels(t *testing.T) {
	t.Parallel()
	f := &fakeModels{}
	b := newBench(t, func(c *Config) { c.Models = f })
	list, next := b.do("GET", "/api/models?workspaceId="+testWorkspace+"&maxresults=3", "").models()
	if len(list) != 3 {
		t.Fatalf("%d models, want 3", len(list))
	}
	busy, idle, unreadable := list[0], list[1], list[2]
	if busy.State != "Running" || busy.Running == nil || busy.Running.RefreshID != "r4" || busy.Running.Foreign || !strings.HasSuffix(busy.Running.ID, "_4") ||
		len(busy.Queue) != 1 || !strings.HasSuffix(busy.Queue[0].ID, "_5") || busy.Last != nil {
		t.Errorf("the busy model is %+v, running %+v, want operation 4 running and 5 in the queue", busy, busy.Running)
	}
	if got, want := fmt.Sprint(idle.State, idle.Last.Status, idle.Last.Ended, idle.Last.EndSeen, idle.Last.Error.Reason, idle.P50, idle.P95, idle.Samples),
		fmt.Sprint("Idle", "Failed", night.Add(10*time.Minute), night.Add(11*time.Minute), "credentials", 600, 1140, 20); got != want {
		t.Errorf("the idle model is %s, want %s", got, want)
	}
	if unreadable.State != "Unknown" || unreadable.Queue == nil {
		t.Errorf("the model that cannot be read is %+v, want state Unknown and an empty queue", unreadable)
	}
	b.do("GET", strings.TrimPrefix(next, testBase), "").models()
	if q := f.asked[1]; q.Cursor != "next page" || q.Limit != 3 || q.WorkspaceID != testWorkspace {
		t.Errorf("nextLink asks for %+v, want the next page of the same query", q)
	}
	for _, query := range []string{"maxresults=201", "workspaceId=x", "continuationToken=%25", "status=Failed"} {
		b.do("GET", "/api/models?"+query, "").is(http.StatusBadRequest)
	}
	if text := string(b.raw("GET", "/api/models", "", "Accept: text/csv").is(http.StatusOK).raw); strings.Count(text, "\n") != 4 {
		t.Errorf("CSV has the lines\n%s, want the names of the columns and three models", text)
	}
}

func TestOnlyReadableModelsAreListed(t *testing.T) {
	t.Parallel()
	policy, err := access.Parse([]byte(`{"version":1,"rules":[{"callers":[{"anyone":true}],"may":["trigger"],"models":["` + testWorkspace + "/" + otherDataset + `"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, func(c *Config) { c.Models, c.Guard.Gate.Policy = &fakeModels{}, policy })
	if list, _ := b.do("GET", "/api/models", "").models(); len(list) != 1 || list[0].DatasetID != otherDataset {
		t.Errorf("%d models, want the one that the caller may read", len(list))
	}
}
