//go:build attack

package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/bloblease"
	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// storeOf is the state container, as somebody sees it who may write there.
func storeOf(t *testing.T, settings map[string]string) *bloblease.Store {
	t.Helper()
	store, err := bloblease.New(bloblease.Options{ConnectionString: settings["STATE_STORAGE"], Container: settings["STATE_CONTAINER"]})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func modelOf(ref sim.Ref) machine.Model {
	return machine.Model{WorkspaceID: ref.Workspace, DatasetID: ref.Model}
}

// waiting makes a document with an operation that waits for a refresh of somebody else.
func waiting(t *testing.T, world *sim.World, settings map[string]string, ref sim.Ref) (statusURL string, doc lease.Document) {
	t.Helper()
	if _, err := world.PowerBI.StartForeign(ref, sim.ViaPortal, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	a := startApp(t, world, settings)
	statusURL = a.trigger(body(ref)).StatusURL
	_ = a.host.Close()
	doc, err := storeOf(t, settings).Read(t.Context(), refresh.StateName(modelOf(ref)))
	if err != nil {
		t.Fatal(err)
	}
	return statusURL, doc
}

// TestAttackDocumentOfAForbiddenModel: who writes into the container makes the app
// refresh no model that ALLOWED_MODELS does not list.
func TestAttackDocumentOfAForbiddenModel(t *testing.T) {
	world, settings := newWorld(t), onAzurite(t)
	statusURL, _ := waiting(t, world, settings, sim.Sales())
	before := counters(t, world, sim.Sales())
	settings["ALLOWED_MODELS"] = sim.WorkspaceID + "/" + sim.Finance().Model
	a := startApp(t, world, settings)
	doc := a.finish(a.at(statusURL))
	if doc.Status != machine.StatusFailed || doc.Error == nil || doc.Error.Code != machine.CodeModelNotAllowed {
		t.Errorf("got %s %+v, want %s %s", doc.Status, doc.Error, machine.StatusFailed, machine.CodeModelNotAllowed)
	}
	if now := counters(t, world, sim.Sales()); now.Posts != before.Posts {
		t.Errorf("got %d refreshes, want %d", now.Posts, before.Posts)
	}
}

// TestAttackDocumentOfAnotherModel: a document under another model's name is left alone.
func TestAttackDocumentOfAnotherModel(t *testing.T) {
	world, settings := newWorld(t), onAzurite(t)
	_, doc := waiting(t, world, settings, sim.Sales())
	posts := counters(t, world, sim.Sales()).Posts
	store := storeOf(t, settings)
	if _, err := store.Create(t.Context(), refresh.StateName(modelOf(sim.Finance())), doc.Body, doc.Meta); err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(t.Context(), refresh.StateName(modelOf(sim.Sales())), doc.Version); err != nil {
		t.Fatal(err)
	}
	a := startApp(t, world, settings)
	if err := a.host.Fire(t.Context(), "RefreshSweep"); err != nil {
		t.Fatal(err)
	}
	a.attacked(t, "the copy", body(sim.Finance()), http.StatusServiceUnavailable, "StateUnavailable")
	if now := counters(t, world, sim.Sales()); now.Posts != posts {
		t.Errorf("Sales: got %d refreshes, want %d", now.Posts, posts)
	}
	untouched(t, a, sim.Finance())
	if !strings.Contains(a.log(), "put back its own, or delete it") {
		t.Errorf("the log does not say what to do:\n%s", a.log())
	}
}
