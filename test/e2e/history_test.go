package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// operations lists what happened.
func (a *app) operations(query string) (list []handler.OperationEntry) {
	a.t.Helper()
	resp, text := a.call("GET", "/api/operations"+query, "")
	var d struct{ Value []handler.OperationEntry }
	if err := json.Unmarshal([]byte(text), &d); err != nil || resp.StatusCode != http.StatusOK {
		a.t.Fatalf("GET /api/operations%s: %s %s (%v)", query, resp.Status, text, err)
	}
	return d.Value
}

// What fails at night is found in the morning, by its label, and asked for again.
func TestTheListOnAzurite(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	a := startApp(t, world, onAzurite(t))
	if err := world.PowerBI.FailNext(sim.Sales(), sim.FailCredentials); err != nil {
		t.Fatal(err)
	}
	request := strings.TrimSuffix(body(sim.Sales()), "}") + `,"labels":["run-4711"]}`
	doc := a.trigger(request)
	if list := a.operations("?label=run-4711"); len(list) != 1 || list[0].ID != doc.ID || list[0].Callers != 1 {
		t.Errorf("the list has %+v, want operation %s", list, doc.ID)
	}
	if end := a.finish(doc.StatusURL); end.Status != machine.StatusFailed {
		t.Fatalf("the refresh ended as %s, want Failed", end.Status)
	}
	var list []handler.OperationEntry
	a.until(t, func() bool { // the end is put on record in the background
		list = a.operations("?status=Failed&workspaceId=" + sim.WorkspaceID + "&datasetId=" + sim.SalesModel)
		return len(list) == 1
	})
	if e := list[0].Error; e == nil || e.Reason != "credentials" || e.PowerBI == "" || e.Remedy == "" || list[0].Ended.IsZero() {
		t.Errorf("the failure in the list is %+v of %+v, want its reason, Power BI's words and a remedy", e, list[0])
	}
	resp, text := a.call("POST", "/api/operations/"+doc.ID+"/rerun", "", "Idempotency-Key", "again")
	again, more := a.call("POST", "/api/operations/"+doc.ID+"/rerun", "", "Idempotency-Key", "again")
	if resp.StatusCode != http.StatusAccepted || again.Header.Get("Operation-Id") != resp.Header.Get("Operation-Id") {
		t.Fatalf("the rerun was answered %s %s, its repetition %s %s, want 202 and the same operation", resp.Status, text, again.Status, more)
	}
	if resp, text := a.call("GET", "/api/models?workspaceId="+sim.WorkspaceID, ""); resp.StatusCode != http.StatusOK || !strings.Contains(text, `"state":"`) || !strings.Contains(text, `"modelName":"Sales"`) {
		t.Errorf("GET /api/models: %s %s, want the model with its name", resp.Status, text)
	}
	if end := a.finish(resp.Header.Get("Location")); end.Status != machine.StatusSucceeded || end.ID == doc.ID {
		t.Errorf("the rerun ended as %s of %s, want a new operation that succeeds", end.Status, end.ID)
	}
	if list := a.operations("?label=rerun+of+" + doc.ID); len(list) != 1 {
		t.Errorf("%d operations are reruns, want 1", len(list))
	}
}
