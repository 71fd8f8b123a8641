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

// failedTry ends the latest attempt of op, and either schedules another or ends op.
func (m *machine) failedTry(op *Operation, outcome Outcome, fault *Fault, end time.Time) {
	op.endTry(outcome, fault, end)
	switch {
	case op.Cancel:
		m.finish(op, Cancelled, cancelledByCaller())
	case fault.Transient && op.attemptsUsed() < op.MaxAttempts:
		m.hold(HoldBackoff, backoff(len(op.Tries), op.Number), "")
		m.setPhase(op, Retrying)
	case fault.Late && op.lateOnce() && op.attemptsUsed() < op.MaxAttempts && m.now.Add(LateRetry).Before(op.Deadline):
		m.hold(HoldBackoff, LateRetry, "")
		m.setPhase(op, Retrying)
	case outcome == OutcomeFailed && op.Latest().Merged:
		m.retryAlone(op)
	default:
		m.finish(op, Failed, fault)
	}
}

// LateRetry is the wait before the one repeat after a fault that may pass: tables that had
// just been created were found after minutes (seen).
const LateRetry = 5 * time.Minute

// lateOnce reports whether exactly one attempt of op has failed with such a fault.
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

// retryAlone schedules an attempt for this operation only, after a merged one that may have
// failed because of the others. The merged one does not count against MaxAttempts.
func (m *machine) retryAlone(op *Operation) {
	op.NoMerge = true
	m.setPhase(op, Retrying)
}

// attemptsUsed returns how many attempts count against MaxAttempts.
func (op *Operation) attemptsUsed() int {
	if op.NoMerge {
		return len(op.Tries) - 1
	}
	return len(op.Tries)
}

// shorten removes the texts of the faults of all attempts except the last: a document that
// is nearly full holds many operations, and each may have many attempts.
func (op *Operation) shorten() {
	for i := range op.Tries[:max(0, len(op.Tries)-1)] {
		if f := op.Tries[i].Fault; f != nil {
			op.Tries[i].Fault = &Fault{Code: f.Code, Class: f.Class, PowerBI: f.PowerBI, Transient: f.Transient, Late: f.Late, Unknown: f.Unknown,
				Message: "Left out: too much is kept of those who wait for this model."}
		}
	}
}

// rejectAll ends the operations with whenBusy: reject that the attempt does not serve, when
// it turns out that another refresh occupies the model.
func (m *machine) rejectAll() {
	for _, op := range cloneOperations(m.Pending) {
		if op.Reject && !m.serves(op.Number) {
			m.finish(&m.Pending[indexOf(m.Pending, op.Number)], Failed, &Fault{Code: CodeBusy, Message: inTheWay})
		}
	}
}

// inTheWay is the message for whenBusy: reject.
const inTheWay = "The model is being refreshed, and the request says whenBusy: reject. " +
	"Try again later, or ask with whenBusy: queue (a refresh after this one) or join (this one will do)."

func cancelledByCaller() *Fault {
	return &Fault{Code: CodeOperationCanceled, Message: "The operation was cancelled by its caller."}
}
