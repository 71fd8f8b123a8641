package refresh

import (
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// lostPost asks the simulated Power BI for a refresh whose 202 is lost, and returns how
// it ended and how many refreshes that took. The POST is held up for long enough that
// clocks which tell whole seconds show the refresh to have begun after it was asked for.
func lostPost(t *testing.T, shape machine.Shape, faults ...sim.Fault) (machine.View, int) {
	t.Helper()
	cloud, upstream := simulated(t)
	for _, f := range append(faults, sim.Fault{Kind: sim.CutAfter, Op: sim.OpStart, Delay: 5 * time.Second}) {
		if err := cloud.Fail(f); err != nil {
			t.Fatal(err)
		}
	}
	c := newTestCoordinator(lease.NewMemory(), upstream)
	r := wholeModel()
	r.Model, r.Ask.Shape = modelOfRef(sim.Sales()), shape
	v := finish(t, c, mustTrigger(t, c, r).Link())
	counters, _ := cloud.PowerBI.Counters(sim.Sales())
	return v, counters.Posts
}

// The 202 was lost, and the refresh ran: on the wire its details tell whose it is.
func TestLostEnhancedRefreshIsRecognised(t *testing.T) {
	t.Parallel()
	off := false
	asked := machine.Shape{Kind: machine.Enhanced, ApplyPolicy: &off, Objects: []machine.Object{{Table: "Sales", Partition: "2025"}, {Table: "Sales", Partition: "2026"}}}
	bubble(t, func(t *testing.T) {
		v, posts := lostPost(t, asked)
		if v.Status != machine.StatusSucceeded || posts != 1 || len(v.Operation.Tries) != 1 || !v.Operation.Tries[0].Adopted {
			t.Errorf("%s after %d posts: %+v", v.Status, posts, v.Operation.Tries)
		}
	})
	bubble(t, func(t *testing.T) { // details that are refused are no evidence
		v, posts := lostPost(t, asked, sim.Fault{Kind: sim.EntityNotFound, Op: sim.OpDetail, Times: machine.AskDetails + 1})
		if v.Status != machine.StatusSucceeded || posts != 2 || len(v.Operation.Tries) != 2 || v.Operation.Tries[0].Outcome != machine.OutcomeUnknown {
			t.Errorf("without details: %s after %d posts: %+v", v.Status, posts, v.Operation.Tries)
		}
	})
	bubble(t, func(t *testing.T) { // passing trouble is waited out
		v, posts := lostPost(t, asked, sim.Fault{Kind: sim.ErrorBefore, Op: sim.OpDetail, Times: 10})
		if v.Status != machine.StatusSucceeded || posts != 1 {
			t.Errorf("with trouble: %s after %d posts: %+v", v.Status, posts, v.Operation.Tries)
		}
	})
	bubble(t, func(t *testing.T) { // nothing tells that it was the whole model
		v, posts := lostPost(t, machine.Shape{Kind: machine.Enhanced})
		if v.Status != machine.StatusSucceeded || posts != 2 || v.Operation.Tries[0].Outcome != machine.OutcomeUnknown {
			t.Errorf("the whole model: %s after %d posts: %+v", v.Status, posts, v.Operation.Tries)
		}
	})
}

// A row that may be ours is no reason to delete it when its caller cancels.
func TestCandidateIsNeverDeleted(t *testing.T) {
	t.Parallel()
	rules, now := machine.DefaultRules(), joinTime
	ask := wholeModel().Ask
	ask.Shape = machine.Shape{Kind: machine.Enhanced, Objects: []machine.Object{{Table: "Sales", Partition: "2025"}, {Table: "Sales", Partition: "2026"}}}
	s, _ := rules.Next(machine.NewState(testModel, "e"), machine.Arrive{At: machine.At(now), Nonce: "ana", Ask: ask})
	s, _ = rules.Next(s, machine.Tick{At: machine.At(now), Txn: "t"})
	s, _ = rules.Next(s, machine.Answered{At: machine.At(now), Txn: "t", Answer: machine.Answer{Kind: machine.Lost, Sent: machine.Enhanced}})
	now = now.Add(2 * time.Minute)
	row := machine.Row{ID: "X", Type: "ViaEnhancedApi", Start: joinTime.Add(5 * time.Second), State: machine.RowCompleted}
	for _, detail := range []bool{false, true} {
		row.Asked, row.Objects = machine.Asked{Type: "Full", CommitMode: "Transactional"}, []machine.Progress{{Table: "Sales", Partition: "2025", Status: "Completed"}, {Table: "Sales", Partition: "2026", Status: "Completed"}}
		s, _ = rules.Next(s, machine.Observed{At: machine.At(now), Txn: "t", SentAt: now, Detail: detail, Rows: []machine.Row{row}})
		if s.Attempt.Candidate == nil {
			t.Fatal("there is no candidate: this test shows nothing")
		}
		cancelled, _ := rules.Next(s, machine.CancelAsked{At: machine.At(now), Epoch: "e", Number: 1, Nonce: "ana"})
		_, effects := rules.Next(cancelled, machine.Tick{At: machine.At(now), Txn: "u"})
		for _, e := range effects {
			switch e := e.(type) {
			case machine.Delete:
				t.Errorf("got a DELETE of %q, want none", e.RefreshID)
			case machine.Unlisted:
				t.Errorf("got %v, want no refused event", e)
			}
		}
	}
}
