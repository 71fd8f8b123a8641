package machine

import (
	"slices"
	"strings"
	"time"
)

// busyRecheck is how long after a "busy" answer the history is read: the row of
// the other refresh may take a moment to appear.
const busyRecheck = 5 * time.Second

// pausedRecheck is how long after a POST that a paused capacity refused the next one
// leaves: nothing else shows for certain that the capacity runs again.
const pausedRecheck = 5 * time.Minute

// answered records how the POST of an attempt ended. An answer for an attempt
// that is not the present one is late: only an id still matters then.
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
// answer: no storm of requests.
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

// lateAnswer keeps an id that arrives after its attempt was given up: the refresh
// exists and occupies the model, after the attempt that does so now. One that was lost
// may have brought ids to watch for.
func (m *machine) lateAnswer(e Answered) {
	for i := range m.Watch {
		if w := &m.Watch[i]; w.Txn == e.Txn {
			w.Named = slices.Concat(w.Named, e.Answer.Named)
			w.Named = w.Named[max(0, len(w.Named)-maxNamed):]
		}
	}
	if e.Answer.Kind != Accepted || e.Answer.RefreshID == "" || m.concluded(e.Txn, e.Answer.RefreshID) {
		return
	}
	m.watchFor(Watched{Txn: e.Txn, RefreshID: e.Answer.RefreshID, Kind: e.Answer.Sent, Intent: m.now,
		Until: m.now.Add(watchFor), Appeared: true})
	m.revive()
}

// concluded reports whether the attempt came to an end that Power BI showed: an
// answer that is fed twice must not bring it back. One that adopted another refresh than
// the answer names has its own still to come.
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

func (m *machine) accepted(a *Attempt, answer Answer) {
	a.Accepted, a.Candidate = m.now, nil
	a.RefreshID = answer.RefreshID
	switch {
	case a.RefreshID == "":
		m.settle(a) // accepted, and nothing to ask for by name
		return
	case a.Adopted && slices.Contains(a.Settle.Known, a.RefreshID):
		m.clearAttempt() // what was adopted is ours, and has ended
		return
	}
	a.Adopted, a.ByID, a.Again = false, false, false // it has a name now
	m.setStage(a, StageRunning)
	a.Settle = Settle{From: m.now}
	a.LookAt = m.now.Add(m.nextLook(a))
	m.eachServed(func(op *Operation) {
		if op.Started.IsZero() {
			op.Started = m.now
		}
		try := op.Latest()
		try.RefreshID, try.Kind, try.Started = a.RefreshID, a.Kind, m.now
		op.Unsent, op.Busy = 0, 0
		m.setPhase(op, Running)
	})
}

// notStarted takes an attempt back that certainly did not start: it is not
// spent, and its operations can be shared again.
func (m *machine) notStarted() {
	m.eachServed(func(op *Operation) {
		op.Tries = op.Tries[:len(op.Tries)-1]
		m.setPhase(op, Queued)
	})
	m.clearAttempt()
}

// refused handles a definitive no. Two of them are worth one more intent: a
// token that has to be renewed, and an enhanced refresh where only a standard
// one is possible.
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
			m.singly(op)
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

// unsent handles an intent whose POST never left: nothing has to settle, and a
// passing cause spends no attempt.
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

// hold keeps the model from being posted to for a while. No wait is made shorter by
// another: Power BI may have asked for it, and each operation has its own.
func (m *machine) hold(reason HoldReason, wait time.Duration, detail string) {
	m.holdBy(Hold{Since: m.now, Until: m.now.Add(wait), Reason: reason, Detail: detail})
}

func (m *machine) holdBy(next Hold) {
	if h := m.Hold; h != nil && h.Until.After(next.Until) {
		return
	}
	m.Hold = &next
}

// holdFor is a hold whose cause older versions do not know: they read notSent.
func (m *machine) holdFor(cause HoldReason, wait time.Duration, fault *Fault) {
	detail := ""
	if fault != nil {
		detail = bounded(fault.Detail)
	}
	m.holdBy(Hold{Since: m.now, Until: m.now.Add(wait), Reason: HoldUnsent, Cause: cause, Detail: detail})
}

// failedTry ends the present try of op and either schedules another or ends op.
func (m *machine) failedTry(op *Operation, outcome Outcome, fault *Fault, end time.Time) {
	op.endTry(outcome, fault, end)
	switch {
	case op.Cancel:
		m.finish(op, Cancelled, cancelledByCaller())
	case fault.Transient && op.spent() < op.MaxAttempts:
		m.hold(HoldBackoff, backoff(len(op.Tries), op.Number), "")
		m.setPhase(op, Retrying)
	case fault.Late && op.lateOnce() && op.spent() < op.MaxAttempts && m.now.Add(LateRetry).Before(op.Deadline):
		m.hold(HoldBackoff, LateRetry, "")
		m.setPhase(op, Retrying)
	case outcome == OutcomeFailed && op.Latest().Merged:
		m.singly(op)
	default:
		m.finish(op, Failed, fault)
	}
}

// LateRetry is how long after a fault that may pass the one repeat leaves: tables that
// had just been created were found after minutes (seen).
const LateRetry = 5 * time.Minute

// lateOnce reports whether only one try of op has failed so.
func (op *Operation) lateOnce() bool {
	n := 0
	for _, try := range op.Tries {
		if try.Fault != nil && try.Fault.Late {
			n++
		}
	}
	return n == 1
}

// Latest is the latest try of op. There is one whenever an attempt serves op.
func (op *Operation) Latest() *Try { return &op.Tries[len(op.Tries)-1] }

func (op *Operation) endTry(outcome Outcome, fault *Fault, at time.Time) {
	try := op.Latest()
	try.Outcome, try.Fault, try.Ended = outcome, fault.short(), at
}

// short is the fault with as many of Power BI's words as the document has room for.
func (f *Fault) short() *Fault {
	if f == nil || len(f.Detail) <= MaxDetail {
		return f
	}
	short := *f
	short.Detail = bounded(short.Detail)
	return &short
}

// bounded cuts Power BI's words to what the document has room for.
func bounded(words string) string {
	if len(words) <= MaxDetail {
		return words
	}
	return strings.ToValidUTF8(words[:MaxDetail], "") + "..."
}

// shorten leaves out why earlier tries failed, but for the last of them, in words: a
// document that is nearly full holds many operations, and each may be tried often.
func (op *Operation) shorten() {
	for i := range op.Tries[:max(0, len(op.Tries)-1)] {
		if f := op.Tries[i].Fault; f != nil {
			op.Tries[i].Fault = &Fault{Code: f.Code, Class: f.Class, PowerBI: f.PowerBI, Transient: f.Transient, Late: f.Late, Unknown: f.Unknown,
				Message: "Left out: too much is kept of those who wait for this model."}
		}
	}
}

// backoff is the wait before the next try: 10 s doubling to 5 min, spread by a
// quarter so that models which failed together do not return together.
func backoff(tries int, number int64) time.Duration {
	wait := min(10*time.Second<<min(tries-1, 5), 5*time.Minute)
	return wait - wait/4*time.Duration(number%8)/8
}

func cancelledByCaller() *Fault {
	return &Fault{Code: CodeOperationCanceled, Message: "The operation was cancelled by its caller."}
}
