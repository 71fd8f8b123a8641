package machine

import (
	"slices"
	"time"
)

// Due is when the model's next step can be taken; false if nothing will ever be
// due. The zero time means at once.
func (s *State) Due() (time.Time, bool) {
	var due earliest
	if len(s.Recent) > s.keep() {
		due.add(time.Time{})
	}
	switch {
	case s.Attempt != nil && s.Attempt.Stage == StageStarting:
		due.add(s.Attempt.Until)
	case s.Attempt != nil:
		due.add(s.Attempt.LookAt)
	case slices.ContainsFunc(s.Abandoned, func(w Abandoned) bool { return w.Appeared }):
		due.add(time.Time{})
	case len(s.Pending) == 0:
	case s.Foreign != nil:
		due.add(s.Foreign.LookAt)
	case s.Hold != nil:
		due.add(s.Hold.Until)
	default:
		due.add(time.Time{})
	}
	for _, op := range s.Pending {
		if s.Attempt == nil || s.Attempt.Stage != StageStarting {
			due.addDeadlines(op)
		}
	}
	return due.at, due.any
}

// earliest collects the earliest of several times.
type earliest struct {
	at  time.Time
	any bool
}

func (e *earliest) add(t time.Time) {
	if !e.any || t.Before(e.at) {
		e.at, e.any = t, true
	}
}

// addDeadlines adds the times at which a waiting operation ends by itself. One
// that is being refreshed has none: looking at it decides.
func (e *earliest) addDeadlines(op Operation) {
	switch op.Phase {
	case Queued, Blocking, Retrying:
		e.add(op.Deadline)
		if !op.QueueBy.IsZero() && op.untried() {
			e.add(op.QueueBy)
		}
	case Starting, Running, Overdue, Settling, Cancelling, Succeeded, Failed, Cancelled:
	}
}
