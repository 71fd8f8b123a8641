package refresh

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// endlessPowerBI shows each refresh at work, and counts how many calls are under way.
type endlessPowerBI struct {
	Upstream
	mu        sync.Mutex
	now, most int
	looks     int
}

func (p *endlessPowerBI) Look(_ context.Context, _ machine.Model, l machine.Look) Observation {
	p.mu.Lock()
	p.looks++
	p.now++
	p.most = max(p.most, p.now)
	p.mu.Unlock()
	time.Sleep(100 * time.Millisecond) // virtual
	p.mu.Lock()
	p.now--
	p.mu.Unlock()
	return Observation{Detail: true, Rows: []machine.Row{{ID: l.RefreshID, Type: "ViaEnhancedApi", State: machine.RowInProgress, Word: "Unknown"}}}
}

// Ten thousand models of which a tenth is due: one sweep takes each step once, 32 at a
// time, for a listing and four storage requests a step, and touches no other model.
func TestSweepOfManyModels(t *testing.T) {
	t.Parallel()
	const models, due = 10_000, 1000
	bubble(t, func(t *testing.T) {
		store, pbi := &slowStore{Store: lease.NewMemory()}, &endlessPowerBI{}
		fill(t, store.Store, models, due)
		c := newTestCoordinator(store, pbi)
		store.trip = 50 * time.Millisecond
		if r := sweep(t, c); r != (Report{Seen: models, Due: due, Complete: true}) {
			t.Errorf("got %+v, want all of %d seen and %d due in one sweep", r, models, due)
		}
		for op, want := range map[string]int{"acquire": due, "read": due + 1, "write": due, "release": due, "create": 0} { // and the cursor
			if got := store.counted(op); got != want {
				t.Errorf("got %d %ss, want %d", got, op, want)
			}
		}
		if pbi.looks != due || pbi.most > 32 || pbi.most < 20 {
			t.Errorf("got %d looks, %d at most at one time; want %d, and 20 to 32", pbi.looks, pbi.most, due)
		}
	})
}

// fill makes the documents of models, of which some have a refresh that is due for a look.
func fill(t *testing.T, store lease.Store, models, due int) {
	t.Helper()
	rules, now := machine.DefaultRules(), machine.At(time.Now().Add(-time.Hour))
	for i := range models {
		s := machine.NewState(machine.Model{WorkspaceID: testModel.WorkspaceID, DatasetID: fmt.Sprintf("cfafbeb1-8037-4d0c-896e-%012x", i)}, "e")
		if i%(models/due) == 0 {
			s, _ = rules.Next(s, machine.Arrive{At: now, Nonce: "n", Ask: wholeModel().Ask})
			s, _ = rules.Next(s, machine.Tick{At: now, Txn: lease.NewID()})
			s, _ = rules.Next(s, machine.Answered{At: now, Txn: s.Attempt.Txn, Answer: machine.Answer{Kind: machine.Accepted, RefreshID: fmt.Sprint("R", i), Sent: machine.Enhanced}})
		}
		doc, err := s.Encode()
		if err == nil {
			_, err = store.Create(t.Context(), StateName(s.Model), doc, dueMeta(&s))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
