package callback

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"

	"pbirefresh/internal/wait"
	"pbirefresh/lease"
)

const (
	stepLimit = 30 * time.Second // of one step, its POST included
	saveLimit = 25 * time.Second // of saving a result: longer than a lease that was not released
)

// errBusy: another process takes a step of the record.
var errBusy = errors.New("callback: another process takes a step")

// wake takes the step of a record whose operation may have just ended. It retries while
// another process has the record, which may be postponing it.
func (s *Service) wake(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	var err error
	for delay := 200 * time.Millisecond; delay < stepLimit/4; delay *= 2 {
		if err = s.step(ctx, name, true); !errors.Is(err, errBusy) {
			break
		}
		wait.For(ctx, jittered(delay))
	}
	if err != nil {
		s.log.Warn("callback not moved forward; the sweep will try again", "model", modelOf(name), "error", err)
	}
}

// step takes one step of a record, if one is due. If an operation of its model has just
// ended, a record that waits need not be due.
func (s *Service) step(ctx context.Context, name string, ended bool) error {
	doc, err := s.store.Read(ctx, name)
	if errors.Is(err, lease.ErrNotFound) {
		return nil // deleted since it was listed
	}
	if err != nil {
		return err
	}
	rec, err := decode(doc.Body)
	if err != nil {
		return &badRecordError{name, err}
	}
	wake := ended && rec.state == Waiting
	switch {
	case rec.due.After(doc.Date) && !wake:
		return nil
	case rec.state.final():
		return s.forget(ctx, name, doc.Version)
	}
	outcome, err := s.outcome(ctx, rec.operation)
	switch {
	case err != nil:
		return err
	case outcome.Ended:
		return s.attempt(ctx, name, doc.Version, outcome.Body)
	case ended:
		return nil
	}
	return s.postpone(ctx, name, doc.Version)
}

// badRecordError is about a document in the place of a record that is none.
type badRecordError struct {
	name  string
	cause error
}

func (e *badRecordError) Error() string { return "callback: " + e.name + ": " + e.cause.Error() }

// forget deletes a record whose time is over.
func (s *Service) forget(ctx context.Context, name string, version lease.Version) error {
	err := s.store.Delete(ctx, name, version)
	if errors.Is(err, lease.ErrLost) {
		return nil // another process has it; the next sweep tries again
	}
	return err
}

func (s *Service) postpone(ctx context.Context, name string, version lease.Version) error {
	sec, rec, err := s.enter(ctx, name, version)
	if err != nil {
		return err
	}
	defer sec.Close(ctx)
	return commit(ctx, sec, rec.postponed(sec.Now(), rand.Text()))
}

// enter takes the record's lease, if the record is still at that version.
func (s *Service) enter(ctx context.Context, name string, version lease.Version) (*lease.Section, record, error) {
	sec, err := lease.Enter(ctx, s.store, name)
	switch {
	case errors.Is(err, lease.ErrHeld), errors.Is(err, lease.ErrNotFound):
		return nil, record{}, errBusy
	case err != nil:
		return nil, record{}, err
	}
	rec, err := decode(sec.Doc().Body)
	if err == nil && version != "" && sec.Doc().Version != version {
		err = errBusy
	}
	if err != nil {
		sec.Close(ctx)
		return nil, record{}, err
	}
	return sec, rec, nil
}

// commit saves a record under its section.
func commit(ctx context.Context, sec *lease.Section, rec record) error {
	body, meta, err := rec.encode()
	if err != nil {
		return err
	}
	return sec.Commit(ctx, body, meta, func(b []byte) bool {
		written, err := decode(b)
		return err == nil && written.writeID == rec.writeID
	})
}

// attempt claims, sends and saves the result.
func (s *Service) attempt(ctx context.Context, name string, version lease.Version, body []byte) error {
	rec, until, err := s.claim(ctx, name, version)
	if err != nil || rec.state.final() {
		return err
	}
	if time.Until(until) < sendLimit {
		return nil // frozen since the claim: before the POST ends, another process may send
	}
	res := s.send(ctx, rec.url, body)
	after, err := s.conclude(ctx, name, rec.writeID, res)
	s.logAttempt(name, rec, after, res)
	return err
}

// claim gives the record to this process, until a time on its own clock. A write whose
// outcome is unknown is no claim: the record is due again when the claim would end.
func (s *Service) claim(ctx context.Context, name string, version lease.Version) (record, time.Time, error) {
	sec, rec, err := s.enter(ctx, name, version)
	if err != nil {
		return record{}, time.Time{}, err
	}
	defer sec.Close(ctx)
	claimed := rec.claimed(sec.Now(), rand.Text())
	if err := commit(ctx, sec, claimed); err != nil {
		return record{}, time.Time{}, err
	}
	if claimed.state.final() {
		s.logAttempt(name, rec, claimed, Result{Cause: "no attempt could be finished in time"})
	}
	return claimed, sec.Local(claimed.due), nil
}

// conclude saves the result of the attempt whose claim is writeID. If it cannot be saved,
// the record is due again when the claim ends.
func (s *Service) conclude(ctx context.Context, name, writeID string, res Result) (after record, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	for delay := time.Second / 2; ctx.Err() == nil; delay = min(2*delay, 4*time.Second) {
		if after, err = s.concludeOnce(ctx, name, writeID, res); err == nil {
			return after, nil
		}
		wait.For(ctx, jittered(delay))
	}
	return record{}, err
}

func (s *Service) concludeOnce(ctx context.Context, name, writeID string, res Result) (record, error) {
	sec, rec, err := s.enter(ctx, name, "")
	if err != nil {
		return record{}, err
	}
	defer sec.Close(ctx)
	if rec.state.final() || rec.writeID != writeID && res.verdict() != done {
		return rec, nil // the later attempt decides
	}
	after := rec.concluded(res, sec.Now(), jitter(), rand.Text())
	return after, commit(ctx, sec, after)
}

// jitter returns a random number of [0,1), from crypto/rand, which a simulation can repeat.
func jitter() float64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
}

// jittered returns a wait of which half is random, so that processes which collided do
// not collide again.
func jittered(wait time.Duration) time.Duration {
	return wait/2 + time.Duration(jitter()*float64(wait/2))
}

// logAttempt writes one line per attempt, with nothing of the URL but its host.
func (s *Service) logAttempt(name string, sent, after record, res Result) {
	attrs := []any{"model", modelOf(name), "host", sent.url.host(), "attempts", sent.attempts, "answer", res.String()}
	switch after.state {
	case Delivered:
		s.log.Info("callback delivered", attrs...)
	case Abandoned:
		s.log.Warn("callback abandoned: it is not sent again", append(attrs, "event", "callback.abandoned")...)
	case Waiting, Sending:
		s.log.Info("callback not delivered; it will be sent again", append(attrs, "due", after.due)...)
	default:
		s.log.Warn("callback sent, but the result was not saved; it may be sent again", attrs...)
	}
}
