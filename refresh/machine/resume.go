package machine

import (
	"slices"
	"time"
)

// rediscover looks for abandoned attempts in a history. One with an id from a 202 is found
// by that, and so is one whose own id Power BI has kept (see ids). One without an id may be
// any refresh of our kind that is at work and belongs to no other attempt, as long as the
// model has no attempt: it is settled again.
func (m *machine) rediscover(e Observed) {
	if e.Err != nil || e.Detail || len(m.Abandoned) == 0 {
		return
	}
	m.noteHistoryRead()
	for _, w := range slices.Clone(m.Abandoned) {
		row, named := w.find(e.Rows)
		if named && w.RefreshID == "" {
			w.Found = row.ID
		}
		switch {
		case w.RefreshID == "" && !named:
			w.Appeared = m.Attempt == nil && slices.ContainsFunc(e.Rows, func(r Row) bool {
				return r.atWork(e) && m.couldBeOurs(w.attempt(), r, e)
			})
		case named && row.State != RowInProgress && len(m.waitingFor(w.Txn)) == 0:
			m.forgetAbandoned(w.Txn)
			continue
		case named:
			w.Appeared = row.State != RowInProgress || row.atWork(e)
		}
		m.Abandoned[slices.IndexFunc(m.Abandoned, func(x Abandoned) bool { return x.Txn == w.Txn })] = w
	}
}

// observedBeforePost records the read of the history before a POST; it may have failed.
func (m *machine) observedBeforePost(e Observed) {
	m.noteHistoryRead()
	appeared := slices.ContainsFunc(m.Abandoned, func(w Abandoned) bool { return w.Appeared })
	if e.Err == nil && !appeared {
		m.noteForeign(e)
	}
}

// resume makes the first abandoned attempt that has appeared the model's attempt again. It
// serves the operations for which it was the latest attempt.
func (m *machine) resume() {
	i := slices.IndexFunc(m.Abandoned, func(w Abandoned) bool { return w.Appeared })
	if i < 0 || m.Attempt != nil {
		return
	}
	w := m.Abandoned[i]
	m.forgetAbandoned(w.Txn)
	a := w.attempt()
	a.SendBy, a.Until, a.Serves = m.now, m.now, m.waitingFor(w.Txn)
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
