package machine

import (
	"slices"
	"strings"
)

// A row of the history does not show what an enhanced refresh has refreshed; its details
// do, in part. So if the answer of a POST was lost and only one completed row could be its
// refresh, the details of that row are read. If they show exactly what was asked for, and
// the row is still the only one in the next history, it is ours.
//
// Details that are refused, or not there, prove nothing: after a few reads the row counts
// as known, like any other that cannot be matched.

// AskDetails is how often details are read that do not come.
const AskDetails = 3

// askForDetails makes the row the attempt's candidate, if its details can prove what it is
// and were not read before. last is the candidate until now.
func (m *machine) askForDetails(a *Attempt, row Row, e Observed, last *Candidate) bool {
	if row.Type != "ViaEnhancedApi" || !a.Shape.shownByDetails() || !m.onlyCandidate(a, row, e) {
		return false
	}
	next := Candidate{RefreshID: row.ID}
	if last != nil && last.RefreshID == row.ID {
		next.Again = last.Again + 1
		if last.Same || next.Again > AskDetails {
			return false
		}
	}
	a.Candidate = &next
	return true
}

// matchDetails compares the details of the candidate with what was asked for.
func (m *machine) matchDetails(a *Attempt, e Observed) {
	if a.Candidate == nil {
		return // it is too late for them
	}
	row, asked := FindRow(e.Rows, a.Candidate.RefreshID)
	switch {
	case !asked:
	case m.startedAfter(a, row, e) && row.State == RowCompleted && a.Shape.sameAs(row):
		a.Candidate.Same = true
	default:
		a.Candidate = nil
		m.known(a, row)
	}
}

// urgent reports whether the next read is due at once.
func (c *Candidate) urgent() bool { return c != nil && (c.Same || c.Again == 0) }

// look returns what to read next for the attempt.
func (a *Attempt) look() Look {
	if c := a.Candidate; c != nil && !c.Same {
		return Look{Txn: a.Txn, RefreshID: c.RefreshID, Kind: Enhanced}
	}
	if a.RefreshID == "" && len(a.Named) > 0 {
		return Look{Txn: a.Txn, RefreshID: a.Named[0], Kind: a.Kind} // or the history, if Power BI has no such details
	}
	return Look{Txn: a.Txn, RefreshID: a.RefreshID, Kind: a.Kind}
}

// shownByDetails reports whether details can show all that a refresh of the shape does.
// They have its type, its commit mode and its objects (documented, Get Refresh Execution
// Details In Group), and not:
//
//   - whether they list all objects of the model: the whole model is never shown.
//     The documented sample lists each partition by name, those of hidden tables too;
//   - applyRefreshPolicy and effectiveDate. A policy is about tables. A named partition
//     is refreshed without one (seen: a partition demands applyRefreshPolicy=false), and
//     so is a table in a partialBatch that completes (documented: one with a policy fails).
func (a Shape) shownByDetails() bool {
	if a.whole() || a.EffectiveDate != "" || a.ApplyPolicy != nil && *a.ApplyPolicy {
		return false
	}
	tables := slices.ContainsFunc(a.Objects, func(o Object) bool { return o.Partition == "" })
	return !tables || a.ApplyPolicy != nil && a.CommitMode == partialBatch
}

// sameAs reports whether the details show exactly what was asked for. A member that they
// leave out is not the same. Whether they list objects in the words of the request is
// unverified: other words are not the same either.
func (a Shape) sameAs(row Row) bool {
	kind, mode := a.Type, a.CommitMode
	if kind == "" {
		kind = "Full" // is what is sent then
	}
	if mode == "" {
		mode = "Transactional" // documented default
	}
	if !strings.EqualFold(row.Asked.Type, kind) || !strings.EqualFold(row.Asked.CommitMode, mode) || len(row.Objects) != len(a.Objects) {
		return false
	}
	for _, o := range a.Objects {
		if told, completed := statusOf(row.Objects, o); !told || !completed {
			return false
		}
	}
	return true
}
