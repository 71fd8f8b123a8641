package audit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"pbirefresh/internal/wait"
	"pbirefresh/lease"
)

// Store is where the records are kept; lease.Store is one.
type Store interface {
	Create(ctx context.Context, name string, body []byte, meta lease.Meta) (lease.Version, error)
	Read(ctx context.Context, name string) (lease.Document, error)
}

const (
	writeLimit = 10 * time.Second // a write has ended by then, retries and all
	stoodStill = time.Second      // a write that ends so long after its limit belongs to a process that was frozen
	retryAfter = 200 * time.Millisecond
	tries      = 3
	batch      = 200              // records in one blob
	distrust   = 10 * time.Second // after a failure: no new asks
)

// Trail writes records. It may be used concurrently.
type Trail struct {
	store Store
	log   *slog.Logger
	ends  ends

	starts starts

	mu       sync.Mutex
	waiting  []*entry
	writing  bool
	failedAt time.Time // of the last write, zero if it went well
}

// entry is a record and who waits for it.
type entry struct {
	record Record
	done   chan error // buffered: nobody has to be listening
}

// New returns a trail. It does no I/O.
func New(store Store, log *slog.Logger) *Trail {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	t := &Trail{store: store, log: log}
	t.ends.trail, t.ends.known = t, map[string]bool{}
	return t
}

// Ready reports whether records could be written a moment ago. A caller who is turned
// away here has started nothing.
func (t *Trail) Ready() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.failedAt.IsZero() && time.Since(t.failedAt) < distrust {
		return errors.New("audit: the last record could not be written")
	}
	return nil
}

// Write returns when the record is stored. Records that wait together are stored
// together.
func (t *Trail) Write(ctx context.Context, r Record) error {
	e := &entry{r, make(chan error, 1)}
	t.mu.Lock()
	t.waiting = append(t.waiting, e)
	if !t.writing {
		t.writing = true
		go t.drain()
	}
	t.mu.Unlock()
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("audit: stopped waiting for a record: %w", ctx.Err())
	}
}

// drain writes until nothing waits. It belongs to no caller.
func (t *Trail) drain() {
	for {
		entries := t.take()
		if len(entries) == 0 {
			return
		}
		err := t.writeAll(entries)
		t.note(err)
		for _, e := range entries {
			e.done <- err
		}
	}
}

func (t *Trail) take() []*entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := min(batch, len(t.waiting))
	entries := t.waiting[:n:n]
	t.waiting = t.waiting[n:]
	t.writing = n > 0
	return entries
}

func (t *Trail) writeAll(entries []*entry) error {
	records := make([]Record, len(entries))
	for i, e := range entries {
		records[i] = e.record
	}
	body, err := encode(records)
	if err != nil {
		return err
	}
	name := stamp(time.Now()) + "-" + strings.ToLower(rand.Text()) + ".json"
	began := time.Now()
	if err = t.write(name, body); err != nil && time.Since(began) > writeLimit+stoodStill {
		err = t.write(name, body) // the time was over while the process stood still
	}
	return err
}

func (t *Trail) write(name string, body []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeLimit)
	defer cancel()
	return t.create(ctx, name, body)
}

// create writes a blob that nobody else writes, or writes otherwise: one that exists
// is this one.
func (t *Trail) create(ctx context.Context, name string, body []byte) error {
	var err error
	for try := range tries {
		if try > 0 && !wait.For(ctx, retryAfter<<try) {
			break
		}
		_, err = t.store.Create(ctx, name, body, nil)
		if err == nil || errors.Is(err, lease.ErrExists) {
			return nil
		}
	}
	return fmt.Errorf("audit: no record was written: %w", err)
}

func (t *Trail) note(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failedAt = time.Time{}
	if err != nil {
		t.failedAt = time.Now()
		t.log.Error("the audit trail cannot be written; requests are answered with 503", "error", err)
	}
}
