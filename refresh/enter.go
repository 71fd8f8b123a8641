package refresh

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"

	"pbirefresh/internal/wait"
	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// serve runs sections until nothing waits any more.
func (q *queue) serve() {
	for q.more() {
		s := q.enter()
		if s == nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), sectionLimit)
		q.section(ctx, s)
		s.Close(ctx)
		cancel()
	}
}

// enter acquires the lease for the waiting jobs, or answers them all without it. A job is
// answered with an error when its wait is over.
func (q *queue) enter() *lease.Section {
	for delay := firstPause; ; delay = min(2*delay, longestPause) {
		s, again := q.tryEnter()
		if s != nil || !q.waiting() {
			return s
		}
		if again {
			wait.For(context.Background(), delay/2+jitter(delay))
		}
	}
}

// tryEnter asks for the lease once. Without it, it answers the jobs that can or must be
// answered now, and reports whether to pause before the next attempt.
func (q *queue) tryEnter() (s *lease.Section, pause bool) {
	ctx, cancel := context.WithTimeout(context.Background(), enterLimit)
	defer cancel()
	before := time.Now()
	s, err := lease.Enter(ctx, q.c.cfg.Store, StateName(q.model))
	var held *lease.HeldError
	switch {
	case err == nil:
		q.entered()
		return s, false
	case errors.As(err, &held):
		q.met(held)
		q.shareFrom(held.Doc, before)
		q.dismiss(func(j *job) bool { return held.Doc.Endless || !j.patient || j.over() }, q.contended())
		return nil, true
	case errors.Is(err, lease.ErrNotFound):
		if err = q.create(ctx); err != nil && ctx.Err() == nil {
			q.dismiss(everyJob, unavailable(err))
		}
		return nil, false
	case errors.Is(err, lease.ErrUnknown), ctx.Err() != nil:
		// No answer is no refusal: the callers have time for more attempts.
		q.log.Warn("lease not acquired, trying again", "error", err)
		q.dismiss(func(j *job) bool { return !j.patient || j.over() }, unavailable(err))
		return nil, true
	}
	q.log.Warn("lease not acquired", "error", err)
	q.dismiss(everyJob, unavailable(err))
	return nil, false
}

// create makes the empty document of a model that is asked for the first time.
func (q *queue) create(ctx context.Context) error {
	s := machine.NewState(q.model, random(8))
	doc, err := s.Encode()
	if err != nil {
		return err
	}
	_, err = q.c.cfg.Store.Create(ctx, StateName(q.model), doc, lease.Meta{metaDue: never})
	if errors.Is(err, lease.ErrExists) || errors.Is(err, lease.ErrUnknown) {
		return nil // somebody made it, or the next Enter finds out
	}
	return err
}

// shareFrom answers arrivals from a read, without the lease: callers who arrived before it
// was sent and can share an operation as it is.
func (q *queue) shareFrom(doc lease.Document, sent time.Time) {
	s, err := q.c.decoded.of(q.model, doc.Body)
	if err != nil {
		return // the holder of the lease reports it
	}
	q.settleJobs(func(j *job) (answer, bool) {
		if j.ask == nil || j.since.After(sent) {
			return answer{}, false
		}
		if j.key != (machine.Key{}) {
			return repeatIn(s, j.key, j.nonce, doc.Date)
		}
		return share(s, *j.ask, doc.Date)
	})
}

// share answers an arrival from a state without changing it.
func share(s *machine.State, ask machine.Ask, now time.Time) (answer, bool) {
	number, ok := s.Join(ask, now)
	if !ok {
		return answer{}, false
	}
	op, _ := s.Find(number)
	return answer{epoch: s.Epoch, number: number, view: s.View(op, "", now)}, true
}

// jitter returns a random wait below limit, so that processes that asked for the lease at the
// same time do not do so again. A simulation can make crypto/rand repeatable.
func jitter(limit time.Duration) time.Duration {
	var b [8]byte
	_, _ = rand.Read(b[:])                                              // never fails: crypto/rand ends the process instead
	return time.Duration(binary.BigEndian.Uint64(b[:]) % uint64(limit)) //nolint:gosec // below limit
}
