package machine

import (
	"math/rand/v2"
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
	begun := func(op *Operation) { tried(op); op.Started = joinTime }
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
		{"is given up soon, and the caller would wait", func(op *Operation) { op.QueueBy = joinTime.Add(time.Hour) }, func(*Ask) {}, false},
		{"is given up when the caller wants it", func(op *Operation) { op.QueueBy = joinTime.Add(time.Hour) }, func(a *Ask) { a.QueueTimeout = time.Hour }, true},
		{"is given up a little later", func(op *Operation) { op.QueueBy = joinTime.Add(time.Hour) }, func(a *Ask) { a.QueueTimeout = 55 * time.Minute }, true},
		{"is given up a little too soon", func(op *Operation) { op.QueueBy = joinTime.Add(time.Hour - 1) }, func(a *Ask) { a.QueueTimeout = time.Hour }, false},
		{"is given up too late", func(op *Operation) { op.QueueBy = joinTime.Add(time.Hour) }, func(a *Ask) { a.QueueTimeout = 50 * time.Minute }, false},
		{"is never given up, and the caller will not wait", func(*Operation) {}, func(a *Ask) { a.QueueTimeout = time.Hour }, false},
		{"has begun, so that nobody waits", begun, func(a *Ask) { a.QueueTimeout, a.WhenBusy = time.Hour, WhenBusyJoin }, true},
		{"wants to be told if the model is busy", func(op *Operation) { op.Reject = true }, func(*Ask) {}, false},
		{"wanted to be told, and has begun", func(op *Operation) { begun(op); op.Reject = true }, func(a *Ask) { a.WhenBusy = WhenBusyJoin }, true},
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
			s, ask := pendingOp(tc.op), wholeModel()
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
					ask := wholeModel()
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

// Whoever comes, and whatever for: an operation is tried as long and as often as each
// of its callers asked for, is given up not before and not much after any of them
// wants, and a caller who wants to be told of a busy model has nobody beside it.
func TestNobodysPromiseIsWeakened(t *testing.T) {
	t.Parallel()
	type promise struct {
		ask    Ask
		number int64
		at     time.Time
	}
	dice := rand.New(rand.NewPCG(1, 2))
	shared, refused := 0, 0
	for range 400 {
		s, now := NewState(testModel, "e"), joinTime
		var promises []promise
		for range 12 {
			ask := wholeModel()
			ask.WhenBusy = []WhenBusy{WhenBusyQueue, WhenBusyQueue, WhenBusyJoin, WhenBusyReject}[dice.IntN(4)]
			ask.Timeout = time.Duration(1+dice.IntN(5)) * time.Hour
			ask.QueueTimeout = time.Duration(dice.IntN(3)) * 10 * time.Minute
			ask.MaxAttempts = 1 + dice.IntN(4)
			next, effects := DefaultRules().Next(s, Arrive{At: At(now), Nonce: "n", Ask: ask})
			admit, ok := effects[0].(Admit)
			if !ok {
				refused++
				continue
			}
			s = next
			promises = append(promises, promise{ask, admit.Number, now})
			now = now.Add(time.Duration(dice.IntN(60)) * time.Second)
		}
		for _, p := range promises {
			op, _ := s.Find(p.number)
			if op.Shared {
				shared++
			}
			by := p.at.Add(p.ask.QueueTimeout)
			waits := op.QueueBy.IsZero() && p.ask.QueueTimeout == 0 ||
				p.ask.QueueTimeout > 0 && !op.QueueBy.Before(by) && !op.QueueBy.After(by.Add(p.ask.QueueTimeout/8))
			if op.Deadline.Before(p.at.Add(p.ask.Timeout)) || op.MaxAttempts < p.ask.MaxAttempts || !waits {
				t.Fatalf("%+v, asked at %v, got %+v", p.ask, p.at, op)
			}
			if p.ask.WhenBusy == WhenBusyReject && (!op.Reject || op.Shared) {
				t.Fatalf("a caller who wants to be told of a busy model shares %+v", op)
			}
		}
	}
	if shared < 500 || refused < 100 {
		t.Errorf("%d shared, %d refused: this test tests nothing", shared, refused)
	}
}
