package callback

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// dueRecord is an entry of a listing that may have something to do.
type dueRecord struct {
	name     string
	owner    string
	model    string
	attempts int
	at       time.Time // when it became due; zero: unknown, so as early as can be
}

// turn is whose records came last: the owner, and the model of each owner.
type turn struct {
	Owner  string            `json:"owner,omitempty"`
	Models map[string]string `json:"models,omitempty"` // by owner
}

// maxTurns bounds the owners whose last model is kept. With more, all begin at their
// first model.
const maxTurns = 500

// order returns records in the order of the package doc: owners take turns, beginning
// after t.Owner, and so do the models of each.
func (t turn) order(due []dueRecord) []dueRecord {
	byOwner := map[string]map[string][]dueRecord{}
	for _, r := range due {
		if byOwner[r.owner] == nil {
			byOwner[r.owner] = map[string][]dueRecord{}
		}
		byOwner[r.owner][r.model] = append(byOwner[r.owner][r.model], r)
	}
	var owners [][]dueRecord
	for _, owner := range after(t.Owner, byOwner) {
		var models [][]dueRecord
		for _, model := range after(t.Models[owner], byOwner[owner]) {
			records := byOwner[owner][model]
			slices.SortFunc(records, dueRecord.compare)
			models = append(models, records)
		}
		owners = append(owners, alternate(models))
	}
	return alternate(owners)
}

// compare orders the records of one owner and model.
func (r dueRecord) compare(other dueRecord) int {
	return cmp.Or(cmp.Compare(r.attempts, other.attempts), r.at.Compare(other.at), cmp.Compare(r.name, other.name))
}

// after returns the sorted keys, those behind last first.
func after[V any](last string, of map[string]V) []string {
	keys := slices.Sorted(maps.Keys(of))
	i, found := slices.BinarySearch(keys, last)
	if found {
		i++
	}
	return slices.Concat(keys[i:], keys[:i])
}

// alternate takes one of each queue in turn until all are empty.
func alternate(queues [][]dueRecord) []dueRecord {
	var out []dueRecord
	for len(queues) > 0 {
		left := queues[:0]
		for _, q := range queues {
			out = append(out, q[0])
			if len(q) > 1 {
				left = append(left, q[1:])
			}
		}
		queues = left
	}
	return out
}

// next returns the turn after these records, which were begun in their order.
func (t turn) next(begun []dueRecord) turn {
	models := maps.Clone(t.Models)
	if models == nil || len(models) > maxTurns {
		models = map[string]string{}
	}
	for _, r := range begun {
		t.Owner = r.owner
		models[r.owner] = r.model
	}
	return turn{t.Owner, models}
}
