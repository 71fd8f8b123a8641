package refresh

import (
	"context"
	"sync"
	"time"

	"pbirefresh/refresh/machine"
)

// reader shares reads of one model's document among the requests of this
// process. A request is served by a read that was sent after it arrived, and
// reads are at least readInterval apart.
type reader struct {
	c     *Coordinator
	model machine.Model

	mu   sync.Mutex
	next *sharedRead // not sent yet
	last time.Time   // when the latest was sent
}

type sharedRead struct {
	done chan struct{}
	snapshot
	err error
}

// snapshot is what a read has shown. All who share the read share the state, which must
// not be changed.
type snapshot struct {
	state *machine.State
	date  time.Time // the storage service's clock
}

const readLimit = callerWait // of a read that has no answer: it is repeated

func (c *Coordinator) reader(m machine.Model) *reader {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.readers.get(m, func() *reader { return &reader{c: c, model: m} })
}

// read returns the model as it was at some time after the call.
func (r *reader) read(ctx context.Context) (snapshot, error) {
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
		return read.snapshot, read.err
	case <-ctx.Done():
		return snapshot{}, ctx.Err()
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
	defer close(read.done)
	doc, err := readAnswered(ctx, r.c.cfg.Store, StateName(r.model))
	if read.err = err; err == nil {
		read.date = doc.Date
		read.state, read.err = r.c.decoded.of(r.model, doc.Body)
	}
}

func (r *reader) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next == nil
}
