package machine

import (
	"slices"
	"time"
)

// ended resolves an attempt whose refresh has ended.
func (m *machine) ended(a *Attempt, row Row, e Observed) {
	end := row.End
	if end.IsZero() {
		end = m.now
	}
	if row.State == RowCompleted && !row.Start.IsZero() {
		m.learn(a.Shape.Key(), end.Sub(row.Start))
	}
	m.eachServed(func(op *Operation) { m.endedFor(op, row, end) })
	m.noteForeign(e)
	if !a.Adopted || a.ByID {
		m.clearAttempt()
		return
	}
	// The row was matched without an id: our own refresh may still appear. Nothing is
	// posted before that has settled.
	a.RefreshID = ""
	m.setStage(a, StageSettling)
	a.Settle = Settle{From: later(m.now, a.Until), Known: a.Settle.Known}
	m.settleUntil(a)
	m.known(a, row)
}

// noteForeign remembers a foreign refresh that the same read showed at work: nothing is
// posted while one is known.
func (m *machine) noteForeign(e Observed) {
	i := slices.IndexFunc(e.Rows, func(r Row) bool { return r.atWork(e) })
	if i >= 0 {
		r := e.Rows[i]
		m.Foreign = &Foreign{RefreshID: r.ID, Type: r.Type, Since: m.now, LookAt: m.now.Add(busyRecheck)}
	}
}

func (m *machine) endedFor(op *Operation, row Row, end time.Time) {
	switch row.State {
	case RowCompleted:
		op.endTry(OutcomeCompleted, nil, end)
		m.finish(op, Succeeded, nil)
	case RowFailed:
		op.credit(row)
		m.failedTry(op, OutcomeFailed, row.fault(), end)
	case RowCancelled:
		if op.Cancel {
			op.endTry(OutcomeCancelled, nil, end)
			m.finish(op, Cancelled, cancelledByCaller())
			return
		}
		m.endedBadly(op, OutcomeCancelled, end, &Fault{Code: CodeRefreshCancelled,
			Message: "The refresh was cancelled at Power BI, and not through this service.",
			Remedy:  "Ask who else may cancel refreshes of this model."})
	case RowDisabled:
		m.endedBadly(op, OutcomeFailed, end, &Fault{Code: CodeRefreshDisabled,
			Message: "Power BI reports the refresh as Disabled: a selective refresh has switched it off.",
			Remedy:  "Refresh the affected tables or partitions by name."})
	case RowInProgress: // has not ended
	}
}

func (m *machine) endedBadly(op *Operation, outcome Outcome, end time.Time, fault *Fault) {
	op.endTry(outcome, fault, end)
	m.finish(op, Failed, fault)
}
