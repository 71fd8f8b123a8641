package machine

import (
	"slices"
	"strings"
)

// maxNamed bounds the ids that are kept of an answer: it has three headers for them.
const maxNamed = 3

// ids are the ids, besides that of a 202, which make a row the attempt's refresh:
//
//   - its own, which the POST carried. Unverified: no documentation says that Power BI
//     keeps it. If it does not, no row bears it;
//   - those that an answer carried which was neither yes nor no, such as a 503.
//
// Both were made for this one request, so no clocks and no details are compared.
func (a *Attempt) ids() []string { return append([]string{a.Txn}, a.Named...) }

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

// identified goes on with a refresh that no 202 named: as an adopted one it is never
// deleted, and unlike one there is nothing left to settle when it has ended.
func (m *machine) identified(a *Attempt, id string) {
	a.RefreshID, a.Adopted, a.ByID = id, true, true
	m.setStage(a, StageRunning)
	a.Accepted, a.Again, a.Candidate = a.Intent, false, nil
	a.Settle = Settle{From: m.now}
	m.eachServed(func(op *Operation) {
		if op.Started.IsZero() {
			op.Started = m.now
		}
		try := op.Latest()
		try.RefreshID, try.Kind, try.Adopted = id, a.Kind, true
		m.setPhase(op, Running)
	})
}

// named takes a 202 that arrives after its refresh was identified: it may be deleted now.
func (m *machine) named(a *Attempt, id string) {
	if !a.ByID || !strings.EqualFold(a.RefreshID, id) {
		return
	}
	a.Adopted, a.ByID = false, false
	m.eachServed(func(op *Operation) { op.Latest().Adopted = false })
}

// names keeps the ids of an answer that was neither yes nor no.
func (a *Attempt) names(ids []string) {
	for _, id := range ids {
		if !slices.Contains(a.Named, id) {
			a.Named = append(a.Named, id)
		}
	}
	a.Named = a.Named[:min(len(a.Named), maxNamed)]
}

// findAny returns the first row that has one of the ids.
func findAny(rows []Row, ids []string) (Row, bool) {
	for _, id := range ids {
		if row, found := FindRow(rows, id); found && id != "" {
			return row, true
		}
	}
	return Row{}, false
}
