package machine

import (
	"slices"
	"time"
)

// finish ends an operation and moves it to the recent ones.
func (m *machine) finish(op *Operation, p Phase, fault *Fault) {
	m.setPhase(op, p)
	op.Ended, op.Fault, op.Cancel = m.now, fault, false
	m.Recent = append(m.Recent, *op)
	number := op.Number
	m.Pending = slices.DeleteFunc(m.Pending, func(o Operation) bool { return o.Number == number })
	if a := m.Attempt; a != nil {
		a.Serves = slices.DeleteFunc(a.Serves, func(n int64) bool { return n == number })
	}
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

func (op *Operation) endTry(outcome Outcome, fault *Fault, at time.Time) {
	try := op.Latest()
	try.Outcome, try.Fault, try.Ended = outcome, fault.short(), at
}

// singly lets an operation be tried by itself, after an attempt that may have failed by
// what others asked for. That one is not counted.
func (m *machine) singly(op *Operation) {
	op.Alone = true
	m.setPhase(op, Retrying)
}

// spent is how many attempts count against MaxAttempts.
func (op *Operation) spent() int {
	if op.Alone {
		return len(op.Tries) - 1
	}
	return len(op.Tries)
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

// rejectAll ends the operations whose callers want a refusal: a refresh that was not
// made for them occupies the model, as was found out only now.
func (m *machine) rejectAll() {
	for _, op := range cloneOperations(m.Pending) {
		if op.Reject && !m.serves(op.Number) {
			m.finish(&m.Pending[indexOf(m.Pending, op.Number)], Failed, &Fault{Code: CodeBusy, Message: inTheWay})
		}
	}
}

// inTheWay is what a caller reads who wants no refresh of a busy model.
const inTheWay = "The model is being refreshed, and the request says whenBusy: reject. " +
	"Try again later, or ask with whenBusy: queue (a refresh after this one) or join (this one will do)."

func cancelledByCaller() *Fault {
	return &Fault{Code: CodeOperationCanceled, Message: "The operation was cancelled by its caller."}
}
