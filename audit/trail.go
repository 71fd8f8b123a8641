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
	writeLimit = 10 * time.Second // of one write, with its retries
	frozen     = time.Second      // a write that ends later than this after its limit: the process was frozen
	retryAfter = 200 * time.Millisecond
	tries      = 3
	batch      = 200              // records in one blob
	distrust   = 10 * time.Second // after a failure, before new requests are admitted
)

// Index is written beside the records, so that operations can be found by their time. It is
// no evidence: if it cannot be written, the records stand.
type Index interface {
	Asked(ctx context.Context, records []Record) error
	Ended(ctx context.Context, r Record) error
}

// indexLimit bounds how long the answer to a caller waits for the index.
const indexLimit = 3 * time.Second

// Trail writes records. It is safe for concurrent use.
type Trail struct {
	store Store
	index Index // nil: none
	log   *slog.Logger
	ends  ends

	starts starts

	mu       sync.Mutex
	waiting  []*entry
	writing  bool
	failedAt time.Time // of the last write; zero if it succeeded
}

// entry is a record that waits to be written.
type entry struct {
	record Record
	done   chan error // buffered: the caller may have left
}

// New returns a trail; index may be nil. It does no I/O.
func New(store Store, index Index, log *slog.Logger) *Trail {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	t := &Trail{store: store, index: index, log: log}
	t.ends.trail, t.ends.known = t, map[string]bool{}
	return t
}

// Ready returns an error for ten seconds after a record could not be written. A request
// that is rejected for that has started nothing.
func (t *Trail) Ready() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.failedAt.IsZero() && time.Since(t.failedAt) < distrust {
		return errors.New("audit: the last record could not be written")
	}
	return nil
}

// Write stores a record, and returns afterwards. Records that wait at the same time are
// stored together.
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

// drain writes until nothing waits. It does not depend on any caller.
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
	var indexed sync.WaitGroup
	indexed.Go(func() {
		t.addToIndex(context.Background(), func(ctx context.Context) error { return t.index.Asked(ctx, records) })
	})
	defer indexed.Wait()
	name := stamp(time.Now()) + "-" + strings.ToLower(rand.Text()) + ".json"
	began := time.Now()
	if err = t.write(name, body); err != nil && time.Since(began) > writeLimit+frozen {
		err = t.write(name, body) // the time ended while the process was frozen
	}
	return err
}

func (t *Trail) write(name string, body []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeLimit)
	defer cancel()
	return t.create(ctx, name, body)
}

// create writes a blob. If one of that name exists, it has the same content: every writer of
// a name writes the same.
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
	return fmt.Errorf("audit: the record was not written: %w", err)
}

// addToIndex writes to the index. A failure is logged; the index is repaired from the
// records.
func (t *Trail) addToIndex(ctx context.Context, add func(context.Context) error) {
	if t.index == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, indexLimit)
	defer cancel()
	if err := add(ctx); err != nil {
		t.log.Warn("an operation is not in the index of GET /api/operations yet; it is added from the audit records within two days", "error", err)
	}
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
