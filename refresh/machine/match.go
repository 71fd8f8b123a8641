package machine

import (
	"slices"
	"strings"
	"time"
)

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

// onlyKnown reports whether no other row was ever weighed: then a later look, when the
// clocks are known better, may show that the row is ours.
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

// proves reports whether the details have shown that the row is what was asked for.
func (c *Candidate) proves(row Row) bool { return c != nil && c.Same && c.RefreshID == row.ID }
