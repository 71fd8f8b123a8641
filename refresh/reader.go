package refresh

import (
	"context"
	"sync"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// reader shares reads of one model's document among the requests of this
// process. A request is served by a read that was sent after it arrived, and
// reads are at least readInterval apart.
type reader struct {
	store lease.Store
	name  string

	mu   sync.Mutex
	next *sharedRead // not sent yet
	last time.Time   // when the latest was sent
}

type sharedRead struct {
	done chan struct{}
	doc  lease.Document
	err  error
}

const readLimit = callerWait // of a read that has no answer: it is repeated

func (c *Coordinator) reader(m machine.Model) *reader {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.readers.get(m, func() *reader { return &reader{store: c.Store, name: StateName(m)} })
}

// read returns the document as it was at some time after the call.
func (r *reader) read(ctx context.Context) (lease.Document, error) {
	r.mu.Lock()
	if r.next == nil {
		r.next = &sharedRead{done: make(chan struct{})}
		//nolint:gosec // G118: the read is shared, so it must outlive the request that began it
		go r.send(r.next, readInterval-time.Since(r.last))
	}
	read := r.next
	r.mu.Unlock()
	select {
	case <-read.done:
		return read.doc, read.err
	case <-ctx.Done():
		return lease.Document{}, ctx.Err()
	}
}

// send waits its turn, closes the read to newcomers, and reads.
func (r *reader) send(read *sharedRead, wait time.Duration) {
	if wait > 0 {
		time.Sleep(wait)
	}
	r.mu.Lock()
	r.next, r.last = nil, time.Now()
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	read.doc, read.err = readAnswered(ctx, r.store, r.name)
	close(read.done)
}
