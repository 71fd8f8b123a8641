package machine

import (
	"testing"
	"time"
)

// viewed is a model whose attempt was accepted at joinTime and serves operation 1.
func viewed(phase Phase) State {
	s := pendingOp(func(op *Operation) {
		op.Phase, op.Deadline, op.Started = phase, joinTime.Add(time.Hour), joinTime
		op.Tries = []Try{{Txn: "t", Kind: Enhanced, Outcome: OutcomePending}}
	})
	s.Attempt = &Attempt{Txn: "t", Serves: []int64{1}, Stage: StageRunning, Kind: Enhanced, Shape: Shape{Kind: Auto}, Accepted: joinTime}
	return s
}

// Overdue is shown from the deadline on, and only while a refresh may be at work.
func TestOverdue(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		phase Phase
		after time.Duration
		alone bool // no attempt serves it
		want  Phase
	}{
		{"before the deadline", Running, time.Hour - 1, false, Running},
		{"at the deadline", Running, time.Hour, false, Overdue},
		{"long after it", Running, 30 * time.Hour, false, Overdue},
		{"while the outcome is unknown", Settling, 2 * time.Hour, false, Overdue},
		{"while it is cancelled", Cancelling, 2 * time.Hour, false, Cancelling},
		{"while the POST may be under way", Starting, 2 * time.Hour, false, Starting},
		{"between two attempts", Retrying, 2 * time.Hour, true, Retrying},
		{"waiting", Queued, 2 * time.Hour, true, Queued},
	} {
		s := viewed(tc.phase)
		if tc.alone {
			s.Attempt = nil
		}
		v := s.View(s.Pending[0], "first", joinTime.Add(tc.after))
		if v.Operation.Phase != tc.want || v.Status.Terminal() {
			t.Errorf("%s: %s, %s", tc.name, v.Operation.Phase, v.Status)
		}
		if tc.want == Overdue && v.Status != StatusRunning {
			t.Errorf("%s: %s", tc.name, v.Status)
		}
		if s.Pending[0].Phase != tc.phase {
			t.Errorf("%s: showing changed the state", tc.name)
		}
	}
}

// A caller that left a shared operation does not see that it is overdue.
func TestOverdueIsNotForWhoLeft(t *testing.T) {
	t.Parallel()
	s := viewed(Running)
	s.Pending[0].Withdrawn = []Withdrawal{{Nonce: "bob", At: joinTime}}
	if v := s.View(s.Pending[0], "bob", joinTime.Add(2*time.Hour)); v.Status != StatusCanceled || v.Operation.Phase != Cancelled {
		t.Errorf("%s %s", v.Status, v.Operation.Phase)
	}
}

// Callers ask when there is something new: when the next step is due, but soon while the
// answer of a POST is on its way, however long others must wait before they conclude that
// its sender has died.
func TestAskAgain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		stage Stage
		due   time.Duration
		want  time.Duration
	}{
		{"the POST is under way", StageStarting, 4 * time.Minute, askAgainStarting},
		{"its sender is given up in a moment", StageStarting, 2 * time.Second, 2 * time.Second},
		{"the next look is soon", StageRunning, 20 * time.Second, 20 * time.Second},
		{"the next look is late", StageRunning, 4 * time.Minute, askAgainMax},
		{"the next look is due", StageRunning, -time.Minute, askAgainMin},
	} {
		s := viewed(Running)
		s.Attempt.Stage, s.Attempt.Until, s.Attempt.LookAt = tc.stage, joinTime.Add(tc.due), joinTime.Add(tc.due)
		if got := s.View(s.Pending[0], "first", joinTime).RetryAfter; got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}
