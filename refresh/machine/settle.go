package machine

import (
	"slices"
	"time"
)

// matchHistory looks for our refresh in a history that has no row with its id.
func (m *machine) matchHistory(a *Attempt, e Observed) {
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
		if !m.couldBeOurs(a, row, e) {
			continue
		}
		known := slices.Contains(a.Settle.Known, row.key())
		if (!known || a.onlyKnown(row)) && m.isProvenOurs(a, row, e, last) {
			m.adopt(a, row, e)
			return
		}
		if known {
			continue
		}
		quiet = false
		if !m.askForDetails(a, row, e, last) {
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
		s.From = later(s.From, e.SentAt) // reads that were sent before do not count
		return
	case e.SentAt.Before(s.From):
		return
	case s.Reads == 0:
		s.Since = m.now // a read that was repeated saw less than what it was sent for
	}
	s.Reads++
	s.From = e.SentAt.Add(1) // a read that is fed twice counts once
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
	m.abandon(a, outcome, fault)
	m.noteHistoryRead()
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

// adopt takes a row of the history as our refresh.
func (m *machine) adopt(a *Attempt, row Row, e Observed) {
	a.RefreshID, a.Adopted = row.ID, true
	m.eachServed(func(op *Operation) {
		try := op.Latest()
		try.RefreshID, try.Adopted, try.Started = row.ID, true, row.Start
	})
	m.ended(a, row, e)
}

func dropped() *Fault {
	return &Fault{Code: CodeDropped, Transient: true,
		Message: "Power BI shows no trace of the refresh that was asked for.",
		Remedy:  "Power BI drops requests when many arrive for one model; it was asked again as often as allowed. Look for other tools that refresh this model."}
}

// unrecognised: there were rows that could be ours, and nothing shows which. One more
// refresh does no harm.
func unrecognised() *Fault {
	return &Fault{Code: CodeOutcomeUnknown, Transient: true,
		Message: "Power BI's answer was lost, and its history does not show which refresh was requested here.",
		Remedy:  "It was asked for again as often as allowed. Look at the refresh history of the model in the Power BI portal."}
}

func vanished() *Fault {
	return &Fault{Code: CodeOutcomeUnknown,
		Message: "Power BI showed the refresh at work and then showed it no more, so that its outcome is unknown.",
		Remedy:  "Look at the model's data, and refresh it again if it is old."}
}
