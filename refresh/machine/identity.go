package machine

import (
	"slices"
)

// maxNamed bounds the ids that are kept of an answer: it has three headers for them.
const maxNamed = 3

// ids returns the ids, besides that of a 202, by which a row is the attempt's refresh:
//
//   - its own, which the POST carried. Unverified: no documentation says that Power BI
//     keeps it. If it does not, no row has it;
//   - those of an answer that was neither a yes nor a no, such as a 503.
//
// Both belong to this one request, so no clocks and no details are compared.
func (a *Attempt) ids() []string { return append([]string{a.Txn}, a.Named...) }

// names keeps the ids of an answer that was neither a yes nor a no.
func (a *Attempt) names(ids []string) {
	for _, id := range ids {
		if !slices.Contains(a.Named, id) {
			a.Named = append(a.Named, id)
		}
	}
	a.Named = a.Named[:min(len(a.Named), maxNamed)]
}

// find returns the row of the abandoned attempt's refresh, by its id.
func (w Abandoned) find(rows []Row) (Row, bool) {
	return findAny(rows, append([]string{w.RefreshID}, w.attempt().ids()...))
}

func (w Abandoned) attempt() *Attempt {
	return &Attempt{Txn: w.Txn, Named: slices.Clone(w.Named), Kind: w.Kind, Intent: w.Intent, Ambiguous: w.Ambiguous, Again: w.RefreshID == ""}
}
