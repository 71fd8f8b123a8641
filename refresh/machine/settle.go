package machine

import (
	"slices"
	"strings"
	"time"
)

// quietReads is the least number of quiet reads that settle an outcome. Time
// alone never does: a look that failed, or a process that slept, proves nothing.
const quietReads = 3

// settle begins to find out whether Power BI has the attempt.
func (m *machine) settle(a *Attempt) {
	if a.Stage == StageSettling {
		return
	}
	m.setStage(a, StageSettling)
	a.LookAt = m.now.Add(settlePace(m.SettleWindow))
	a.Settle = Settle{From: later(m.now, a.Until)}
	if !a.Accepted.IsZero() {
		a.Settle.From = m.now
	}
	m.settleUntil(a)
	m.eachServed(func(op *Operation) { m.setPhase(op, Settling) })
}

// settleUntil notes when the outcome is settled at the earliest.
func (m *machine) settleUntil(a *Attempt) {
	s := &a.Settle
	begin := later(m.now, s.From)
	if s.Reads > 0 {
		begin = s.Since
	}
	s.Until = begin.Add(m.SettleWindow)
}

// weigh looks for our refresh in a history that does not name it.
func (m *machine) weigh(a *Attempt, e Observed) {
	if a.Candidate != nil && a.Candidate.Same && e.SentAt.Before(a.LookAt) {
		return // it was asked for before the details were read
	}
	quiet, last := true, a.Candidate
	a.Candidate, a.Settle.Looked, a.Settle.AtWork = nil, true, false
	for _, row := range e.Rows {
		if row.State == RowInProgress {
			quiet = quiet && !row.atWork(e)
			a.Settle.AtWork = a.Settle.AtWork || row.atWork(e)
			continue
		}
		if !m.mayBeOurs(a, row, e) {
			continue
		}
		known := slices.Contains(a.Settle.Known, row.key())
		if (!known || a.onlyKnown(row)) && m.provenBy(a, row, e, last) {
			m.adopt(a, row, e)
			return
		}
		if known {
			continue
		}
		quiet = false
		if !m.inquire(a, row, e, last) {
			m.known(a, row)
		}
	}
	m.count(a, e, quiet)
}

// count adds a read to the run of quiet ones, or begins the run anew.
func (m *machine) count(a *Attempt, e Observed, quiet bool) {
	s := &a.Settle
	defer m.settleUntil(a)
	switch {
	case !quiet:
		s.Since, s.Reads = time.Time{}, 0
		s.From = later(s.From, e.SentAt) // an older look that is fed late counts no more
		return
	case e.SentAt.Before(s.From):
		return
	case s.Reads == 0:
		s.Since = e.SentAt
	}
	s.Reads++
	s.From = e.SentAt.Add(1) // a look that is fed twice counts once
	if s.Reads >= quietReads && e.SentAt.Sub(s.Since) >= m.SettleWindow {
		m.notThere(a)
	}
}

// notThere resolves an attempt that Power BI does not show.
func (m *machine) notThere(a *Attempt) {
	outcome, fault := OutcomeDropped, dropped()
	switch {
	case a.Seen:
		outcome, fault = OutcomeUnknown, vanished()
	case len(a.Settle.Known) > 0:
		outcome, fault = OutcomeUnknown, unrecognised()
	}
	a.explain(fault)
	m.eachServed(func(op *Operation) { m.failedTry(op, outcome, fault, m.now) })
	m.giveUp(a)
	m.looks() // it is the history that has just been read
}

// explain adds to the fault of a refresh that Power BI does not show what was answered to
// its POST, by Power BI or by something between.
func (a *Attempt) explain(f *Fault) {
	r := a.Reply
	if r == nil || a.Seen || !a.Accepted.IsZero() {
		return
	}
	f.Message, f.Remedy = Sentences(f.Message, r.Message), Sentences(r.Remedy, f.Remedy)
	f.Detail, f.PowerBI, f.Support = r.Detail, r.PowerBI, r.Support
}

// mayBeOurs is wide: it is about not posting too early. A row of our kind that
// began after the intent, or up to two minutes before by Power BI's clock, may
// be the refresh that our POST started. One that another attempt knows by its id
// is that one's.
func (m *machine) mayBeOurs(a *Attempt, row Row, e Observed) bool {
	if !a.ofOurKind(row.Type) || m.knownBy(row.ID, a.Txn) {
		return false
	}
	earliest := a.Intent.Add(min(m.Ahead.Least, e.Skew-e.Fuzz) - 2*time.Minute)
	return row.Start.IsZero() || !row.Start.Before(earliest)
}

