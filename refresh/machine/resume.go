package machine

import (
	"slices"
	"time"
)

// spot looks for watched attempts in a history. One that a 202 named is found by its
// id, and so is one whose own id Power BI has kept (see ids). One without a name may be any refresh of our kind that is at work and that nobody
// else knows, and only while no attempt of ours could be it: it will be settled anew.
func (m *machine) spot(e Observed) {
	if e.Err != nil || e.Detail || len(m.Watch) == 0 {
		return
	}
	m.looks()
	for _, w := range slices.Clone(m.Watch) {
		row, named := w.find(e.Rows)
		if named && w.RefreshID == "" {
			w.Found = row.ID
		}
		switch {
		case w.RefreshID == "" && !named:
			w.Appeared = m.Attempt == nil && slices.ContainsFunc(e.Rows, func(r Row) bool {
				return r.atWork(e) && m.mayBeOurs(w.attempt(), r, e)
			})
		case named && row.State != RowInProgress && len(m.owed(w.Txn)) == 0:
			m.unwatch(w.Txn)
			continue
		case named:
			w.Appeared = row.State != RowInProgress || row.atWork(e)
		}
		m.Watch[slices.IndexFunc(m.Watch, func(x Watched) bool { return x.Txn == w.Txn })] = w
	}
}

// glanced records the read before a POST, which may have failed.
func (m *machine) glanced(e Observed) {
	m.looks()
	appeared := slices.ContainsFunc(m.Watch, func(w Watched) bool { return w.Appeared })
	if e.Err == nil && !appeared {
		m.notice(e)
	}
}

// revive makes the first watched attempt that has appeared the model's attempt. It
// serves again whoever it was made for and who has not been tried since.
func (m *machine) revive() {
	i := slices.IndexFunc(m.Watch, func(w Watched) bool { return w.Appeared })
	if i < 0 || m.Attempt != nil {
		return
	}
	w := m.Watch[i]
	m.unwatch(w.Txn)
	a := w.attempt()
	a.SendBy, a.Until, a.Serves = m.now, m.now, m.owed(w.Txn)
	m.setAttempt(a)
	m.rejectAll()
	m.eachServed(func(op *Operation) {
		if a.Shape.Kind == "" {
			a.Shape = op.wanted()
		}
		a.Shape, _ = a.Shape.with(op.wanted())
		a.Intent = op.Latest().Intent
		op.endTry(OutcomePending, nil, time.Time{})
	})
	switch {
	case w.RefreshID != "":
		m.accepted(a, Answer{RefreshID: w.RefreshID})
	case w.Found != "":
		m.identified(a, w.Found)
		a.LookAt = m.now
	default:
		m.settle(a)
		a.LookAt = m.now
	}
}
