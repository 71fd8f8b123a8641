package machine

import (
	"fmt"
	"strings"
	"time"
)

// neverAfter is the time between the deadline of an operation whose refresh cannot be
// observed and its end as OutcomeUnknown.
const neverAfter = 24 * time.Hour

// expire ends operations whose time is over and for which nothing was started. An
// operation that was started ends by what Power BI shows.
func (m *machine) expire() {
	for _, op := range cloneOperations(m.Pending) {
		p := &m.Pending[indexOf(m.Pending, op.Number)]
		switch {
		case m.serves(op.Number):
			if m.now.After(op.Deadline.Add(neverAfter)) {
				p.endTry(OutcomeUnknown, unobserved(), m.now)
				m.finish(p, Failed, unobserved())
			}
		case op.Cancel:
			m.finish(p, Cancelled, cancelledByCaller())
		case !m.now.Before(op.Deadline):
			m.finish(p, Failed, m.notInTime(op, CodeTimeout))
		case !op.QueueBy.IsZero() && op.untried() && !m.now.Before(op.QueueBy):
			m.finish(p, Failed, m.notInTime(op, CodeQueueTimeout))
		}
	}
}

func unobserved() *Fault {
	return &Fault{Code: CodeOutcomeUnknown,
		Message: "A day after the deadline Power BI still does not show how the refresh ended.",
		Remedy:  "Look at the refresh history of the model in the Power BI portal."}
}

func (m *machine) notInTime(op Operation, code string) *Fault {
	waited := op.Deadline.Sub(op.Created)
	if code == CodeQueueTimeout {
		waited = op.QueueBy.Sub(op.Created)
	}
	if h := m.Hold; op.Blocked == nil && h != nil && h.Reason != HoldBackoff {
		op.Blocked = new(h.blocked()) // its POST has just been refused
	}
	if op.Blocked != nil && op.Blocked.Reason == string(HoldPaused) {
		return pausedTooLong(*op.Blocked, waited)
	}
	if n := len(op.Tries); n > 0 {
		return givenUp(op.Tries[n-1], n, waited)
	}
	f := &Fault{Code: code,
		Message: "No refresh was started for it within " + waited.Round(time.Second).String() + ": " + op.Blocked.why() + ".",
		Remedy:  "Allow more time, or find out what holds the model up."}
	if b := op.Blocked; b != nil {
		f.Detail = b.Words
		if b.Reason == string(HoldConflict) {
			f.Detail = b.Detail
		}
	}
	return f
}

func pausedTooLong(b Blocked, waited time.Duration) *Fault {
	return &Fault{Code: CodeCapacityPaused, Detail: b.Detail,
		Message: "No refresh was started for it within " + waited.Round(time.Second).String() + ": the capacity of the workspace was paused.",
		Remedy:  "Resume the capacity, and ask again."}
}

// givenUp: the time is over between two attempts.
func givenUp(last Try, tries int, waited time.Duration) *Fault {
	f := Fault{Code: CodeTimeout, Remedy: "Allow more time, or mend what made the refresh fail."}
	if last.Fault != nil {
		f = *last.Fault
		f.Code = CodeTimeout
	}
	f.Transient, f.Late = false, false
	f.Message = fmt.Sprintf("%d attempts within %s did not succeed; the last one: %s", tries, waited.Round(time.Second), f.Message)
	return &f
}

// why says in words what an operation waits for; b may be nil.
func (b *Blocked) why() string {
	switch {
	case b == nil:
		return "other refreshes of the model came first"
	case b.Reason == string(HoldThrottled):
		return "Power BI was throttling requests"
	case b.Reason == string(HoldPaused):
		return "the capacity of the workspace was paused"
	case b.Reason == string(HoldConflict):
		return "Power BI did something else with the model"
	case b.Reason == string(HoldUnsent):
		return "nothing could be sent to Power BI (" + strings.TrimSuffix(b.Detail, ".") + ")"
	default:
		return "a refresh that this service did not start occupied the model"
	}
}
