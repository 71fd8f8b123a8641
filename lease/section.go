package lease

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// Timing of a lease. Duration is the shortest that the service allows, so that a dead
// holder blocks others for as short a time as possible. A section treats its lease as
// ended Margin earlier, so that a request that is about to be sent is still answered
// inside the lease. A caller who waits for a lease waits longer than [Outlast].
const (
	Duration = MinTTL
	Margin   = 4 * time.Second

	// Outlast is the shortest wait that outlives the lease of a dead holder: the lease,
	// the margin, and five seconds to find it free.
	Outlast = Duration + Margin + 5*time.Second

	// callLimit bounds each resolving or releasing request, so that one hung
	// call cannot outlive the lease.
	callLimit = 3 * time.Second
)

// These lines compile only if a section has time for two requests.
const (
	_ = uint64(Duration - Margin - 2*callLimit)
	_ = uint64(Margin - callLimit)
)

// HeldError reports that another holder has the lease. Doc is the document as the same
// call read it: the read was sent after the call began. It is the zero Document if that
// read failed. errors.Is(err, [ErrHeld]) is true.
type HeldError struct {
	Doc Document
}

func (e *HeldError) Error() string { return ErrHeld.Error() }

// Is reports whether target is ErrHeld.
func (e *HeldError) Is(target error) bool { return target == ErrHeld }

// Section is a critical section on one document: the right to write it, held by
// one goroutine for at most Duration. It is not safe for concurrent use.
type Section struct {
	store   Store
	name    string
	id      string
	opened  time.Time // local clock before the acquire was sent
	granted time.Time // local clock when the grant was received
	date    time.Time // the storage service's clock at the grant
	doc     Document
	over    bool

	answered <-chan struct{} // of the grant: see [Grant]
}

// Enter acquires the lease of name and reads the document at the same time: one round
// trip if there is no other writer. It returns [*HeldError] if another holder has the
// lease, and ErrNotFound if there is no document.
//
// Enter tries once. The caller decides whether to wait: the document in the HeldError may
// show that it need not.
func Enter(ctx context.Context, store Store, name string) (*Section, error) {
	s := &Section{store: store, name: name, id: NewID(), opened: time.Now()}
	read := make(chan readResult, 1)
	go func() {
		doc, err := store.Read(ctx, name)
		read <- readResult{doc, err}
	}()
	grant, err := store.Acquire(ctx, name, s.id, Duration)
	s.granted, s.date, s.answered = time.Now(), grant.Date, grant.Answered
	got := <-read
	if err != nil {
		return nil, s.refused(ctx, err, got)
	}
	if got.err != nil || got.doc.Version != grant.Version {
		// Another write came between read and acquire. Under the lease the document
		// does not change.
		if got.doc, got.err = store.Read(ctx, name); got.err != nil {
			s.Close(ctx)
			return nil, got.err
		}
	}
	s.doc = got.doc
	return s, nil
}

type readResult struct {
	doc Document
	err error
}

// refused turns a failed acquire into the error that Enter returns.
func (s *Section) refused(ctx context.Context, err error, got readResult) error {
	switch {
	case errors.Is(err, ErrUnknown):
		// A request may land later: release the id until none can.
		s.over = true
		go s.releaseUntilAnswered(ctx, s.answered)
		return err
	case errors.Is(err, ErrHeld):
		return &HeldError{Doc: got.doc} // the zero Document if the read failed
	case errors.Is(err, ErrNotFound):
		return err
	}
	// The acquire may have landed, but no later than its answer.
	s.Close(ctx)
	return err
}

// Doc is the document as read, or as last committed.
func (s *Section) Doc() Document { return s.doc }

// Now is the storage service's clock: its date at the grant plus the local monotonic time
// since then. The service reports whole seconds, so Now may be up to a second behind.
func (s *Section) Now() time.Time { return s.date.Add(time.Since(s.granted)) }

// Local converts a time of the storage service's clock to the local clocks, monotonic and
// wall. It counts from before the acquire was sent, so the result is early rather than
// late, also if the machine was suspended since.
func (s *Section) Local(t time.Time) time.Time { return s.opened.Add(t.Sub(s.date)) }

// Left is how long the lease is still valid, with the margin taken off; zero or less means
// that it has ended. Check it immediately before anything that must happen under the lease.
func (s *Section) Left() time.Duration {
	if s.over {
		return 0
	}
	mono := time.Since(s.opened)
	wall := time.Now().Round(0).Sub(s.opened.Round(0))
	return Duration - Margin - max(mono, wall)
}

// Commit replaces the document with body and meta.
//
// carries reports whether a body holds the transaction that is being committed; it
// decides if the answer was lost. The outcomes are nil (done), ErrLost (not done, and the
// section is over), ErrUnknown (could not be resolved in time, and the section is over)
// and other errors (not done; the section is still valid). After a nil error the section
// may be over as well: see Left.
func (s *Section) Commit(ctx context.Context, body []byte, meta Meta, carries func([]byte) bool) error {
	if s.Left() <= 0 {
		return fmt.Errorf("%w: the lease's trust window ended before the write was sent", ErrLost)
	}
	version, err := s.store.Write(ctx, s.name, s.id, s.doc.Version, body, meta)
	switch {
	case err == nil:
		s.doc = Document{Body: body, Meta: meta, Version: version, Date: s.Now()}
		return nil
	case errors.Is(err, ErrUnknown):
		return s.resolve(ctx, carries, err)
	case errors.Is(err, ErrLost):
		s.over = true
	}
	return err
}

// resolve finds out whether a write without an answer landed.
func (s *Section) resolve(ctx context.Context, carries func([]byte) bool, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callLimit)
	defer cancel()
	if doc, err := s.store.Read(ctx, s.name); err == nil {
		if carries(doc.Body) {
			s.doc = doc
			return nil
		}
		if doc.Version != s.doc.Version {
			s.over = true
			return fmt.Errorf("%w: another writer came first", ErrLost)
		}
	}
	// The write may still arrive. Once the lease id is released, it must fail.
	s.over = true
	if err := s.store.Release(ctx, s.name, s.id); err != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, cause)
	}
	doc, err := s.store.Read(ctx, s.name)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnknown, cause)
	case carries(doc.Body):
		s.doc = doc
		return nil
	}
	return fmt.Errorf("%w: the write never arrived", ErrLost)
}

// Close ends the section and gives the lease back. It is detached from ctx's end, bounded
// in time, and safe to repeat; if it fails, the lease expires. If a request of the acquire
// has no answer yet, the release is repeated in the background.
func (s *Section) Close(ctx context.Context) {
	s.over = true
	s.release(ctx)
	if s.answered != nil {
		go s.releaseUntilAnswered(ctx, s.answered)
		s.answered = nil
	}
}

// NewID returns a fresh lease id: a random GUID in lower case, for one acquire.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
