package machine

import (
	"slices"
	"time"
)

// Operation is one promised refresh: what a caller holds a status URL for.
// Callers that can share a refresh share an operation.
type Operation struct {
	Number   int64     `json:"number"`
	Nonce    string    `json:"nonce"` // of the caller who created it
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"`
	Started  time.Time `json:"started,omitzero"` // of the first attempt that Power BI accepted
	Ended    time.Time `json:"ended,omitzero"`
	Deadline time.Time `json:"deadline"`
	QueueBy  time.Time `json:"queueBy,omitzero"` // must have started by then

	Shape       Shape  `json:"shape"`
	Tuning      Tuning `json:"tuning,omitzero"`
	MaxAttempts int    `json:"maxAttempts"`
	Notify      string `json:"notifyOption,omitempty"` // since schema 3; a reader of schema 2 sends none

	Phase     Phase        `json:"phase"`
	Shared    bool         `json:"shared,omitempty"`    // more than one caller holds its id
	Reject    bool         `json:"reject,omitempty"`    // its caller wants a refusal if the model turns out to be busy
	Withdrawn []Withdrawal `json:"withdrawn,omitempty"` // callers who cancelled their share
	Cancel    bool         `json:"cancel,omitempty"`    // to be cancelled as soon as it can be
	Owner     string       `json:"owner,omitempty"`     // who created it; see OwnerMark
	Keys      string       `json:"keys,omitempty"`      // marks of its callers' keys, one after the other; see Key
	Tickets   tickets      `json:"tickets,omitempty"`   // of its callers' keys; an older version finds them by their pointers only
	Tries     []Try        `json:"tries,omitempty"`
	Objects   []Progress   `json:"objects,omitempty"`  // what has not completed first; see Total
	Total     int          `json:"total,omitempty"`    // how many objects the refresh has
	Blocked   *Blocked     `json:"blocked,omitempty"`  // why it waits
	Fault     *Fault       `json:"fault,omitempty"`    // why it failed
	Done      []int        `json:"done,omitempty"`     // of Shape.Objects, what an attempt has committed that then failed
	NoMerge   bool         `json:"alone,omitempty"`    // an attempt for it and others failed: from then on it is tried by itself
	Renewed   bool         `json:"renewed,omitempty"`  // the token was renewed once for it
	Fallback  bool         `json:"fallback,omitempty"` // enhanced was refused: standard, once the workspace is checked
	Unsent    int          `json:"unsent,omitempty"`   // intents in a row whose POST never left
	Busy      int          `json:"busy,omitempty"`     // "busy" answers in a row

	Unknown Unknown `json:"-"`
}

// Withdrawal is one caller's end of a shared operation.
type Withdrawal struct {
	Nonce string    `json:"nonce"`
	At    time.Time `json:"at"`

	Unknown Unknown `json:"-"`
}

// Try is what an operation keeps of one attempt made for it.
type Try struct {
	Txn       string    `json:"txn,omitempty"`       // of the attempt
	RefreshID string    `json:"refreshId,omitempty"` // Power BI's id; empty while unknown
	Kind      Kind      `json:"kind"`
	Intent    time.Time `json:"intent"` // when it was decided
	Started   time.Time `json:"started,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	Outcome   Outcome   `json:"outcome"`
	Fault     *Fault    `json:"fault,omitempty"`
	Adopted   bool      `json:"adopted,omitempty"` // recognised in the history, not named by a 202
	Merged    bool      `json:"merged,omitempty"`  // it did more than the operation asked for, for others

	Unknown Unknown `json:"-"`
}

// Progress is one table or partition of an enhanced refresh.
type Progress struct {
	Table     string `json:"table"`
	Partition string `json:"partition,omitempty"`
	Status    string `json:"status,omitempty"` // Power BI's word

	Unknown Unknown `json:"-"`
}

// Blocked says what an operation waits for.
type Blocked struct {
	Reason    string    `json:"reason"` // foreignRefresh, throttled, capacityPaused, conflict, notSent; shown only: operation, notReadable
	Detail    string    `json:"detail,omitempty"`
	Words     string    `json:"words,omitempty"` // of the answer because of which nothing was sent
	RefreshID string    `json:"refreshId,omitempty"`
	Type      string    `json:"type,omitempty"`
	Since     time.Time `json:"since"`
	Until     time.Time `json:"until,omitzero"`

	Unknown Unknown `json:"-"`
}

// Duration is how long one refresh of a shape took, from start to end.
type Duration struct {
	Shape  string        `json:"shape"` // Shape.Key
	Length time.Duration `json:"length"`

	Unknown Unknown `json:"-"`
}

// Latest is the latest try of op. There is one whenever an attempt serves op.
func (op *Operation) Latest() *Try { return &op.Tries[len(op.Tries)-1] }

// untried reports whether no attempt for the operation may have started. A POST
// that was answered "busy" or 429 leaves no try behind.
func (op *Operation) untried() bool { return len(op.Tries) == 0 }

// WithdrawnBy reports whether the caller with that nonce cancelled its share.
func (op *Operation) WithdrawnBy(nonce string) bool {
	_, gone := op.withdrawal(nonce)
	return gone
}

func (op *Operation) withdrawal(nonce string) (Withdrawal, bool) {
	i := slices.IndexFunc(op.Withdrawn, func(w Withdrawal) bool { return w.Nonce == nonce })
	if i < 0 {
		return Withdrawal{}, false
	}
	return op.Withdrawn[i], true
}

// EndedAtPowerBI returns Power BI's time of the end, if the operation ended because its last
// refresh did; else zero: it never ran, or ended later, such as by its deadline.
func (op Operation) EndedAtPowerBI() time.Time {
	if op.Ended.IsZero() || len(op.Tries) == 0 {
		return time.Time{}
	}
	last := op.Tries[len(op.Tries)-1]
	switch {
	case op.Phase == Succeeded, op.Phase == Cancelled && last.Outcome == OutcomeCancelled:
		return last.Ended
	case op.Phase == Failed && (last.Outcome == OutcomeFailed || last.Outcome == OutcomeCancelled):
		if op.Fault != nil && last.Fault != nil && op.Fault.Code == last.Fault.Code {
			return last.Ended
		}
	}
	return time.Time{}
}
