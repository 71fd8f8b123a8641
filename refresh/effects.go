package refresh

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"pbirefresh/refresh/machine"
)

// carryOut carries out effects under the lease, for at most handOver, and returns their
// results. Calls that take longer continue without the lease; their results come back
// through the queue.
func (s *section) carryOut(ctx context.Context, effects []machine.Effect) []machine.Event {
	results := make(chan []machine.Event, len(effects))
	running := 0
	for _, e := range effects {
		call := s.call(ctx, e)
		if call == nil {
			continue
		}
		running++
		go func() { results <- s.q.guarded(e, call) }()
	}
	return s.collect(results, running)
}

// guarded turns a panic of a call into an event: a POST may have been sent; any other call
// has no result.
func (q *queue) guarded(e machine.Effect, call func() []machine.Event) (events []machine.Event) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		q.log.Error("panic", "cause", fmt.Sprint(p), "stack", string(debug.Stack()))
		if post, ok := e.(machine.Post); ok {
			// The sender's time may not be over yet: Lost waits for it.
			events = []machine.Event{machine.Answered{At: machine.At(post.Until), Txn: post.Txn, Answer: machine.Answer{Kind: machine.Lost}}}
		}
	}()
	return call()
}

// collect waits for results until the lease has to be released. The others are delivered
// later.
func (s *section) collect(results <-chan []machine.Event, running int) []machine.Event {
	var events []machine.Event
	timer := time.NewTimer(min(handOver, max(0, s.lease.Left())))
	defer timer.Stop()
	for ; running > 0; running-- {
		select {
		case more := <-results:
			events = append(events, more...)
		case <-timer.C:
			go s.q.deliverLater(results, running)
			return events
		}
	}
	return events
}

// deliverLater queues the results of calls that outlived their section.
func (q *queue) deliverLater(results <-chan []machine.Event, running int) {
	for ; running > 0; running-- {
		for _, e := range <-results {
			q.deliver(e)
		}
	}
}

// deliver feeds an event to the model under a lease of its own, however long that takes: no
// answer of Power BI is dropped.
func (q *queue) deliver(e machine.Event) {
	go func() {
		for wait := time.Second; ; wait = min(2*wait, time.Minute) {
			j := newJob(time.Now().Add(callerWait), func(machine.At) machine.Event { return e })
			q.submit(j)
			if a := <-j.done; a.err == nil {
				return
			}
			time.Sleep(wait)
		}
	}()
}

// call returns the function that carries out an effect, or nil if the same call
// is under way already.
func (s *section) call(ctx context.Context, e machine.Effect) func() []machine.Event {
	now := s.clock()
	q := s.q
	switch e := e.(type) {
	case machine.Post:
		sendBy, until := s.lease.Local(e.SendBy), s.lease.Local(e.Until)
		return func() []machine.Event { return q.post(ctx, e, sendBy, until, now) }
	case machine.Look:
		return q.once("look", func() []machine.Event { return q.look(ctx, e, now) })
	case machine.Delete:
		return func() []machine.Event { return q.delete(ctx, e, now) }
	case machine.Archive:
		state := s.state
		return q.once("archive", func() []machine.Event { return q.archive(ctx, state, e, now) })
	default:
		return nil
	}
}

// clock returns the storage service's clock, counted from the start of this section. It is
// valid after the section has ended.
func (s *section) clock() func() time.Time {
	date, read := s.lease.Now(), time.Now()
	return func() time.Time { return date.Add(time.Since(read)) }
}

func (q *queue) post(ctx context.Context, p machine.Post, sendBy, until time.Time, now func() time.Time) []machine.Event {
	ctx, cancel := detach(ctx, time.Until(until))
	defer cancel()
	answer := machine.Answer{Kind: machine.Refused, Fault: notPermitted()}
	if q.permitted() {
		answer = q.c.cfg.Upstream.Post(ctx, q.model, p, sendBy)
	}
	if q.c.cfg.Evidence != nil && answer.Kind == machine.Accepted && answer.RefreshID != "" {
		q.c.cfg.Evidence.Keep(q.model, answer.RefreshID)
	}
	q.logAnswer(p, answer)
	return []machine.Event{machine.Answered{At: machine.At(now()), Txn: p.Txn, Answer: answer}}
}

