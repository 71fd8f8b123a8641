package refresh

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// An event that the state machine refuses is a defect: here of a document that no event
// leads to. It changes nothing, is logged as an error, and holds up neither the lease nor
// those who ask for something else.
func TestRefusedEventChangesNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store, power := lease.NewMemory(), &fakePowerBI{}
		c, log := newLoggedCoordinator(store, power)
		before := putImpossible(t, store)

		if r, err := c.Sweep(t.Context()); err != nil || r.Due != 1 || r.Failed != 1 {
			t.Errorf("got the report %+v, %v of a step that is refused, want 1 due and 1 failed", r, err)
		}
		c.queue(testModel).deliver(machine.Answered{At: machine.At(time.Now()), Txn: "t1", Answer: machine.Answer{Kind: machine.Busy}})
		time.Sleep(time.Hour)
		if doc, err := store.Read(t.Context(), StateName(testModel)); err != nil || string(doc.Body) != before {
			t.Errorf("got the document\n%s (%v)\nwant\n%s", doc.Body, err, before)
		}
		mustTrigger(t, c, wholeModel())
		s := mustRead(t, store)
		if len(s.Pending) != 2 || s.Attempt == nil || power.posts.Load() != 0 {
			t.Errorf("got %d operations, the attempt %v and %d POSTs, want 2, t1 and none", len(s.Pending), s.Attempt, power.posts.Load())
		}
		if n := log.count("event refused"); n != 3 {
			t.Errorf("%d events were refused, want 3, none of them fed again: %q", n, log.lines)
		}
	})
}

// putImpossible saves a document in which an operation is being cancelled, and its attempt
// is not known to have started. The time of its sender is over.
func putImpossible(t *testing.T, store lease.Store) string {
	t.Helper()
	s, now := machine.NewState(testModel, "0123456789abcdef"), time.Now()
	s.Last = 1
	s.Pending = []machine.Operation{{Number: 1, Phase: machine.Cancelling, Deadline: now.Add(12 * time.Hour),
		Tries: []machine.Try{{Txn: "t1", Kind: machine.Enhanced, Outcome: machine.OutcomePending}}}}
	s.Attempt = &machine.Attempt{Txn: "t1", Serves: []int64{1}, Stage: machine.StageStarting, Kind: machine.Enhanced, Intent: now, Until: now}
	doc, err := s.Encode()
	if err == nil {
		_, err = store.Create(t.Context(), StateName(testModel), doc, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

func mustRead(t *testing.T, store lease.Store) machine.State {
	t.Helper()
	doc, err := store.Read(t.Context(), StateName(testModel))
	if err != nil {
		t.Fatal(err)
	}
	s, err := machine.Decode(doc.Body)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (c *console) count(text string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(c.lines), func(line string) bool { return !strings.Contains(line, text) }))
}
