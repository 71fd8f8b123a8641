package machine

import (
	"cmp"
	"hash/fnv"
	"time"
)

// busyRecheck is the wait between a "busy" answer and the read of the history: the row of
// the other refresh may take a moment to appear.
const busyRecheck = 5 * time.Second

// pausedRecheck is the wait between two POSTs to a paused capacity: only a POST shows for
// certain that the capacity runs again.
const pausedRecheck = 5 * time.Minute

// hold prevents a POST for a while. A hold never shortens another: Power BI may have asked
// for it, and each operation has its own.
func (m *machine) hold(reason HoldReason, wait time.Duration, detail string) {
	m.holdBy(Hold{Since: m.now, Until: m.now.Add(wait), Reason: reason, Detail: detail})
}

func (m *machine) holdBy(next Hold) {
	if h := m.Hold; h != nil && h.Until.After(next.Until) {
		return
	}
	m.Hold = &next
}

// holdFor is a hold whose cause older versions do not know: they read notSent.
func (m *machine) holdFor(cause HoldReason, wait time.Duration, fault *Fault) {
	detail := ""
	if fault != nil {
		detail = bounded(fault.Detail)
	}
	m.holdBy(Hold{Since: m.now, Until: m.now.Add(wait), Reason: HoldUnsent, Cause: cause, Detail: detail})
}

// spread lengthens a wait that Power BI asked for by up to a tenth, by another part for each
// model, so that models that were throttled together do not return together.
func (s *State) spread(wait time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s.Model.String())) // never fails
	return wait + time.Duration(float64(wait/10)*float64(h.Sum32())/(1<<32)).Truncate(100*time.Millisecond)
}

// backoff is the wait before the next attempt: 10 s doubling to 5 min, spread by a
// quarter so that models which failed together do not return together.
func backoff(tries int, number int64) time.Duration {
	wait := min(10*time.Second<<min(tries-1, 5), 5*time.Minute)
	return wait - wait/4*time.Duration(number%8)/8
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

// held marks operations as waiting for the end of a hold. Between two attempts only the
// operation that is tried again waits for it; the others are queued.
func (m *machine) held(h Hold) {
	if h.Reason != HoldBackoff {
		m.block(h.blocked())
	}
}

// occupant is what callers wait for while a foreign refresh is known.
func (m *machine) occupant() Blocked {
	if h := m.Hold; h != nil && h.Cause == HoldPaused && m.now.Before(h.Until) {
		return h.blocked()
	}
	return m.Foreign.blocked()
}

func (h Hold) blocked() Blocked {
	return Blocked{Reason: string(cmp.Or(h.Cause, h.Reason)), Detail: h.Detail, Words: h.Words, Since: h.Since, Until: h.Until}
}

func (f *Foreign) blocked() Blocked {
	return Blocked{Reason: "foreignRefresh", RefreshID: f.RefreshID, Type: f.Type, Since: f.Since}
}
