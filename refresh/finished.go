package refresh

import (
	"sync"
	"time"

	"pbirefresh/refresh/machine"
)

// finishedViews remembers finished operations. They never change, so that they can be shown
// without a read.
type finishedViews struct {
	mu    sync.Mutex
	limit int
	views map[access]finishedView
}

type finishedView struct {
	machine.View
	date, read time.Time // the storage service's clock and the local one when it was read
}

func newFinishedViews(limit int) *finishedViews {
	return &finishedViews{limit: limit, views: map[access]finishedView{}}
}

// get returns a view, and the storage service's clock.
func (f *finishedViews) get(a access) (machine.View, time.Time, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.views[a]
	return v.View, v.date.Add(time.Since(v.read)), ok
}

func (f *finishedViews) put(a access, v machine.View, date time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.views) >= f.limit {
		clear(f.views) // rare, and a read is cheap: no bookkeeping for an order of eviction
	}
	f.views[a] = finishedView{View: v, date: date, read: time.Now()}
}