// knownBy reports whether the refresh of that id was made for another attempt than txn.
func (m *machine) knownBy(id, txn string) bool {
	for _, list := range [][]Operation{m.Pending, m.Recent} {
		for _, op := range list {
			for _, try := range op.Tries {
				if id != "" && try.Txn != txn && (strings.EqualFold(try.RefreshID, id) || strings.EqualFold(try.Txn, id)) {
					return true
				}
			}
		}
	}
	return slices.ContainsFunc(m.Watch, func(w Watched) bool {
		_, is := w.find([]Row{{ID: id}})
		return is && w.Txn != txn
	})
}

// provenBy is narrow: it is about calling an operation done. Only the one completed row
// that began after the intent will do, and only where the row's kind says all that there
// is to say about what was refreshed, or its details do.
func (m *machine) provenBy(a *Attempt, row Row, e Observed, c *Candidate) bool {
	ofKind := row.Type == "ViaApi" && a.Shape.Plain() && a.Kind != Enhanced
	return (ofKind || c.proves(row)) && m.onlyCandidate(a, row, e)
}

// startedAfter reports whether a refresh began after the intent, by any reading of the
// clocks.
func (m *machine) startedAfter(a *Attempt, row Row, e Observed) bool {
	most := m.Ahead.Most
	if e.Fuzz > slowLook {
		most = max(most, e.Skew+e.Fuzz) // it was not measured
	}
	return !row.Start.Add(-most).Before(a.Intent)
}

// onlyKnown reports whether no other row was ever weighed: then a later look, when the
// clocks are known better, may show that the row is ours.
func (a *Attempt) onlyKnown(row Row) bool {
	return !a.Adopted && !slices.ContainsFunc(a.Settle.Known, func(key string) bool { return key != row.key() })
}

// onlyCandidate reports whether the row has completed and no other may be ours.
func (m *machine) onlyCandidate(a *Attempt, row Row, e Observed) bool {
	if a.Weighed || row.State != RowCompleted || row.ID == "" || !m.startedAfter(a, row, e) {
		return false
	}
	candidates := 0
	for _, r := range e.Rows {
		if m.mayBeOurs(a, r, e) {
			candidates++
		}
	}
	return candidates == 1
}

// ofOurKind reports whether a refresh of ours may be listed under that type.
// Types are extensible, so an unknown word may be ours, and so may DirectLakeFraming (seen
// for an enhanced refresh of a Direct Lake model).
func (a *Attempt) ofOurKind(kind string) bool {
	switch kind {
	case "Scheduled", "OnDemand", "ViaXmlaEndpoint", "OnDemandTraining", "WebModeling":
		return false
	case "ViaApi":
		return a.Kind != Enhanced
	case "ViaEnhancedApi", "ReliableProcessing":
		return a.Kind != Standard
	default:
		return true
	}
}

// adopt takes a row of the history for our refresh.
func (m *machine) adopt(a *Attempt, row Row, e Observed) {
	a.RefreshID, a.Adopted = row.ID, true
	m.eachServed(func(op *Operation) {
		try := op.Latest()
		try.RefreshID, try.Adopted, try.Started = row.ID, true, row.Start
	})
	m.ended(a, row, e)
}

// known remembers an ended row that was weighed, so that it delays only once.
func (m *machine) known(a *Attempt, row Row) {
	a.Settle.Known = append(a.Settle.Known, row.key())
	a.Settle.Known = a.Settle.Known[max(0, len(a.Settle.Known)-maxKnown):]
}

// key names a row that may lack an id.
func (r Row) key() string {
	if r.ID != "" {
		return r.ID
	}
	return r.Type + "@" + r.Start.UTC().Format(time.RFC3339Nano)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func dropped() *Fault {
	return &Fault{Code: CodeDropped, Transient: true,
		Message: "Power BI shows no trace of the refresh that was asked for.",
		Remedy:  "Power BI drops requests when many arrive for one model; it was asked again as often as allowed. Look for other tools that refresh this model."}
}

// unrecognised: there were rows that may have been ours, and nothing tells which.
// Refreshing once more does no harm.
func unrecognised() *Fault {
	return &Fault{Code: CodeOutcomeUnknown, Transient: true,
		Message: "Power BI's answer was lost, and its history does not tell which refresh was asked for here.",
		Remedy:  "It was asked for again as often as allowed. Look at the refresh history of the model in the Power BI portal."}
}

func vanished() *Fault {
	return &Fault{Code: CodeOutcomeUnknown,
		Message: "Power BI showed the refresh at work and then showed it no more, so that its outcome is unknown.",
		Remedy:  "Look at the model's data, and refresh it again if it is old."}
}
