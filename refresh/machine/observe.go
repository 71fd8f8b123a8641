package machine

import (
	"slices"
	"strings"
	"time"

	"pbirefresh/refresh/machine/pace"
)

// observed records a look at Power BI.
func (m *machine) observed(e Observed) {
	a := m.Attempt
	if e.Err == nil {
		m.measure(e)
		m.LastLook = nil
	} else {
		m.failedLook(e)
	}
	m.spot(e)
	switch {
	case a != nil && a.Txn == e.Txn:
		a.Looks++
		if m.gone(e) {
			m.vanish(a)
			return
		}
		if e.Err != nil {
			a.LookAt = m.now.Add(max(m.spread(e.RetryAfter), lookAgain(a.Looks)))
			return
		}
		m.watch(a, e)
	case a == nil && e.Txn == "" && m.Foreign != nil && !e.SentAt.Before(m.Foreign.Since):
		m.Foreign.Looks++
		if e.Err != nil {
			m.Foreign.LookAt = m.now.Add(max(m.spread(e.RetryAfter), lookAgain(m.Foreign.Looks)))
			m.foreignUnseen(e.Err)
			return
		}
		m.watchForeign(e)
	case a == nil && e.Txn == "" && m.Foreign == nil:
		m.glanced(e)
	}
}

// foreignUnseen: as long as the capacity is paused, that is what callers wait for.
func (m *machine) foreignUnseen(fault *Fault) {
	if fault.Code == CodeCapacityPaused {
		m.holdFor(HoldPaused, pausedRecheck, fault)
		m.Foreign.LookAt = later(m.Foreign.LookAt, m.now.Add(pausedRecheck))
	}
}

// watch weighs a look at the refresh of our own attempt.
func (m *machine) watch(a *Attempt, e Observed) {
	row, found := m.find(a, e.Rows)
	switch {
	case found:
		m.saw(a, row, e)
	case e.Detail:
		m.compare(a, e)
	default:
		m.weigh(a, e)
	}
	switch {
	case m.Attempt == nil:
	case m.Attempt.Candidate.urgent():
		m.Attempt.LookAt = m.now
	default:
		m.Attempt.LookAt = m.now.Add(m.nextLook(m.Attempt))
	}
}

// saw handles the row of our refresh.
func (m *machine) saw(a *Attempt, row Row, e Observed) {
	a.Seen, a.Candidate = true, nil
	a.Settle = Settle{From: m.now}
	if !row.Start.IsZero() {
		a.Started = row.Start
	}
	m.eachServed(func(op *Operation) {
		own := op.progress(row.Objects)
		op.Objects, op.Total = shown(own, max(fewObjects, maxObjects/len(a.Serves))), len(own)
		if !a.Started.IsZero() {
			op.Latest().Started = a.Started
		}
	})
	switch {
	case row.State != RowInProgress:
		m.ended(a, row, e)
	case row.atWork(e):
		m.stillRunning(a, e)
	default:
		m.neverEnds(a)
	}
}

// shown is what of the objects fits into the document, at most so many: what has not
// completed comes first, because that is what people look for.
func shown(objects []Progress, most int) []Progress {
	objects = slices.Clone(objects)
	slices.SortStableFunc(objects, func(a, b Progress) int { return finished(a) - finished(b) })
	return objects[:min(len(objects), most)]
}

func finished(p Progress) int {
	if strings.EqualFold(p.Status, "Completed") {
		return 1
	}
	return 0
}

// stillRunning ends operations whose deadline has passed, now that a look made
// after it shows the refresh at work. The refresh goes on occupying the model.
func (m *machine) stillRunning(a *Attempt, e Observed) {
	if a.Stage == StageCancelling && a.Looks%4 == 0 {
		a.Deleted = false // the DELETE may have been lost with its process: once more
	}
	m.eachServed(func(op *Operation) {
		if e.SentAt.Before(op.Deadline) {
			return
		}
		fault := timedOut(op)
		op.endTry(OutcomePending, fault, m.now)
		m.finish(op, Failed, fault)
	})
}

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
	m.notice(e)
	if !a.Adopted || a.ByID {
		m.clearAttempt()
		return
	}
	// The row was recognised, not named: our own may still come. Nothing is
	// posted before that has settled.
	a.RefreshID = ""
	m.setStage(a, StageSettling)
	a.Settle = Settle{From: later(m.now, a.Until), Known: a.Settle.Known}
	m.settleUntil(a)
	m.known(a, row)
}

// notice remembers a refresh of somebody else that the same look showed at work:
// nothing is posted while one is known.
func (m *machine) notice(e Observed) {
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

// watchForeign weighs a look at the history of a model that is occupied by a
// refresh of somebody else.
func (m *machine) watchForeign(e Observed) {
	i := slices.IndexFunc(e.Rows, func(r Row) bool { return r.atWork(e) })
	if i < 0 {
		m.Foreign = nil
		return
	}
	row := e.Rows[i]
	f := m.Foreign
	f.RefreshID, f.Type = row.ID, row.Type
	// What it does is not known: nothing sets a scale but the time that has passed.
	f.LookAt = m.now.Add(pace.Experience{}.Wait(m.now.Sub(f.Since), f.Looks))
	m.rejectAll()
}

// LongestRefresh is how long a refresh can take at most, with all its repeats
// (Power BI: documented, Refresh Dataset In Group).
const LongestRefresh = 24 * time.Hour

// atWork reports whether the row keeps the model occupied as far as it tells. One
// that has been "Unknown" for longer than any refresh can take does not tell: a
// POST finds out, since a busy answer is definitive.
func (r Row) atWork(e Observed) bool {
	if r.State != RowInProgress {
		return false
	}
	return r.Start.IsZero() || e.SentAt.Add(e.Skew).Sub(r.Start) < LongestRefresh+e.Fuzz
}

// FindRow returns the row with an id.
func FindRow(rows []Row, id string) (Row, bool) {
	i := slices.IndexFunc(rows, func(r Row) bool { return strings.EqualFold(r.ID, id) })
	if i < 0 {
		return Row{}, false
	}
	return rows[i], true
}

// fault is why the row failed, never nil.
func (r Row) fault() *Fault {
	if r.Fault != nil {
		return r.Fault
	}
	return &Fault{Code: CodeRefreshFailed, Message: "Power BI reports the refresh as " + r.Word + " and gives no reason.",
		Remedy: "Look at the refresh history of the model in the Power BI portal."}
}

func timedOut(op *Operation) *Fault {
	return &Fault{Code: CodeTimeout,
		Message: "The refresh was still running " + op.Deadline.Sub(op.Created).Round(time.Second).String() + " after it was asked for.",
		Remedy:  "Ask for a longer timeout, or find out why the refresh takes longer than before."}
}
