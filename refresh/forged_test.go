package refresh

import (
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// TestDocumentOfAnotherModelIsRefused: a writer of the container copies one model's
// document, with a refresh that waits, to the name of another.
func TestDocumentOfAnotherModelIsRefused(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store, pbi := lease.NewMemory(), &fakePowerBI{length: time.Minute}
		c := newTestCoordinator(store, pbi)
		mustTrigger(t, c, wholeModel())
		mustTrigger(t, c, wholeModel()) // waits for the first
		doc, err := store.Read(t.Context(), StateName(testModel))
		if err != nil {
			t.Fatal(err)
		}
		other := machine.Model{WorkspaceID: testModel.WorkspaceID, DatasetID: testModel.WorkspaceID}
		if _, err := store.Create(t.Context(), StateName(other), doc.Body, doc.Meta); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		before := pbi.posts.Load()
		if err := c.Advance(t.Context(), other); err == nil {
			t.Error("Advance took a step by the document of another model")
		}
		r := wholeModel()
		r.Model = other
		if receipt, err := c.Trigger(t.Context(), r); err == nil {
			t.Errorf("Trigger joined operation %d of another model", receipt.View.Operation.Number)
		}
		if got := pbi.posts.Load(); got != before {
			t.Errorf("%d refreshes were posted by a forged document, want 0", got-before)
		}
	})
}

// TestNothingIsSentForAModelThatIsNotAllowed: the document is there, because a writer of
// the container made it or because ALLOWED_MODELS became narrower since.
func TestNothingIsSentForAModelThatIsNotAllowed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store, pbi := lease.NewMemory(), &fakePowerBI{length: time.Hour}
		free := newTestCoordinator(store, pbi)
		running := mustTrigger(t, free, wholeModel())
		held := newTestCoordinator(store, pbi)
		held.cfg.Permits = func(m machine.Model) bool { return m != testModel }
		time.Sleep(time.Minute)
		waiting := mustTrigger(t, free, wholeModel())
		if _, err := held.Cancel(t.Context(), running.Link()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if len(pbi.deletes) != 0 {
			t.Errorf("DELETE of %v for a model that is not allowed, want none", pbi.deletes)
		}
		if v := finish(t, held, running.Link()); v.Operation.Started.IsZero() || pbi.overlap.Load() != 0 {
			t.Errorf("the running refresh ended as %s after %d overlaps, want observed to its end", v.Status, pbi.overlap.Load())
		}
		v := finish(t, held, waiting.Link())
		if f := v.Operation.Fault; v.Status != machine.StatusFailed || f == nil || f.Code != machine.CodeModelNotAllowed {
			t.Errorf("the waiting operation ended as %s, %+v; want %s, %s", v.Status, f, machine.StatusFailed, machine.CodeModelNotAllowed)
		}
		if got := pbi.posts.Load(); got != 1 {
			t.Errorf("%d refreshes were posted, want the 1 of before", got)
		}
	})
}
