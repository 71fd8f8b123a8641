package sim_test

import (
	"net/http"
	"strings"
	"testing"

	"pbirefresh/local/sim"
)

func TestWorkspace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dedicated := b.api(http.MethodGet, "/groups/"+sim.WorkspaceID, "").json(t)
	if dedicated["isOnDedicatedCapacity"] != true || dedicated["isReadOnly"] != false || dedicated["defaultDatasetStorageFormat"] != "Small" ||
		!uuid.MatchString(dedicated["capacityId"].(string)) || dedicated["id"] != sim.WorkspaceID {
		t.Errorf("got %v, want the members of the documented sample", dedicated)
	}
	shared := b.api(http.MethodGet, "/groups/"+sim.SharedWorkspace, "").json(t)
	if _, has := shared["capacityId"]; has || shared["isOnDedicatedCapacity"] != false {
		t.Errorf("got %v, want no capacity", shared)
	}
}

func TestWorkspaceListShowsWhatTheCallerMayUse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.PowerBI.AddWorkspace(sim.Workspace{ID: "7e4a0000-51b1-4d00-8000-000000000030", Name: "Foreign"})
	r := b.api(http.MethodGet, "/groups", "")
	if !strings.Contains(r.body, sim.WorkspaceID) || !strings.Contains(r.body, sim.SharedWorkspace) || strings.Contains(r.body, "Foreign") {
		t.Errorf("got %s, want the two workspaces of the caller", r.body)
	}
}

func TestDatasets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one := b.api(http.MethodGet, "/groups/"+sim.WorkspaceID+"/datasets/"+sim.SalesModel, "").json(t)
	if one["id"] != sim.SalesModel || one["name"] != "Sales" || one["isRefreshable"] != true || one["addRowsAPIEnabled"] != false {
		t.Errorf("got %v; want id %v, name Sales, isRefreshable true, addRowsAPIEnabled false", one, sim.SalesModel)
	}
	all := b.api(http.MethodGet, "/groups/"+sim.WorkspaceID+"/datasets", "").json(t)
	if list, _ := all["value"].([]any); len(list) != 2 {
		t.Errorf("got %v; want 2", all)
	}
	b.must(b.PowerBI.Grant(sim.WorkspaceID, sim.ClientID, sim.RoleViewer))
	one = b.api(http.MethodGet, "/groups/"+sim.WorkspaceID+"/datasets/"+sim.SalesModel, "").json(t)
	if len(one) != 2 { // documented: a read-only caller gets id and name
		t.Errorf("got %v, want id and name alone", one)
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := "/groups/" + sim.WorkspaceID + "/datasets/" + sim.SalesModel + "/executeQueries"
	var asked string
	b.tune(sim.Sales(), func(k *sim.Knobs) {
		k.Query = func(dax string) sim.QueryResult {
			asked = dax
			if strings.Contains(dax, "bad") {
				return sim.QueryResult{Failure: "no such table"}
			}
			return sim.QueryResult{Rows: []map[string]any{{"MyTable[Year]": 2010}}}
		}
	})
	r := b.api(http.MethodPost, path, `{"queries":[{"query":"EVALUATE VALUES(MyTable)"}]}`)
	if r.status != http.StatusOK || r.body != `{"results":[{"tables":[{"rows":[{"MyTable[Year]":2010}]}]}]}` || asked != "EVALUATE VALUES(MyTable)" {
		t.Errorf("got %d %s; want HTTP 200 and the documented shape", r.status, r.body)
	}
	r = b.api(http.MethodPost, path, `{"queries":[{"query":"bad"}]}`)
	if code, _ := errorOf(t, r); r.status != http.StatusBadRequest || code != "DatasetExecuteQueriesError" ||
		!strings.Contains(r.body, `{"code":"DetailsMessage","detail":{"type":1,"value":"no such table"}}`) {
		t.Errorf("seen shape 3: got %d %s; want HTTP 400, code DatasetExecuteQueriesError, a text with '{\"code\":\"DetailsMessage\",\"detail\":{\"type\":1,\"value\":\"no such table\"}}'", r.status, r.body)
	}
	for _, body := range []string{"", "{}", `{"queries":[]}`, `{"queries":[{"query":"a"},{"query":"b"}]}`} {
		if r := b.api(http.MethodPost, path, body); r.status != http.StatusBadRequest {
			t.Errorf("%q: got %d; want HTTP 400", body, r.status)
		}
	}
	finance := "/groups/" + sim.WorkspaceID + "/datasets/" + sim.FinanceModel + "/executeQueries"
	if r := b.api(http.MethodPost, finance, `{"queries":[{"query":"x"}]}`); r.status != http.StatusOK {
		t.Errorf("without the knob: got %d; want HTTP 200", r.status)
	}
}

func TestSetupMistakes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	nowhere := sim.Ref{Workspace: "no", Model: "no"}
	for name, err := range map[string]error{
		"model in an unknown workspace": b.PowerBI.AddModel(nowhere, "x", sim.Knobs{}),
		"grant in an unknown workspace": b.PowerBI.Grant("no", sim.ClientID, sim.RoleAdmin),
		"tune an unknown model":         b.PowerBI.Tune(sim.Ref{Workspace: sim.WorkspaceID, Model: "no"}, func(*sim.Knobs) {}),
		"next of an unknown workspace":  b.PowerBI.Next(nowhere, sim.Outcome{}),
		"unknown failure class":         b.PowerBI.FailNext(sim.Sales(), "nonsense"),
		"finish an idle model":          b.PowerBI.Finish(sim.Sales(), "", sim.Outcome{}),
	} {
		if err == nil {
			t.Errorf("%s: got no error; want an error", name)
		}
	}
	if n := len(b.PowerBI.Models()); n != 3 {
		t.Errorf("got %d models; want 3", n)
	}
}
