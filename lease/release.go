package lease

import (
	"context"
	"time"
)

// Pauses between two releases of an id whose acquire may still land.
const (
	firstRelease  = 100 * time.Millisecond
	slowestRepeat = 2 * time.Second
)

// release gives the lease back, detached from ctx's end and bounded in time. If it
// fails, the lease expires by itself.
func (s *Section) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callLimit)
	defer cancel()
	_ = s.store.Release(ctx, s.name, s.id)
}

// releaseUntilAnswered releases the id repeatedly until every request of the acquire is
// answered, or for one lease after the last one was sent. The requests share the id, and
// each that lands takes the lease or restarts its time, so the answer to one of them says
// nothing about the others. A request that arrives even later holds the lease for one
// Duration at most, and callers wait longer than that.
func (s *Section) releaseUntilAnswered(ctx context.Context, answered <-chan struct{}) {
	over := time.NewTimer(Duration) // the last try was sent before now
	defer over.Stop()
	for wait := firstRelease; ; wait = min(2*wait, slowestRepeat) {
		s.release(ctx)
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
			continue
		case <-answered:
		case <-over.C:
		}
		pause.Stop()
		s.release(ctx)
		return
	}
}
