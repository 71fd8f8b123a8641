package simulation

import (
	"slices"
	"strings"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// read is one history that Power BI showed.
type read struct {
	sent, answered time.Time
}

// phases counts the transitions of operations, and how their attempts ended.
func (o *oracle) phases(prev, next machine.State) {
	for _, list := range [][]machine.Operation{next.Pending, next.Recent} {
		for _, op := range list {
			old, known := prev.Find(op.Number)
			from := "new"
			if known {
				from = string(old.Phase)
			}
			if !known || old.Phase != op.Phase {
				o.w.cover.hit("phase %s -> %s", from, op.Phase)
			}
			o.tries(old, op)
			o.credited(prev, next, old, op)
			if op.NoMerge && !old.NoMerge {
				o.w.cover.hit("merged attempt failed: rerun singly")
			}
		}
	}
}

func (o *oracle) tries(old, op machine.Operation) {
	for i, try := range op.Tries {
		if i >= len(old.Tries) || old.Tries[i].Outcome != try.Outcome {
			o.w.cover.hit("try %s", try.Outcome)
		}
		if try.Merged && i >= len(old.Tries) {
			o.w.cover.hit("try merged")
		}
		if try.Adopted && (i >= len(old.Tries) || !old.Tries[i].Adopted) {
			o.w.cover.hit("try adopted")
			if try.Kind == machine.Enhanced {
				o.w.cover.hit("try adopted by its details")
			}
		}
	}
}

// credited: what an operation calls done, of a refresh that failed, that refresh has
// committed (G3).
func (o *oracle) credited(prev, next machine.State, old, op machine.Operation) {
	if len(op.Done) == len(old.Done) || len(old.Tries) == 0 {
		return
	}
	o.w.cover.hit("objects committed by a refresh that failed")
	r, found := o.w.refreshNamed(next.Model, op.Tries[len(old.Tries)-1].RefreshID)
	for _, i := range op.Done[len(old.Done):] {
		if name := nameOf(op.Shape.Objects[i]); !found || !slices.Contains(r.Committed, name) {
			o.note("G3: operation %d calls %s done by %s of %s, which has committed %v", op.Number, name, r.ID, r.Body, r.Committed)
		}
	}
	if prev.Attempt != nil && len(prev.Attempt.Serves) > 1 {
		o.w.cover.hit("objects committed by a merged refresh that failed")
	}
}

// identified: a refresh that an attempt took for its own by an id is one that its POST
// started (G3), whatever the clocks are. One of a deleted document has no intent here.
func (o *oracle) identified(prev, next machine.State) {
	a := next.Attempt
	if a == nil || !a.ByID || prev.Attempt != nil && prev.Attempt.ByID {
		return
	}
	if strings.EqualFold(a.RefreshID, a.Txn) {
		o.w.cover.hit("try adopted by its own id")
	} else {
		o.w.cover.hit("try adopted by an id in an answer")
	}
	it := o.intents[a.Txn]
	r, found := o.w.refreshNamed(next.Model, a.RefreshID)
	if !found || !strings.EqualFold(r.Caller, sim.ClientID) || r.Accepted.Add(-o.w.skew).Before(it.saved) {
		o.note("G3: attempt %s took refresh %s for its own, of %q, accepted at %v", a.Txn, a.RefreshID, r.Caller, r.Accepted)
	}
}

// stages counts the transitions of attempts.
func (o *oracle) stages(prev, next machine.State) {
	o.identified(prev, next)
	from, to := "none", "none"
	if prev.Attempt != nil {
		from = string(prev.Attempt.Stage)
	}
	if next.Attempt != nil {
		to = string(next.Attempt.Stage)
	}
	switch {
	case prev.Attempt != nil && next.Attempt != nil && prev.Attempt.Txn != next.Attempt.Txn:
		o.w.cover.hit("stage %s -> none", from)
		o.w.cover.hit("stage none -> %s", to)
	case from != to:
		o.w.cover.hit("stage %s -> %s", from, to)
	}
}

// looked sees a history leave Power BI for a process.
func (o *oracle) looked(m machine.Model, sent time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.apart("read while POSTs are throttled", sim.OpStart)
	o.reads[m] = append(o.reads[m], read{sent, time.Now()})
}

// resolved: an attempt is given up only for a reason (G1, G4). That nothing of it is
// under way is seen when the next intent is saved; here, what was known of it.
func (o *oracle) resolved(m machine.Model, a machine.Attempt, next machine.State) {
	it, known := o.intents[a.Txn]
	try, given := settledAs(a.Txn, next)
	if it.judged {
		return // it came back from the watch list, and others have been made since
	}
	if !known || !given || a.Stage != machine.StageSettling || strings.Contains(try.Fault.Message, "A day after the deadline") {
		return
	}
	o.w.cover.hit("attempt settled")
	it.judged = true
	o.intents[a.Txn] = it
	o.settled(m, a, it)
	if try.Outcome == machine.OutcomeDropped {
		o.noTrace(m, a, it)
	}
}

// settled: only successful reads of the history, over all of the window, tell that an
// attempt is not there. A storage clock that jumps forward shortens the window, and so
// does one that a process knows late, by an acquire that took long.
func (o *oracle) settled(m machine.Model, a machine.Attempt, it intent) {
	n, first := 0, time.Time{}
	for _, r := range o.reads[m] {
		if r.sent.After(it.saved) {
			n++
			if first.IsZero() {
				first = r.sent
			}
		}
	}
	window := o.w.limits.settle - o.w.limits.leaps - 12*time.Second
	if n < 3 || time.Since(first) < window {
		o.note("G4: attempt %s was given up after %d reads in %v", a.Txn, n, time.Since(first))
	}
}

// noTrace: what is called dropped was not accepted, or Power BI really dropped it.
func (o *oracle) noTrace(m machine.Model, a machine.Attempt, it intent) {
	if o.w.limits.hides || o.w.limits.straggles || o.deleted[m] || o.w.undatable(it) {
		return
	}
	for _, r := range o.w.ownRefreshes(m) {
		if !r.Dropped && r.Accepted.Add(-o.w.skew).After(it.saved) {
			o.note("G6: attempt %s is called dropped, and Power BI has its refresh %s (%s)", a.Txn, r.ID, r.Status)
		}
	}
}

// settledAs returns the try of an attempt that was given up, of any operation that it
// served: others may have ended before.
func settledAs(txn string, s machine.State) (machine.Try, bool) {
	for _, list := range [][]machine.Operation{s.Pending, s.Recent} {
		for _, op := range list {
			for _, try := range op.Tries {
				if try.Txn == txn && (try.Outcome == machine.OutcomeDropped || try.Outcome == machine.OutcomeUnknown) {
					return try, true
				}
			}
		}
	}
	return machine.Try{}, false
}

// undatable reports whether the attempt took a row for its own by a time that nobody
// can tell.
func (o *oracle) undatable(try machine.Try) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return try.Adopted && o.w.undatable(o.intents[try.Txn])
}