func (q *queue) look(ctx context.Context, l machine.Look, now func() time.Time) []machine.Event {
	ctx, cancel := detach(ctx, lookLimit)
	defer cancel()
	sent := now()
	sight := q.c.cfg.Upstream.Look(ctx, q.model, l)
	read := now()
	q.logObservation(l, sight)
	e := machine.Observed{
		At: machine.At(read), Txn: l.Txn, SentAt: sent, Err: sight.Err, RetryAfter: sight.RetryAfter,
		Gone: sight.Gone, There: sight.There, Detail: sight.Detail, Rows: sight.Rows,
	}
	// Both clocks show whole seconds, and the answer was written between sent and read.
	e.Fuzz = 2*time.Second + read.Sub(sent)
	if sight.Date.IsZero() {
		e.Fuzz = machine.LongestRefresh // without a Date header, any row could be ours and none is proven
	} else {
		e.Skew = sight.Date.Sub(read)
	}
	return []machine.Event{e}
}

func (q *queue) delete(ctx context.Context, d machine.Delete, now func() time.Time) []machine.Event {
	if !q.permitted() {
		q.log.Warn("cancel not sent", "refreshId", d.RefreshID, "error", notPermitted().Message)
		return []machine.Event{machine.Deleted{At: machine.At(now()), Txn: d.Txn}}
	}
	ctx, cancel := detach(ctx, deleteLimit)
	defer cancel()
	if err := q.confirm(ctx, d.RefreshID); err != nil {
		q.log.Warn("cancel not sent", "refreshId", d.RefreshID, "error", err)
		return []machine.Event{machine.Deleted{At: machine.At(now()), Txn: d.Txn}}
	}
	if err := q.c.cfg.Upstream.Delete(ctx, q.model, d); err != nil {
		attrs := []any{"refreshId", d.RefreshID, "error", err}
		if q.c.cfg.LogWords {
			attrs = append(attrs, "words", faultOf(err, false).Detail)
		}
		q.log.Info("cancel at Power BI not confirmed", attrs...)
	}
	return []machine.Event{machine.Deleted{At: machine.At(now()), Txn: d.Txn}}
}

// errNotOurs: a document names a refresh that is not on record as this app's.
var errNotOurs = errors.New("no record outside the state document says that this app started the refresh")

// confirm returns an error unless the refresh is this app's.
func (q *queue) confirm(ctx context.Context, refreshID string) error {
	if q.c.cfg.Evidence == nil {
		return nil
	}
	ours, err := q.c.cfg.Evidence.Has(ctx, q.model, refreshID)
	if err == nil && !ours {
		err = errNotOurs
	}
	return err
}

// permitted reports whether this app may refresh and cancel refreshes of the model.
func (q *queue) permitted() bool { return q.c.cfg.Permits == nil || q.c.cfg.Permits(q.model) }

func notPermitted() *machine.Fault {
	return &machine.Fault{Code: machine.CodeModelNotAllowed, Message: "This app may not refresh that model: the setting ALLOWED_MODELS does not list it."}
}

// warm gets the token while the intent is being written.
func (q *queue) warm(ctx context.Context) {
	ctx, cancel := detach(ctx, warmLimit)
	defer cancel()
	if err := q.c.cfg.Upstream.Warm(ctx); err != nil {
		q.log.Warn("no token for Power BI", "error", err)
	}
}

// once returns nil if a call of that name is under way for the model.
func (q *queue) once(name string, f func() []machine.Event) func() []machine.Event {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.calls[name] {
		return nil
	}
	if q.calls == nil {
		q.calls = map[string]bool{}
	}
	q.calls[name] = true
	return func() []machine.Event {
		defer func() {
			q.mu.Lock()
			defer q.mu.Unlock()
			delete(q.calls, name)
		}()
		return f()
	}
}
