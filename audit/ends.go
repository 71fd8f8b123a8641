package audit

import (
	"context"
	"sync"
	"time"
)

// maxKnown bounds how many written ends are remembered. A forgotten one is written again,
// and the write finds the blob.
const maxKnown = 20_000

// ends writes each end once from each process that sees it.
type ends struct {
	trail *Trail

	mu      sync.Mutex
	known   map[string]bool // by name: on record, or about to be
	waiting []Record
	writing bool
}

// End puts an operation's end on record in the background. If that fails, the next call for
// the same end tries again.
func (t *Trail) End(r Record) { t.ends.add(r) }

// EndNow puts an operation's end on record, and returns afterwards.
func (t *Trail) EndNow(ctx context.Context, r Record) error {
	body, err := encode([]Record{r})
	if err != nil {
		return err
	}
	if err := t.create(ctx, r.endName(), body); err != nil {
		return err
	}
	t.addToIndex(ctx, func(ctx context.Context) error { return t.index.Ended(ctx, r) })
	t.ends.mark(r.endName(), true)
	return nil
}

func (e *ends) add(r Record) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known[r.endName()] {
		return
	}
	if len(e.known) >= maxKnown {
		clear(e.known)
	}
	e.known[r.endName()] = true
	e.waiting = append(e.waiting, r)
	if !e.writing {
		e.writing = true
		go e.drain()
	}
}

func (e *ends) mark(name string, known bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if known {
		e.known[name] = true
	} else {
		delete(e.known, name)
	}
}

// drain writes until nothing waits.
func (e *ends) drain() {
	for {
		r, ok := e.next()
		if !ok {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), writeLimit)
		if err := e.trail.EndNow(ctx, r); err != nil {
			e.mark(r.endName(), false)
			e.trail.log.Warn("an end is not on record yet; it will be before the operation leaves the state document", "error", err)
		}
		cancel()
	}
}

func (e *ends) next() (Record, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) == 0 {
		e.writing = false
		return Record{}, false
	}
	r := e.waiting[0]
	e.waiting = e.waiting[1:]
	return r, true
}

// Prompt reports whether an end is less than an hour old, and so may not be on record yet.
// Older ones are, or will be before they leave the state document.
func Prompt(ended, now time.Time) bool { return now.Sub(ended) < time.Hour }
