package machine

// Phase is where an operation stands. The arrows:
//
//	queued -> starting -> running -> succeeded | failed | cancelled
//	queued <-> blocked          a foreign refresh, throttling, a quota
//	starting -> settling        the POST's outcome is unknown
//	settling -> running | retrying | succeeded | failed | cancelled
//	running -> cancelling -> cancelled | succeeded | failed
//	running | starting -> retrying -> starting
//
// [Overdue] is not saved: it is how an operation is shown whose deadline has passed
// and whose refresh no look has seen since.
type Phase string

// The phases of an operation.
const (
	Queued     Phase = "queued"
	Blocking   Phase = "blocked"
	Starting   Phase = "starting"
	Running    Phase = "running"
	Retrying   Phase = "retrying"
	Settling   Phase = "settling"
	Overdue    Phase = "overdue"
	Cancelling Phase = "cancelling"
	Succeeded  Phase = "succeeded"
	Failed     Phase = "failed"
	Cancelled  Phase = "cancelled"
)

// Terminal reports whether the phase is final.
func (p Phase) Terminal() bool { return p == Succeeded || p == Failed || p == Cancelled }

// Stage is where the model's attempt stands.
type Stage string

// The stages of an attempt.
const (
	StageStarting   Stage = "starting"   // the intent is saved; the POST may be under way
	StageRunning    Stage = "running"    // Power BI accepted it and named it
	StageSettling   Stage = "settling"   // whether Power BI has it is unknown
	StageCancelling Stage = "cancelling" // a DELETE was sent; the truth is awaited
)

// Kind is how a refresh is asked for. The enhanced API takes options, can be
// cancelled, and needs a dedicated capacity; the standard one works everywhere.
// Source: Power BI REST, Refresh Dataset In Group.
type Kind string

// The kinds of refresh.
const (
	Auto     Kind = "auto" // enhanced where the workspace can, else standard
	Standard Kind = "standard"
	Enhanced Kind = "enhanced"
)

// Outcome is what became of one attempt.
type Outcome string

// The outcomes of an attempt.
const (
	OutcomePending   Outcome = "pending"
	OutcomeCompleted Outcome = "completed"
	OutcomeFailed    Outcome = "failed"
	OutcomeCancelled Outcome = "cancelled"
	OutcomeRefused   Outcome = "refused" // Power BI said no: nothing was started
	OutcomeUnsent    Outcome = "unsent"  // nothing was sent
	OutcomeDropped   Outcome = "dropped" // accepted, perhaps, and never run
	OutcomeUnknown   Outcome = "unknown" // Power BI does not show the outcome
)

// HoldReason is why nothing is posted for a while.
type HoldReason string

// The reasons of a Hold.
const (
	HoldThrottled HoldReason = "throttled" // Power BI answered 429
	HoldBackoff   HoldReason = "backoff"   // between two attempts
	HoldUnsent    HoldReason = "notSent"   // no token, or Power BI cannot be reached
)

// Causes of a Hold whose reason is notSent. Versions that do not know them read the
// reason, and do what is right: nothing is posted before the time.
const (
	HoldPaused   HoldReason = "capacityPaused" // the capacity of the workspace is paused
	HoldConflict HoldReason = "conflict"       // Power BI does something else with the model
)

// Codes of faults and refusals. They are part of the HTTP contract.
const (
	CodeRefreshFailed      = "RefreshFailed"        // Power BI ran it and it failed
	CodeRefreshCancelled   = "RefreshCancelled"     // ended by somebody else, at Power BI
	CodeRefreshDisabled    = "RefreshDisabled"      // Power BI says Disabled
	CodeDailyLimit         = "DailyLimitExceeded"   // Power BI's daily quota of the model
	CodeCapacityPaused     = "CapacityPaused"       // the capacity was paused until the deadline
	CodeTimeout            = "RefreshTimeout"       // the deadline passed
	CodeQueueTimeout       = "QueueTimeout"         // it could not start in time
	CodeOutcomeUnknown     = "OutcomeUnknown"       // Power BI does not show the outcome
	CodeDropped            = "RefreshDropped"       // accepted and never run, as often as allowed
	CodeEnhancedOnly       = "EnhancedNotSupported" // the workspace has no dedicated capacity
	CodeModelNotAllowed    = "ModelNotAllowed"      // ALLOWED_MODELS does not list the model
	CodeOperationCanceled  = "OperationCanceled"    // cancelled by its caller
	CodeQueueFull          = "QueueFull"            // too many pending operations
	CodeShareUsed          = "QueueShareUsed"       // too many pending operations of one caller
	CodeBusy               = "RefreshInProgress"    // whenBusy: reject
	CodeKeyReused          = "IdempotencyKeyReused" // another request came with the same key
	CodeCancelNotSupported = "CancelNotSupported"   // a running standard refresh
	CodeFinished           = "OperationFinished"    // nothing left to cancel
	CodeNotFound           = "OperationNotFound"    // no such operation
	CodeUnavailable        = "StateUnavailable"     // the state storage cannot be used now
	CodeNewerVersion       = "NewerVersion"         // a newer version of this program has written the state
)
