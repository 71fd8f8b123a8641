package refresh

import (
	"context"
	"errors"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// section serves the waiting jobs under the lease.
func (q *queue) section(ctx context.Context, held *lease.Section) {
	state, err := q.c.decoded.of(q.model, held.Doc().Body)
	if err != nil {
		q.log.Error("state document skipped", "error", err)
		q.dismiss(everyJob, unavailable(err))
		return
	}
	s := &section{q: q, lease: held, state: *state, answers: map[*job]answer{}, entered: time.Now()}
	defer s.rescue()
	q.c.see(*state)
	var results []machine.Event
	for {
		jobs := q.take()
		if len(jobs) == 0 && len(results) == 0 {
			break
		}
		effects, err := s.step(ctx, jobs, results)
		if err != nil {
			s.fail(err)
			return
		}
		results = s.carryOut(ctx, effects)
		if len(results) == 0 {
			s.reply()
		}
	}
	s.reply()
}

// step feeds a batch of events, decides the next step, and saves.
func (s *section) step(ctx context.Context, jobs []*job, results []machine.Event) ([]machine.Effect, error) {
	s.waiting = append(s.waiting, jobs...) // from here on, whatever happens, they are answered
	jobs = s.repeats(ctx, s.settleDoubts(jobs))
	if s.lease.Left() <= 0 {
		s.keepResults(results)
		return nil, lease.ErrLost
	}
	txn, at := lease.NewID(), machine.At(s.lease.Now()) // a GUID: a POST carries it
	next, effects := s.decide(at, txn, jobs, results)
	if err := s.save(ctx, next, txn, effects); err != nil {
		s.keepResults(results)
		if errors.Is(err, lease.ErrUnknown) {
			s.doubt(effects, txn)
		}
		if hasPost(effects) {
			// The intent may be saved all the same: report that nothing was sent for it.
			s.q.deliver(machine.Answered{At: at, Txn: txn, Answer: machine.Answer{Kind: machine.Unsent, Fault: notSaved()}})
		}
		return nil, err
	}
	return s.settleReplies(effects), nil
}

// save commits the next state, if it differs.
func (s *section) save(ctx context.Context, next machine.State, txn string, effects []machine.Effect) error {
	if next.Same(s.state) {
		return nil
	}
	next.Stamp(txn)
	doc, err := next.Encode()
	if err != nil {
		return err
	}
	if hasPost(effects) {
		go s.q.warm(ctx) // the token, while the intent is written
	}
	ours := func(doc []byte) bool { return machine.Wrote(doc, txn) }
	if err := s.lease.Commit(ctx, doc, dueMeta(&next), ours); err != nil {
		return err
	}
	s.logChanges(s.state, next)
	s.notifyEnded(s.state, next)
	s.state = next
	s.q.c.see(next)
	return nil
}

// keepResults queues the results of calls to Power BI again: none is lost because a write
// failed.
func (s *section) keepResults(results []machine.Event) {
	for _, e := range results {
		s.q.deliver(e)
	}
}

func hasPost(effects []machine.Effect) bool {
	for _, e := range effects {
		if _, ok := e.(machine.Post); ok {
			return true
		}
	}
	return false
}

func notSaved() *machine.Fault {
	return &machine.Fault{Code: machine.CodeUnavailable, Transient: true, Message: "The state storage did not confirm a write."}
}
