package machine

import (
	"slices"
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

// names keeps the ids of an answer that was neither yes nor no.
func (a *Attempt) names(ids []string) {
	for _, id := range ids {
		if !slices.Contains(a.Named, id) {
			a.Named = append(a.Named, id)
		}
	}
	a.Named = a.Named[:min(len(a.Named), maxNamed)]
}

// find returns the row of the watched attempt's refresh, by its id.
func (w Watched) find(rows []Row) (Row, bool) {
	return findAny(rows, append([]string{w.RefreshID}, w.attempt().ids()...))
}

func (w Watched) attempt() *Attempt {
	return &Attempt{Txn: w.Txn, Named: slices.Clone(w.Named), Kind: w.Kind, Intent: w.Intent, Weighed: w.Weighed, Again: w.RefreshID == ""}
}
