package machine

import "time"

// Status is the word of the Azure long-running-operation guidelines for where an
// operation stands.
type Status string

// The statuses of an operation.
const (
	StatusNotStarted Status = "NotStarted"
	StatusRunning    Status = "Running"
	StatusSucceeded  Status = "Succeeded"
	StatusFailed     Status = "Failed"
	StatusCanceled   Status = "Canceled"
)

// View is an operation as one of its callers sees it.
type View struct {
	Model       Model
	Operation   Operation
	Status      Status
	Percent     int           // 0 to 100; -1 while nothing is known
	ExpectedEnd time.Time     // zero while nothing is known
	RetryAfter  time.Duration // when to ask again; zero once terminal
	Settling    *Settlement   // nil unless it is settling
	LastLook    *LastLook     // the latest look at the model, if it failed; nil once terminal
}

// How often callers are asked to look.
const (
	askAgainMin = time.Second
	askAgainMax = 60 * time.Second

	// While a POST is under way its sender will know more in a moment. Due is when
	// others may conclude that the sender has died, much later.
	askAgainStarting = 5 * time.Second
)

// View shows an operation of the state to the caller who holds that nonce.
func (s *State) View(op Operation, nonce string, now time.Time) View {
	if w, gone := op.withdrawal(nonce); gone {
		// Final for this caller, whatever becomes of it for the others.
		op.Phase, op.Fault, op.Changed, op.Ended = Cancelled, cancelledByCaller(), w.At, w.At
		op.Started, op.Tries, op.Objects, op.Blocked = time.Time{}, nil, nil, nil
	}
	v := View{Model: s.Model, Operation: op, Status: op.Phase.Status(), Percent: -1}
	switch {
	case v.Status == StatusSucceeded:
		v.Percent = 100
		return v
	case op.Phase.Terminal():
		return v
	}
	v.Settling, v.LastLook = s.settlement(op), clonePointer(s.LastLook)
	if v.Operation.Blocked == nil {
		v.Operation.Blocked = s.blind(op)
	}
	if s.overdue(op, now) {
		v.Operation.Phase = Overdue
	}
	s.predict(&v, now)
	if waits := op.Phase == Queued || op.Phase == Retrying; waits && v.Operation.Blocked == nil && s.Attempt != nil {
		v.Operation.Blocked = &Blocked{Reason: "operation", RefreshID: s.Attempt.RefreshID, Since: s.Attempt.Intent}
	}
	v.RetryAfter = s.askAgain(now)
	return v
}

// overdue reports whether the deadline of an operation has passed while its refresh
// may be at work. Only a look made after the deadline can tell whether it had ended.
func (s *State) overdue(op Operation, now time.Time) bool {
	underWay := op.Phase == Running || op.Phase == Settling
	return underWay && s.serves(op.Number) && !now.Before(op.Deadline)
}

// predict estimates from the lengths of the model's earlier refreshes of the
// same shape.
func (s *State) predict(v *View, now time.Time) {
	a := s.Attempt
	if a == nil || !s.serves(v.Operation.Number) || a.Accepted.IsZero() {
		return
	}
	known, elapsed := s.experience(a.Shape.Key()), now.Sub(a.Accepted)
	if known.None() {
		return
	}
	v.ExpectedEnd = a.Accepted.Add(known.Length(elapsed))
	v.Percent = known.Percent(elapsed)
}

func (s *State) askAgain(now time.Time) time.Duration {
	due, any := s.Due()
	switch {
	case !any:
		return askAgainMax
	case s.Attempt != nil && s.Attempt.Stage == StageStarting:
		return clamp(due.Sub(now), askAgainMin, askAgainStarting)
	default:
		return clamp(due.Sub(now), askAgainMin, askAgainMax)
	}
}

// Status is what callers are shown of a phase.
func (p Phase) Status() Status {
	switch p {
	case Queued, Blocking, Starting:
		return StatusNotStarted
	case Running, Overdue, Retrying, Settling, Cancelling:
		return StatusRunning
	case Succeeded:
		return StatusSucceeded
	case Failed:
		return StatusFailed
	case Cancelled:
		return StatusCanceled
	default: // of a newer version: not terminal as far as this one knows
		return StatusRunning
	}
}

// Terminal reports whether the status is final.
func (s Status) Terminal() bool {
	return s == StatusSucceeded || s == StatusFailed || s == StatusCanceled
}
