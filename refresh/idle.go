package refresh

import (
	"maps"

	"pbirefresh/refresh/machine"
)

// maxIdle is how many idle models a coordinator remembers. Callers may name any number of
// models, including ones that do not exist.
const maxIdle = 10_000

// remembered is a queue, a reader or a watcher for each model. One that was dropped can
// still be used by its callers: they only share less.
type remembered[T interface{ idle() bool }] struct {
	all  map[machine.Model]T
	most int // how many there may be before the idle ones are forgotten
}

// get returns the one of a model, and makes it if there is none.
func (r *remembered[T]) get(m machine.Model, make func() T) T {
	if one, ok := r.all[m]; ok {
		return one
	}
	if r.all == nil {
		r.all, r.most = map[machine.Model]T{}, maxIdle
	}
	if len(r.all) >= r.most {
		maps.DeleteFunc(r.all, func(_ machine.Model, one T) bool { return one.idle() })
		r.most = max(maxIdle, 2*len(r.all)) // or each newcomer would look at all that are busy
	}
	one := make()
	r.all[m] = one
	return one
}
