package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/bloblease"
	"pbirefresh/local/azurite"
	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// TestForgedAttempt: a writer of the state container makes another tool's refresh the
// attempt of the model's document, without an operation, so that it is to be cancelled. Records
// in a container of their own do not have it, and nothing is cancelled. Records in the
// state container protect from nothing, because that writer can write them as well:
// there, the document alone decides.
func TestForgedAttempt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		records string
		cancels int
	}{"records apart": {azurite.NewContainer(), 0}, "records in the state": {"", 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := newWorld(t)
			settings := onAzurite(t)
			settings["AUDIT_CONTAINER"] = tc.records
			a := startApp(t, world, settings)
			a.finish(a.trigger(body(sim.Sales())).StatusURL)
			foreign, err := world.PowerBI.StartForeign(sim.Sales(), sim.ViaEnhancedAPI, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			forgeAttempt(t, settings, foreign)
			a.until(t, func() bool {
				if err := a.host.Fire(t.Context(), "RefreshSweep"); err != nil {
					t.Fatal(err)
				}
				return counters(t, world, sim.Sales()).Cancels > 0 || strings.Contains(a.log(), "cancel not sent")
			})
			if c := counters(t, world, sim.Sales()); c.Cancels != tc.cancels {
				t.Errorf("%d refreshes of another tool were cancelled, want %d\n%s", c.Cancels, tc.cancels, a.log())
			}
		})
	}
}

// TestCancelWithRecordsApart: an own refresh is cancelled, also by a process that did not
// start it.
func TestCancelWithRecordsApart(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	settings := onAzurite(t)
	settings["AUDIT_CONTAINER"] = azurite.NewContainer()
	if err := world.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) { k.Duration = time.Hour }); err != nil {
		t.Fatal(err)
	}
	one := startApp(t, world, settings)
	two := startAppWithKey(t, world, settings, one.host.FunctionKey())
	doc := one.trigger(body(sim.Sales()))
	records, err := bloblease.New(bloblease.Options{ConnectionString: settings["STATE_STORAGE"], Container: settings["AUDIT_CONTAINER"]})
	if err != nil {
		t.Fatal(err)
	}
	one.until(t, func() bool { // the record is written in the background
		page, err := records.List(t.Context(), "audit/started/", "", 1)
		return err == nil && len(page.Entries) == 1
	})
	one.close()
	if _, err := two.client.Cancel(t.Context(), two.at(doc.StatusURL)); err != nil {
		t.Fatal(err)
	}
	if doc = two.finish(two.at(doc.StatusURL)); doc.Status != machine.StatusCanceled {
		t.Errorf("the operation ended as %s: %+v, want %s", doc.Status, doc.Error, machine.StatusCanceled)
	}
}

// forgeAttempt writes the document of Sales as its only writers do, under the lease.
func forgeAttempt(t *testing.T, settings map[string]string, refreshID string) {
	t.Helper()
	store, err := bloblease.New(bloblease.Options{ConnectionString: settings["STATE_STORAGE"], Container: settings["STATE_CONTAINER"]})
	if err != nil {
		t.Fatal(err)
	}
	name := refresh.StateName(machine.Model{WorkspaceID: sim.Sales().Workspace, DatasetID: sim.Sales().Model})
	section, err := lease.Enter(t.Context(), store, name)
	if err != nil {
		t.Fatal(err)
	}
	defer section.Close(t.Context())
	var doc map[string]any
	if err := json.Unmarshal(section.Doc().Body, &doc); err != nil {
		t.Fatal(err)
	}
	began := time.Now().UTC().Add(-time.Minute)
	doc["attempt"] = map[string]any{
		"txn": "00000000-0000-4000-8000-000000000001", "stage": "running", "kind": "enhanced", "shape": map[string]any{"kind": "auto"},
		"refreshId": refreshID, "intent": began, "sendBy": began, "until": began, "accepted": began, "started": began,
	}
	forged, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := section.Commit(t.Context(), forged, nil, func([]byte) bool { return false }); err != nil {
		t.Fatal(err)
	}
}
