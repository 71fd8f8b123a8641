package sim

import (
	"encoding/json"
	"time"
)

// Via is the history's refreshType.
type Via string

// The documented refresh types (the list is extensible).
const (
	ViaAPI         Via = "ViaApi"
	ViaEnhancedAPI Via = "ViaEnhancedApi"
	ViaPortal      Via = "OnDemand"
	ViaSchedule    Via = "Scheduled"
	ViaXMLA        Via = "ViaXmlaEndpoint"
)

// The words of status and extendedStatus.
const (
	statusUnknown    = "Unknown"
	statusNotStarted = "NotStarted"
	statusInProgress = "InProgress"
	statusCompleted  = "Completed"
	statusFailed     = "Failed"
	statusCancelled  = "Cancelled"
	statusTimedOut   = "TimedOut"
	statusDisabled   = "Disabled"
)

// refresh is one refresh of a model, ours or foreign.
type refresh struct {
	id     string // in the 202
	listed string // in the history and detail
	number int64  // the history's internal id
	via    Via
	caller string
	body   json.RawMessage
	wants  refreshRequest
	knobs  Knobs   // as they were when it was accepted
	plan   Outcome // how it will end

	accepted time.Time
	begun    time.Time // zero: not yet
	endsAt   time.Time // zero: never, as far as is known
	ended    time.Time // zero: not yet
	dropped  bool
}

func (r *refresh) enhanced() bool { return r.via == ViaEnhancedAPI }
func (r *refresh) byAPI() bool    { return r.via == ViaAPI || r.via == ViaEnhancedAPI }

// readyAt is the earliest moment at which it may begin.
func (r *refresh) readyAt() time.Time { return r.accepted.Add(r.knobs.StartDelay) }

// visible reports whether the API shows it.
func (r *refresh) visible(now time.Time) bool {
	age := now.Sub(r.accepted)
	return age >= r.knobs.ListAfter && (r.knobs.VanishAfter == 0 || age < r.knobs.VanishAfter)
}

// extended is the fine-grained status; status is the coarse one, which is Unknown for everything unfinished
// (documented: swagger). unverified: a time-out is Failed in the coarse one.
func (r *refresh) extended() string {
	switch {
	case !r.ended.IsZero():
		return r.plan.Status
	case r.begun.IsZero():
		return statusNotStarted
	default:
		return statusInProgress
	}
}

func (r *refresh) status() string {
	switch {
	case r.ended.IsZero():
		return statusUnknown
	case r.plan.Status == statusTimedOut:
		return statusFailed
	default:
		return r.plan.Status
	}
}

// startTime; unverified: a refresh that has not begun shows the time of its acceptance.
func (r *refresh) startTime() time.Time {
	if r.begun.IsZero() {
		return r.accepted
	}
	return r.begun
}

// A Refresh is what Power BI really did with one refresh, for assertions, whatever it answered.
type Refresh struct {
	ID       string          `json:"id"`
	ListedID string          `json:"listedId"`
	Model    Ref             `json:"model"`
	Via      Via             `json:"via"`
	Caller   string          `json:"caller,omitempty"` // application id; empty for foreign refreshes
	Body     json.RawMessage `json:"body,omitempty"`
	Accepted time.Time       `json:"accepted"`
	Started  time.Time       `json:"started,omitzero"`
	Ended    time.Time       `json:"ended,omitzero"`
	Status   string          `json:"status"` // NotStarted, InProgress, Completed, ...; Dropped
	Dropped  bool            `json:"dropped,omitempty"`
	// Committed are the objects, Table or Table/Partition, that a PartialBatch refresh which failed has committed.
	Committed []string `json:"committed,omitempty"`
}

func (r *refresh) truth(ref Ref) Refresh {
	status := r.extended()
	if r.dropped {
		status = "Dropped"
	}
	return Refresh{
		ID: r.id, ListedID: r.listed, Model: ref, Via: r.via, Caller: r.caller, Body: r.body,
		Accepted: r.accepted, Started: r.begun, Ended: r.ended, Status: status, Dropped: r.dropped,
		Committed: r.committed(),
	}
}

// committed returns the objects that a partial commit kept.
func (r *refresh) committed() []string {
	if r.ended.IsZero() || r.plan.Status == statusCompleted || r.wants.commitMode != "PartialBatch" || len(r.plan.Objects) == 0 {
		return nil
	}
	var list []string
	for _, o := range r.objects(r.knobs.tables()) {
		name := o.Table
		if o.Partition != "" {
			name += "/" + o.Partition
		}
		if r.objectStatus(o) == statusCompleted {
			list = append(list, name)
		}
	}
	return list
}

// objects returns the objects of the refresh: all tables, if it names none.
func (r *refresh) objects(tables []string) []refreshObject {
	if len(r.wants.objects) > 0 {
		return r.wants.objects
	}
	var all []refreshObject
	for _, table := range tables {
		all = append(all, refreshObject{Table: table})
	}
	return all
}

// objectStatus: in a partial commit, objects that are not named were committed.
func (r *refresh) objectStatus(o refreshObject) string {
	if r.ended.IsZero() || len(r.plan.Objects) == 0 {
		return r.extended()
	}
	if set, ok := r.plan.Objects[o.Table]; ok {
		return set
	}
	return statusCompleted
}
