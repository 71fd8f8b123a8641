package machine

import (
	"slices"
	"strings"
	"time"
)

// answered records how the POST of an attempt ended. The answer for an earlier attempt is
// late: only an id in it still matters.
func (m *machine) answered(e Answered) {
	a := m.Attempt
	if a == nil || a.Txn != e.Txn {
		m.lateAnswer(e)
		return
	}
	if a.Stage != StageStarting && a.Stage != StageSettling {
		m.named(a, e.Answer.RefreshID)
		return // known already
	}
	if e.Answer.Sent != "" {
		a.Kind = e.Answer.Sent
	}
	switch e.Answer.Kind {
	case Accepted:
		m.accepted(a, e.Answer)
	case Busy:
		m.busyAnswer()
	case Throttled:
		m.notStarted()
		m.hold(HoldThrottled, m.spread(max(time.Second, e.Answer.RetryAfter)), "")
	case Paused:
		m.notStarted()
		m.holdFor(HoldPaused, pausedRecheck, e.Answer.Fault)
	case Conflict:
		m.conflict(e.Answer.Fault)
	case Refused:
		m.refused(e.Answer)
	case Unsent:
		m.unsent(e.Answer)
	case Lost:
		a.Reply = e.Answer.Fault.short()
		a.names(e.Answer.Named)
		m.settle(a)
	}
}

// busyAnswer waits for the refresh that Power BI says is executing. The history need
// not show it (a OneDrive refresh is never listed), so the wait grows with each such
// answer.
func (m *machine) busyAnswer() {
	wait := m.busyWait()
	m.notStarted()
	m.Foreign = &Foreign{Since: m.now, LookAt: m.now.Add(wait)}
	m.rejectAll()
}

// conflict waits like a busy answer, but the history cannot show what for.
func (m *machine) conflict(fault *Fault) {
	wait := m.busyWait()
	m.notStarted()
	m.holdFor(HoldConflict, wait, fault)
}

// busyWait grows with each answer that found the model occupied.
func (m *machine) busyWait() time.Duration {
	wait := busyRecheck
	m.eachServed(func(op *Operation) {
		op.Busy++
		wait = max(wait, backoff(op.Busy, op.Number)/2)
	})
	return wait
}

// lateAnswer keeps an id that arrives after its attempt was abandoned: the refresh exists,
// and occupies the model after the present attempt. A lost answer may have brought ids as
// well.
func (m *machine) lateAnswer(e Answered) {
	for i := range m.Abandoned {
		if w := &m.Abandoned[i]; w.Txn == e.Txn {
			w.Named = slices.Concat(w.Named, e.Answer.Named)
			w.Named = w.Named[max(0, len(w.Named)-maxNamed):]
		}
	}
	if e.Answer.Kind != Accepted || e.Answer.RefreshID == "" || m.concluded(e.Txn, e.Answer.RefreshID) {
		return
	}
	m.rememberAbandoned(Abandoned{Txn: e.Txn, RefreshID: e.Answer.RefreshID, Kind: e.Answer.Sent, Intent: m.now,
		Until: m.now.Add(abandonedFor), Appeared: true})
	m.resume()
}

// concluded reports whether Power BI has shown the end of the attempt: an answer that is fed
// twice must not resume it. The refresh of an attempt that adopted another row than the
// answer names is still to come.
func (m *machine) concluded(txn, id string) bool {
	for _, list := range [][]Operation{m.Pending, m.Recent} {
		for _, op := range list {
			for _, try := range op.Tries {
				switch try.Outcome {
				case OutcomeDropped, OutcomeUnknown, OutcomePending: // pending: the operation ended before
				default:
					if try.Txn == txn && (!try.Adopted || strings.EqualFold(try.RefreshID, id)) {
						return true
					}
				}
			}
		}
	}
	return false
}

// notStarted removes an attempt that certainly did not start: it does not count, and its
// operations can be shared again.
func (m *machine) notStarted() {
	m.eachServed(func(op *Operation) {
		op.Tries = op.Tries[:len(op.Tries)-1]
		m.setPhase(op, Queued)
	})
	m.clearAttempt()
}

// refused records a definitive refusal. Two kinds lead to one more intent: a token that
// has to be renewed, and an enhanced refresh where only a standard one is possible.
func (m *machine) refused(answer Answer) {
	again := false
	m.eachServed(func(op *Operation) {
		switch {
		case answer.TokenRejected && !op.Renewed:
			op.Renewed, again = true, true
		case answer.EnhancedOnly && !op.Fallback && op.Shape.Kind == Auto && op.Shape.Plain():
			op.Fallback, again = true, true
		}
	})
	if again {
		m.notStarted()
		return
	}
	fault := answer.Fault
	if answer.Quota {
		fault = m.quota(*fault)
	}
	m.eachServed(func(op *Operation) {
		op.endTry(OutcomeRefused, fault, m.now)
		if answer.OfBody && op.Latest().Merged {
			m.retryAlone(op)
			return
		}
		m.finish(op, Failed, fault)
	})
	m.clearAttempt()
}

// quota adds when the daily limit may allow another refresh. It is an estimate:
// Power BI documents a reset at night and answers with a rolling day, and others
// may use up the quota as well.
func (m *machine) quota(f Fault) *Fault {
	const day = 24 * time.Hour
	frees := m.now.Add(day)
	for _, op := range slices.Concat(m.Recent, m.Pending) { // of a pending one, the tries that failed
		for _, try := range op.Tries {
			if !try.Started.IsZero() && m.now.Sub(try.Started) < day && try.Started.Add(day).Before(frees) {
				frees = try.Started.Add(day)
			}
		}
	}
	f.Remedy = "An estimate: the next one may be possible at " + frees.UTC().Format("2006-01-02 15:04 MST") +
		", when the oldest refresh of the last 24 hours that is known here no longer counts, or at midnight if Power BI counts by day. " + f.Remedy
	return &f
}

// unsent records that the POST of an intent never left: nothing has to settle, and if the
// cause may pass, the attempt does not count.
func (m *machine) unsent(answer Answer) {
	if !answer.Fault.Transient {
		m.eachServed(func(op *Operation) { m.failedTry(op, OutcomeUnsent, answer.Fault, m.now) })
		m.clearAttempt()
		return
	}
	m.eachServed(func(op *Operation) {
		op.Unsent++
		m.holdBy(Hold{Since: m.now, Until: m.now.Add(backoff(op.Unsent, op.Number)), Reason: HoldUnsent,
			Detail: answer.Fault.Message, Words: bounded(answer.Fault.Detail)})
	})
	m.notStarted()
}
