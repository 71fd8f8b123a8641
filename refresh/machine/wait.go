package machine

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// neverAfter is how long after its deadline an operation whose refresh cannot be
// observed is given up.
const neverAfter = 24 * time.Hour

// expire ends operations whose time is over and that need no evidence for it:
// nothing was started for them. A started one ends by what Power BI shows.
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

// block marks every operation that could start as waiting for something.
func (m *machine) block(b Blocked) {
	for i := range m.Pending {
		op := &m.Pending[i]
		if op.Phase == Queued || op.Phase == Blocking {
			m.setPhase(op, Blocking)
			op.Blocked = &b
		}
	}
}

// held marks operations as waiting for a time. Between two attempts only the one
// that is tried again waits for it; the others are simply queued.
func (m *machine) held(h Hold) {
	if h.Reason != HoldBackoff {
		m.block(h.blocked())
	}
}

// spread is a wait that Power BI asked for, and up to a tenth more, another part of it
// for each model: those that were throttled at the same time do not return as one storm.
func (s *State) spread(wait time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s.Model.String())) // never fails
	return wait + time.Duration(float64(wait/10)*float64(h.Sum32())/(1<<32)).Truncate(100*time.Millisecond)
}

func (h Hold) blocked() Blocked {
	return Blocked{Reason: string(cmp.Or(h.Cause, h.Reason)), Detail: h.Detail, Words: h.Words, Since: h.Since, Until: h.Until}
}

// occupant is what callers wait for while a foreign refresh is known.
func (m *machine) occupant() Blocked {
	if h := m.Hold; h != nil && h.Cause == HoldPaused && m.now.Before(h.Until) {
		return h.blocked()
	}
	return m.Foreign.blocked()
}

func (f *Foreign) blocked() Blocked {
	return Blocked{Reason: "foreignRefresh", RefreshID: f.RefreshID, Type: f.Type, Since: f.Since}
}

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
	case slices.ContainsFunc(s.Watch, func(w Watched) bool { return w.Appeared }):
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

func unobserved() *Fault {
	return &Fault{Code: CodeOutcomeUnknown,
		Message: "A day after the deadline Power BI still does not tell what became of the refresh.",
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
