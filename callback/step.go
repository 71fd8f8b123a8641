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
	saveLimit = 25 * time.Second // of saving a result: longer than a lease that nobody gave back
)

// errBusy: somebody else takes a step with the record.
var errBusy = errors.New("callback: another process is at it")

// nudge takes the step of a record whose operation may have ended just now. Others
// may be about to postpone it, so it is patient.
func (s *Service) nudge(ctx context.Context, name string) {
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
		s.Logger.Warn("callback not moved forward; the sweep will try again", "model", modelOf(name), "error", err)
	}
}

// step takes the record one step further, if one is due. told says that its
// operation may have ended: a record that waits need not be due then.
func (s *Service) step(ctx context.Context, name string, told bool) error {
	doc, err := s.Store.Read(ctx, name)
	if errors.Is(err, lease.ErrNotFound) {
		return nil // it went since it was listed
	}
	if err != nil {
		return err
	}
	rec, err := decode(doc.Body)
	if err != nil {
		return &badRecordError{name, err}
	}
	now := told && rec.State == Waiting
	switch {
	case rec.Due.After(doc.Date) && !now:
		return nil
	case rec.State.Final():
		return s.forget(ctx, name, doc.Version)
	}
	outcome, err := s.Outcome(ctx, rec.Operation)
	switch {
	case err != nil:
		return err
	case outcome.Ended:
		return s.attempt(ctx, name, doc.Version, outcome.Body)
	case told:
		return nil
	}
	return s.postpone(ctx, name, doc.Version)
}

// badRecordError is a document in the place of a record that cannot be one.
type badRecordError struct {
	name  string
	cause error
}

func (e *badRecordError) Error() string { return "callback: " + e.name + ": " + e.cause.Error() }

// forget deletes a record that nobody will ask for any more.
func (s *Service) forget(ctx context.Context, name string, version lease.Version) error {
	err := s.Store.Delete(ctx, name, version)
	if errors.Is(err, lease.ErrLost) {
		return nil // somebody looked at it; the next sweep comes again
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

// enter takes the record's lease, if it still is at that version.
func (s *Service) enter(ctx context.Context, name string, version lease.Version) (*lease.Section, Record, error) {
	sec, err := lease.Enter(ctx, s.Store, name)
	switch {
	case errors.Is(err, lease.ErrHeld), errors.Is(err, lease.ErrNotFound):
		return nil, Record{}, errBusy
	case err != nil:
		return nil, Record{}, err
	}
	rec, err := decode(sec.Doc().Body)
	if err == nil && version != "" && sec.Doc().Version != version {
		err = errBusy
	}
	if err != nil {
		sec.Close(ctx)
		return nil, Record{}, err
	}
	return sec, rec, nil
}

// commit saves a record under its section.
func commit(ctx context.Context, sec *lease.Section, rec Record) error {
	body, meta, err := rec.encode()
	if err != nil {
		return err
	}
	return sec.Commit(ctx, body, meta, func(b []byte) bool {
		written, err := decode(b)
		return err == nil && written.Txn == rec.Txn
	})
}

// attempt claims, sends and saves the result.
func (s *Service) attempt(ctx context.Context, name string, version lease.Version, body []byte) error {
	rec, until, err := s.claim(ctx, name, version)
	if err != nil || rec.State.Final() {
		return err
	}
	if time.Until(until) < sendLimit {
		return nil // held up since the claim: by the end of the POST it may be another's to send
	}
	res := s.Send(ctx, rec.URL, body)
	after, err := s.conclude(ctx, name, rec.Txn, res)
	s.tell(name, rec, after, res)
	return err
}

// claim makes the record this process's to send, until a time on its own clock.
// An unclear write is no claim: the record is due again when it would have ended.
func (s *Service) claim(ctx context.Context, name string, version lease.Version) (Record, time.Time, error) {
	sec, rec, err := s.enter(ctx, name, version)
	if err != nil {
		return Record{}, time.Time{}, err
	}
	defer sec.Close(ctx)
	claimed := rec.claimed(sec.Now(), rand.Text())
	if err := commit(ctx, sec, claimed); err != nil {
		return Record{}, time.Time{}, err
	}
	if claimed.State.Final() {
		s.tell(name, rec, claimed, Result{Cause: "no attempt could be finished in time"})
	}
	return claimed, sec.Local(claimed.Due), nil
}

// conclude saves what came of the attempt txn. If it cannot be saved, the record
// is due again when the claim ends.
func (s *Service) conclude(ctx context.Context, name, txn string, res Result) (after Record, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	for delay := time.Second / 2; ctx.Err() == nil; delay = min(2*delay, 4*time.Second) {
		if after, err = s.concludeOnce(ctx, name, txn, res); err == nil {
			return after, nil
		}
		wait.For(ctx, jittered(delay))
	}
	return Record{}, err
}

func (s *Service) concludeOnce(ctx context.Context, name, txn string, res Result) (Record, error) {
	sec, rec, err := s.enter(ctx, name, "")
	if err != nil {
		return Record{}, err
	}
	defer sec.Close(ctx)
	if rec.State.Final() || rec.Txn != txn && res.verdict() != done {
		return rec, nil // the attempt that came later has the say
	}
	after := rec.concluded(res, sec.Now(), lot(), rand.Text())
	return after, commit(ctx, sec, after)
}

// lot draws a number from [0,1), from crypto/rand, which a simulation can repeat.
func lot() float64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
}

// jittered is a wait of which half is drawn, so that processes which met once do not
// meet again.
func jittered(wait time.Duration) time.Duration {
	return wait/2 + time.Duration(lot()*float64(wait/2))
}

// tell writes one line for each attempt that was concluded, without anything of the
// URL but its host.
func (s *Service) tell(name string, sent, after Record, res Result) {
	attrs := []any{"model", modelOf(name), "host", sent.URL.Host(), "attempts", sent.Attempts, "answer", res.String()}
	switch after.State {
	case Delivered:
		s.Logger.Info("callback delivered", attrs...)
	case Abandoned:
		s.Logger.Warn("callback given up: its caller will not hear of the end", append(attrs, "event", "callback.abandoned")...)
	case Waiting, Sending:
		s.Logger.Info("callback not delivered; it will be sent again", append(attrs, "due", after.Due)...)
	default:
		s.Logger.Warn("callback sent, and the result not saved; it may be sent again", attrs...)
	}
}
