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
	Ask   Ask
}

// Ask is what a caller asks for.
type Ask struct {
	Shape        Shape
	Tuning       Tuning
	NotifyOption string // of a standard refresh; like Tuning, the first one counts where callers share
	WhenBusy     WhenBusy
	Timeout      time.Duration // covers queueing and running
	QueueTimeout time.Duration // 0: only Timeout counts
	MaxAttempts  int
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

// Observed says what a look at Power BI has shown. A look that failed has an Err and
// nothing else.
type Observed struct {
	At
	Txn        string    // the attempt that was looked for; empty when only the model was
	SentAt     time.Time // when the request left, on the storage service's clock
	Err        *Fault
	RetryAfter time.Duration // how long not to look again, after a 429
	Gone       bool          // with an Err: history and model both answered that they are not there
	There      bool          // with an Err: the model is there

	Detail bool          // Rows holds exactly the attempt's refresh, not a history
	Rows   []Row         // newest first
	Skew   time.Duration // Power BI's clock minus storage's
	Fuzz   time.Duration // how wrong Skew may be
}

// Row is one refresh as Power BI shows it.
type Row struct {
	ID      string // empty: Power BI did not say
	Type    string // ViaApi, ViaEnhancedApi, Scheduled, OnDemand, ...
	Start   time.Time
	End     time.Time
	State   RowState
	Word    string // Power BI's own status word
	Fault   *Fault
	Objects []Progress
	Asked   Asked // in details only
}

// RowState is what a row says, read with care: a word that is not known is in
// progress as long as the row has no end.
type RowState string

// The states of a row.
const (
	RowInProgress RowState = "inProgress"
	RowCompleted  RowState = "completed"
	RowFailed     RowState = "failed"
	RowCancelled  RowState = "cancelled"
	RowDisabled   RowState = "disabled"
)

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

// Effect is something to be done because of an event. The state that goes with
// it is saved first.
type Effect interface{ effect() }

// Admit answers a caller: its request is served by that operation.
type Admit struct {
	Nonce  string
	Number int64
}

// Refuse answers a caller: nothing was changed for it.
type Refuse struct {
	Nonce   string
	Code    string
	Message string
}

// Post starts a refresh. It must leave before SendBy, once.
type Post struct {
	Txn    string
	Shape  Shape
	Kind   Kind
	Tuning Tuning
	Notify string // of a standard refresh
	SendBy time.Time
	Until  time.Time
	Renew  bool // the token first
	Check  bool // that the workspace has no dedicated capacity, and only then post as standard
}

// Look reads what Power BI says: the refresh RefreshID if that can be asked for
// by id, else the model's history.
type Look struct {
	Txn       string
	RefreshID string
	Kind      Kind
}

// Delete cancels a refresh at Power BI: one that Power BI named to us in a 202.
type Delete struct {
	Txn       string
	RefreshID string
}

// Archive copies finished operations to where they outlive the document's bounds.
type Archive struct{ Operations []Operation }

func (Admit) effect()   {}
func (Refuse) effect()  {}
func (Post) effect()    {}
func (Look) effect()    {}
func (Delete) effect()  {}
func (Archive) effect() {}
