package refresh

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
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

// records are evidence of the refreshes that were accepted, of all processes.
type records struct {
	mu   sync.Mutex
	kept []string
	err  error
}

func (r *records) Keep(m machine.Model, refreshID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, m.String()+" "+refreshID)
}

func (r *records) Has(_ context.Context, m machine.Model, refreshID string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err == nil && slices.Contains(r.kept, m.String()+" "+refreshID), r.err
}

func (r *records) heal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = nil
}

// TestForgedAttemptCancelsNothing: a writer of the container puts the id of a refresh that
// another tool started into our attempt, and its owner cancels. Another process, which
// has only the document and the records, takes the step.
func TestForgedAttemptCancelsNothing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		forged string // in the place of our R1
		err    error  // of the records
		want   []string
	}{
		{"ours", "R1", nil, []string{"R1"}},
		{"another tool's", "R2", nil, nil},
		{"records that cannot be read for a minute", "R1", errors.New("away"), nil},
	} {
		bubble(t, func(t *testing.T) {
			store, pbi, kept := lease.NewMemory(), &fakePowerBI{length: time.Hour}, &records{}
			ours := newTestCoordinator(store, pbi)
			ours.cfg.Evidence = kept
			receipt := mustTrigger(t, ours, wholeModel())
			pbi.accept() // R2, by another tool
			time.Sleep(time.Minute)
			doc, err := store.Read(t.Context(), StateName(testModel))
			if err != nil {
				t.Fatal(err)
			}
			store.Overwrite(StateName(testModel), bytes.ReplaceAll(doc.Body, []byte(`"R1"`), []byte(`"`+tc.forged+`"`)), doc.Meta)
			kept.err = tc.err
			other := newTestCoordinator(store, pbi)
			other.cfg.Evidence = kept
			if _, err := other.Cancel(t.Context(), receipt.Link()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if !slices.Equal(pbi.deletes, tc.want) {
				t.Errorf("%s: DELETE of %v, want %v", tc.name, pbi.deletes, tc.want)
			}
			kept.heal()
			v := finish(t, other, receipt.Link())
			if ours := tc.forged == "R1"; ours != (v.Status == machine.StatusCanceled) || ours != slices.Contains(pbi.deletes, "R1") {
				t.Errorf("%s: the operation ended as %s after DELETE of %v, want it cancelled if the refresh is ours: %t", tc.name, v.Status, pbi.deletes, ours)
			}
		})
	}
}
