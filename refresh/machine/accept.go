package machine

import (
	"slices"
	"strings"
)

func (m *machine) accepted(a *Attempt, answer Answer) {
	a.Accepted, a.Candidate = m.now, nil
	a.RefreshID = answer.RefreshID
	switch {
	case a.RefreshID == "":
		m.settle(a) // accepted, and nothing to ask for by name
		return
	case a.Adopted && slices.Contains(a.Settle.Known, a.RefreshID):
		m.clearAttempt() // what was adopted is ours, and has ended
		return
	}
	a.Adopted, a.ByID, a.Again = false, false, false // it has a name now
	m.setStage(a, StageRunning)
	a.Settle = Settle{From: m.now}
	a.LookAt = m.now.Add(m.nextLook(a))
	m.eachServed(func(op *Operation) {
		if op.Started.IsZero() {
			op.Started = m.now
		}
		try := op.Latest()
		try.RefreshID, try.Kind, try.Started = a.RefreshID, a.Kind, m.now
		op.Unsent, op.Busy = 0, 0
		m.setPhase(op, Running)
	})
}

// identified continues with a refresh whose id was in no 202. Like an adopted one it is
// never deleted; unlike for one, nothing is left to settle when it has ended.
func (m *machine) identified(a *Attempt, id string) {
	a.RefreshID, a.Adopted, a.ByID = id, true, true
	m.setStage(a, StageRunning)
	a.Accepted, a.Again, a.Candidate = a.Intent, false, nil
	a.Settle = Settle{From: m.now}
	m.eachServed(func(op *Operation) {
		if op.Started.IsZero() {
			op.Started = m.now
		}
		try := op.Latest()
		try.RefreshID, try.Kind, try.Adopted = id, a.Kind, true
		m.setPhase(op, Running)
	})
}

// named records a 202 that arrives after its refresh was identified: it may be deleted now.
func (m *machine) named(a *Attempt, id string) {
	if !a.ByID || !strings.EqualFold(a.RefreshID, id) {
		return
	}
	a.Adopted, a.ByID = false, false
	m.eachServed(func(op *Operation) { op.Latest().Adopted = false })
}
