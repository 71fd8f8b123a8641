package machine

import (
	"slices"
	"strings"
	"time"
)

// couldBeOurs reports whether a row may be the refresh that our POST started. It is wide,
// so that nothing is posted too early: a row of our kind that began after the intent, or up
// to two minutes before by Power BI's clock, unless its id belongs to another attempt.
func (m *machine) couldBeOurs(a *Attempt, row Row, e Observed) bool {
	if !a.ofOurKind(row.Type) || m.knownBy(row.ID, a.Txn) {
		return false
	}
	earliest := a.Intent.Add(min(m.ClockSkew.Least, e.Skew-e.Fuzz) - 2*time.Minute)
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
	return slices.ContainsFunc(m.Abandoned, func(w Abandoned) bool {
		_, is := w.find([]Row{{ID: id}})
		return is && w.Txn != txn
	})
}

// isProvenOurs reports whether a row is the refresh that our POST started. It is narrow,
// since the operation ends as succeeded: the row has completed, began after the intent, is
// the only one that could be ours, and its kind or its details say all that was refreshed.
func (m *machine) isProvenOurs(a *Attempt, row Row, e Observed, c *Candidate) bool {
	ofKind := row.Type == "ViaApi" && a.Shape.Plain() && a.Kind != Enhanced
	return (ofKind || c.proves(row)) && m.onlyCandidate(a, row, e)
}

// startedAfter reports whether a refresh began after the intent, by any reading of the
// clocks.
func (m *machine) startedAfter(a *Attempt, row Row, e Observed) bool {
	most := m.ClockSkew.Most
	if e.Fuzz > slowLook {
		most = max(most, e.Skew+e.Fuzz) // it was not measured
	}
	return !row.Start.Add(-most).Before(a.Intent)
}

// onlyCandidate reports whether the row has completed and no other could be ours.
func (m *machine) onlyCandidate(a *Attempt, row Row, e Observed) bool {
	if a.Ambiguous || row.State != RowCompleted || row.ID == "" || !m.startedAfter(a, row, e) {
		return false
	}
	candidates := 0
	for _, r := range e.Rows {
		if m.couldBeOurs(a, r, e) {
			candidates++
		}
	}
	return candidates == 1
}

// onlyKnown reports whether no other row could ever be ours: then a later read, when the
// clocks are known better, may prove that the row is.
func (a *Attempt) onlyKnown(row Row) bool {
	return !a.Adopted && !slices.ContainsFunc(a.Settle.Known, func(key string) bool { return key != row.key() })
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

// proves reports whether the details of the row have shown what was asked for.
func (c *Candidate) proves(row Row) bool { return c != nil && c.Same && c.RefreshID == row.ID }
