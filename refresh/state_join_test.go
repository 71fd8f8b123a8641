package refresh

import (
	"testing"
	"time"
)

var joinTime = time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)

// pendingOp is an operation that anybody may share as it stands, changed.
func pendingOp(change func(*Operation)) State {
	s := NewState(testModel, "e")
	s.Last = 1
	op := Operation{Number: 1, Nonce: "first", Created: joinTime, Changed: joinTime, Deadline: joinTime.Add(12 * time.Hour),
		Shape: Shape{Kind: Auto}, MaxAttempts: 3, Phase: Queued, Shared: true}
	change(&op)
	s.Pending = []Operation{op}
	return s
}

func TestJoin(t *testing.T) {
	t.Parallel()
	tried := func(op *Operation) { op.Tries = []Try{{Kind: Enhanced, Outcome: OutcomePending}}; op.Phase = Running }
	for _, tc := range []struct {
		name   string
		op     func(*Operation)
		ask    func(*Ask)
		joined bool
	}{
		{"as it stands", func(*Operation) {}, func(*Ask) {}, true},
		{"not marked as shared: the creator could cancel it", func(op *Operation) { op.Shared = false }, func(*Ask) {}, false},
		{"ends too soon", func(op *Operation) { op.Deadline = op.Deadline.Add(-1) }, func(*Ask) {}, false},
		{"lasts longer", func(*Operation) {}, func(a *Ask) { a.Timeout = time.Minute }, true},
		{"must start soon", func(op *Operation) { op.QueueBy = joinTime.Add(time.Hour) }, func(*Ask) {}, false},
		{"tries less often", func(*Operation) {}, func(a *Ask) { a.MaxAttempts = 4 }, false},
		{"tries more often", func(*Operation) {}, func(a *Ask) { a.MaxAttempts = 1 }, true},
		{"another shape", func(*Operation) {}, func(a *Ask) { a.Shape = full() }, false},
		{"more than it does", func(op *Operation) { op.Shape = full("A") }, func(a *Ask) { a.Shape = full("A", "B") }, false},
		{"less than it does", func(op *Operation) { op.Shape = full("A", "B") }, func(a *Ask) { a.Shape = full("B") }, true},
		{"being cancelled", func(op *Operation) { op.Cancel = true }, func(*Ask) {}, false},
		{"being cancelled at Power BI", func(op *Operation) { op.Phase = Cancelling }, func(a *Ask) { a.WhenBusy = WhenBusyJoin }, false},
		{"blocked by somebody else's", func(op *Operation) { op.Phase = Blocking }, func(*Ask) {}, true},
		{"begun, and the caller's data landed later", tried, func(*Ask) {}, false},
		{"begun, and the caller is content with it", tried, func(a *Ask) { a.WhenBusy = WhenBusyJoin }, true},
		{"the caller wants no company", func(*Operation) {}, func(a *Ask) { a.WhenBusy = WhenBusyReject }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, ask := pendingOp(tc.op), wholeModel().Ask
			tc.ask(&ask)
			number, joined := s.Join(ask, joinTime)
			if joined != tc.joined || joined && number != 1 {
				t.Errorf("operation %d, %t", number, joined)
			}
		})
	}
}

// Over every phase, outcome and policy: who queues never shares an operation for
// which an attempt may have started, and who joins without a write gets what a
// write would have given, and the write would have changed nothing.
func TestJoinNeedsNoWrite(t *testing.T) {
	t.Parallel()
	joined := 0
	for _, phase := range []Phase{Queued, Blocking, Starting, Running, Retrying, Settling, Cancelling} {
		for _, outcome := range []Outcome{"", OutcomePending, OutcomeFailed, OutcomeCancelled, OutcomeRefused, OutcomeUnsent, OutcomeDropped, OutcomeUnknown} {
			for _, policy := range []WhenBusy{WhenBusyQueue, WhenBusyJoin, WhenBusyReject} {
				for bits := range 32 {
					on := func(bit int) bool { return bits>>bit&1 == 1 }
					s := pendingOp(func(op *Operation) {
						op.Phase, op.Shared, op.Cancel = phase, on(0), on(1)
						if outcome != "" {
							op.Tries = []Try{{Kind: Enhanced, Outcome: outcome}}
						}
						if on(2) {
							op.QueueBy = joinTime.Add(time.Hour)
						}
					})
					ask := wholeModel().Ask
					ask.WhenBusy = policy
					if on(3) {
						ask.QueueTimeout = 10 * time.Minute
					}
					if on(4) {
						ask.Timeout = time.Hour
					}
					if join(t, s, ask) {
						joined++
					}
				}
			}
		}
	}
	if joined < 20 {
		t.Errorf("only %d of all combinations are joined: this test tests nothing", joined)
	}
}

// join checks one combination, and reports whether it is joined.
func join(t *testing.T, s State, ask Ask) bool {
	t.Helper()
	before := mustEncode(t, s)
	number, joined := s.Join(ask, joinTime)
	if string(mustEncode(t, s)) != string(before) {
		t.Fatalf("a read changed the state:\n%s", before)
	}
	if !joined {
		return false
	}
	if ask.WhenBusy != WhenBusyJoin && len(s.Pending[0].Tries) > 0 {
		t.Errorf("%s joins what may have begun: %s", ask.WhenBusy, before)
	}
	after, effects := DefaultRules().Next(s, Arrive{At: At(joinTime), Nonce: "n", Ask: ask})
	if len(effects) != 1 || effects[0] != (Admit{Nonce: "n", Number: number}) || !after.Same(s) {
		t.Errorf("joined operation %d of\n%s\nand a write gives %+v and\n%s", number, before, effects, mustEncode(t, after))
	}
	return true
}
