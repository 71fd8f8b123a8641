package refresh

import (
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// A page has the models of the query, also those whose document cannot be read.
func TestModelsAreListedWithTheirState(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		c := newTestCoordinator(store, &fakePowerBI{length: time.Minute})
		receipt := mustTrigger(t, c, wholeModel())
		broken := machine.Model{WorkspaceID: testModel.WorkspaceID, DatasetID: "ffffffff-0000-4000-8000-000000000000"}
		for _, name := range []string{StateName(broken), "models/readme.txt"} {
			if _, err := store.Create(t.Context(), name, []byte("{"), nil); err != nil {
				t.Fatal(err)
			}
		}
		var all []ModelState
		q := ModelQuery{WorkspaceID: testModel.WorkspaceID, Limit: 1}
		for range 5 {
			page, err := c.Models(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, page.Models...)
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
		if len(all) != 2 || all[0].Model != testModel || all[0].State == nil || all[1].Model != broken || all[1].State != nil {
			t.Fatalf("%+v, want the model with its state, and the broken one without", all)
		}
		if _, found := all[0].State.Find(receipt.View.Operation.Number); !found {
			t.Error("the state lacks the operation that was requested")
		}
		page, err := c.Models(t.Context(), ModelQuery{WorkspaceID: testModel.WorkspaceID, DatasetID: testModel.DatasetID, Limit: 5})
		if err != nil || len(page.Models) != 1 || page.Models[0].Model != testModel {
			t.Errorf("the query of one model returned %+v (%v), want it", page.Models, err)
		}
	})
}
