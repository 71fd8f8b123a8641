package callback

import (
	"maps"

	"pbirefresh/lease"
)

const (
	maxPerOwner     = 5000 // callbacks of an owner that wait or are being sent
	maxPerOperation = 1000 // callbacks of an owner that wait for one operation
)

// count is how many callbacks are not final. The keys are owners, and owner/model.
type count struct {
	Owners map[string]int `json:"owners,omitempty"` // that wait or are being sent
	Models map[string]int `json:"models,omitempty"` // that wait for one operation: of the model's operations, the most
}

// clone returns a count that can be changed.
func (c count) clone() count {
	return count{clone(c.Owners), clone(c.Models)}
}

func clone(m map[string]int) map[string]int {
	if m == nil {
		return map[string]int{}
	}
	return maps.Clone(m)
}

// near leaves out what is below a tenth of its limit, so that the position stays small.
func (c count) near() count {
	return count{atLeast(maxPerOwner/10, c.Owners), atLeast(maxPerOperation/10, c.Models)}
}

func atLeast(least int, counts map[string]int) map[string]int {
	kept := map[string]int{}
	for key, n := range counts {
		if n >= least {
			kept[key] = n
		}
	}
	return kept
}

// counter counts the entries of a listing.
type counter struct {
	count
	operations map[operationKey]int // that wait
}

type operationKey struct{ owner, model, operation string }

// newCounter returns a counter that continues an earlier count. An operation whose
// records are on both sides counts with the larger part.
func newCounter(begun count) *counter {
	return &counter{begun.clone(), map[operationKey]int{}}
}

func (c *counter) add(model string, meta lease.Meta) {
	state, owner := State(meta[metaState]), meta[metaOwner]
	if state.final() {
		return
	}
	c.Owners[owner]++
	if state == Waiting {
		key := operationKey{owner, model, meta[metaOperation]}
		c.operations[key]++
		c.Models[owner+"/"+model] = max(c.Models[owner+"/"+model], c.operations[key])
	}
}
