package machine

import "time"

// Event is something that happened to a model. Every event says when, on the
// storage service's clock.
type Event interface{ when() time.Time }

// At is the time of an event: the storage service's clock, never a local one.
type At time.Time

func (a At) when() time.Time { return time.Time(a) }

// Arrive says that a caller asks for a refresh. Answered by [Admit] or [Refuse].
type Arrive struct {
	At
	Nonce string // of the caller; becomes part of its id
	Key   Key    // of the caller, if it sent one
	Owner string // who asks, as [OwnerMark] has it; empty: no share is counted
	Ask   Ask
}

// Tick says that time has passed, or that the facts have changed. It is the only event
// upon which the machine decides to do something at Power BI.
type Tick struct {
	At
	Txn string // names the attempt, should this tick begin one
}

// Answered says how the POST of an attempt has ended.
type Answered struct {
	At
	Txn    string
	Answer Answer
}

// AnswerKind is how a POST ended.
type AnswerKind string

// The ways in which a POST ends.
const (
	Accepted  AnswerKind = "accepted"  // 202
	Busy      AnswerKind = "busy"      // another refresh is executing
	Throttled AnswerKind = "throttled" // 429
	Paused    AnswerKind = "paused"    // refused: the capacity of the workspace is paused
	Conflict  AnswerKind = "conflict"  // refused: something else is done with the model
	Refused   AnswerKind = "refused"   // any other definitive no
	Unsent    AnswerKind = "unsent"    // nothing left this machine
	Lost      AnswerKind = "lost"      // sent, and no definitive answer
)

// Answer is what the POST of an attempt came back with.
type Answer struct {
	Kind       AnswerKind
	RefreshID  string        // Accepted
	Sent       Kind          // the kind that was really sent: Standard or Enhanced
	RetryAfter time.Duration // Throttled
	Fault      *Fault        // Refused, Unsent, Paused, Conflict
	Named      []string      // Lost: ids in the answer, if there was one
	// What may be tried once more after a refusal.
	TokenRejected bool // with a fresh token
	EnhancedOnly  bool // as a standard refresh, if the workspace really has no capacity
	Quota         bool // the daily limit
	OfBody        bool // it may be about what was asked for, and not about who asks
}

// CancelAsked says that a caller wants its operation to end. Answered by [Admit] or
// [Refuse].
type CancelAsked struct {
	At
	Epoch  string // of the document that the number belongs to
	Number int64
	Nonce  string
	Force  bool // also for the other callers of a shared operation
}

// Deleted says that the DELETE of the attempt's refresh has ended, however it ended. The
// truth is read afterwards.
type Deleted struct {
	At
	Txn string
}

// Archived says that a finished operation is confirmed to be in the archive, and
// may leave the document.
type Archived struct {
	At
	Epoch  string // of the document that the number belongs to
	Number int64
}
