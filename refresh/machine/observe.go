package machine

import (
	"slices"
	"strings"
	"time"

	"pbirefresh/refresh/machine/pace"
)

// observed records a read of Power BI.
func (m *machine) observed(e Observed) {
	a := m.Attempt
	if e.Err == nil {
		m.measure(e)
		m.LastLook = nil
	} else {
		m.failedLook(e)
	}
	m.rediscover(e)
	switch {
	case a != nil && a.Txn == e.Txn:
		a.Looks++
		if m.gone(e) {
			m.abandon(a, OutcomeUnknown, goneOrForbidden())
			return
		}
		if e.Err != nil {
			a.LookAt = m.now.Add(max(m.spread(e.RetryAfter), lookAgain(a.Looks)))
			return
		}
		m.observeAttempt(a, e)
	case a == nil && e.Txn == "" && m.Foreign != nil && !e.SentAt.Before(m.Foreign.Since):
		m.Foreign.Looks++
		if e.Err != nil {
			m.Foreign.LookAt = m.now.Add(max(m.spread(e.RetryAfter), lookAgain(m.Foreign.Looks)))
			m.foreignUnseen(e.Err)
			return
		}
		m.observeForeign(e)
	case a == nil && e.Txn == "" && m.Foreign == nil:
		m.observedBeforePost(e)
	}
}

// foreignUnseen: as long as the capacity is paused, that is what callers wait for.
func (m *machine) foreignUnseen(fault *Fault) {
	if fault.Code == CodeCapacityPaused {
		m.holdFor(HoldPaused, pausedRecheck, fault)
		m.Foreign.LookAt = later(m.Foreign.LookAt, m.now.Add(pausedRecheck))
	}
}

// observeAttempt records a read for the model's attempt.
func (m *machine) observeAttempt(a *Attempt, e Observed) {
	row, found := m.find(a, e.Rows)
	switch {
	case found:
		m.matched(a, row, e)
	case e.Detail:
		m.matchDetails(a, e)
	default:
		m.matchHistory(a, e)
	}
	switch {
	case m.Attempt == nil:
	case m.Attempt.Candidate.urgent():
		m.Attempt.LookAt = m.now
	default:
		m.Attempt.LookAt = m.now.Add(m.nextLook(m.Attempt))
	}
}

// matched records the row of our refresh.
func (m *machine) matched(a *Attempt, row Row, e Observed) {
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
		m.abandon(a, OutcomeUnknown, endless())
	}
}

// shown returns at most so many of the objects. Those that have not completed come first,
// since people look for them.
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

// stillRunning ends the operations whose deadline had passed when the read was sent that
// shows the refresh at work. The refresh still occupies the model.
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

// observeForeign records a read of the history while a foreign refresh occupies the model.
func (m *machine) observeForeign(e Observed) {
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

func timedOut(op *Operation) *Fault {
	return &Fault{Code: CodeTimeout,
		Message: "The refresh was still running " + op.Deadline.Sub(op.Created).Round(time.Second).String() + " after it was asked for.",
		Remedy:  "Ask for a longer timeout, or find out why the refresh takes longer than before."}
}

// measure learns how far Power BI's clock is ahead. A row tells the time by the clock
// as it was when the refresh began: after either clock jumped, rows from before look
// older or younger than they are. A slow look says little, unless it is about a jump.
func (m *machine) measure(e Observed) {
	seen := &Span{Least: e.Skew - e.Fuzz, Most: e.Skew + e.Fuzz}
	if m.ClockSkew == nil {
		m.ClockSkew = &ClockSkew{Since: m.now, Lately: seen}
	}
	k := m.ClockSkew
	if k.Before == nil && k.Lately == nil {
		k.Before = &Span{Least: k.Least, Most: k.Most} // an earlier version wrote it
	}
	all := hull(k.Before, k.Lately)
	old := m.now.Sub(k.Since) > LongestRefresh
	switch {
	case e.Fuzz > slowLook && all.meets(seen) && k.Lately != seen:
		return
	case !all.meets(seen), !old && !k.Jumped && k.Lately != nil && !k.Lately.meets(seen):
		k.Before, k.Lately, k.Since, k.Jumped = all, seen, m.now, true
	case old:
		k.Before, k.Lately, k.Since, k.Jumped = nil, seen, m.now, false
	case k.Lately == nil:
		k.Lately = seen
	case k.Jumped:
		k.Lately = hull(k.Lately, seen)
	default:
		k.Lately = k.Lately.and(seen)
	}
	k.show()
}

// find returns the row of the attempt's refresh, by its id.
func (m *machine) find(a *Attempt, rows []Row) (Row, bool) {
	if row, found := findAny(rows, []string{a.RefreshID}); found {
		return row, true
	}
	row, found := findAny(rows, a.ids())
	if found && a.RefreshID == "" {
		m.identified(a, row.ID)
	}
	return row, found
}
