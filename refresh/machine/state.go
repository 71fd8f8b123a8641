package machine

import (
	"slices"
	"time"
)

// State is all that is known of one model: what was asked for, what is being
// done about it, and what occupies it. It is the content of the state document.
//
// It is a value: [Next] never changes the State that it is given.
type State struct {
	Schema    int    `json:"schema"`              // see [Schema]
	MinReader int    `json:"minReader,omitempty"` // see [MinReader]; absent in documents of schema 1
	Epoch     string `json:"epoch"`               // random, made with the document: an id of an earlier document does not fit
	Model     Model  `json:"model"`
	Last      int64  `json:"last"` // number of the newest operation

	Pending []Operation `json:"pending,omitempty"` // not finished, oldest first
	Recent  []Operation `json:"recent,omitempty"`  // finished, oldest first
	Attempt *Attempt    `json:"attempt,omitempty"` // our one unresolved POST and the refresh it started
	Foreign *Foreign    `json:"foreign,omitempty"` // a refresh that we did not start
	Hold    *Hold       `json:"hold,omitempty"`    // no POST before a time
	Watch   []Watched   `json:"watch,omitempty"`   // attempts that were given up and may still appear, oldest first
	Glanced time.Time   `json:"glanced,omitzero"`  // when the history was last read because of them
	Ahead   *Ahead      `json:"ahead,omitempty"`   // how far Power BI's clock is ahead

	LastLook *LastLook `json:"lastLook,omitempty"` // the latest look failed

	Durations []Duration `json:"durations,omitempty"` // of the model's recent refreshes, oldest first
	Writes    []string   `json:"writes,omitempty"`    // transactions of the latest writes, oldest first

	Unknown Unknown `json:"-"`

	looked bool // Glanced is of this stay in the critical section, whose clock does not jump; not stored
}

// Model names a Power BI semantic model.
type Model struct {
	WorkspaceID string `json:"workspaceId"` // Power BI's groupId, lower case
	DatasetID   string `json:"datasetId"`   // lower case
}

func (m Model) String() string { return m.WorkspaceID + "/" + m.DatasetID }

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
	Keys      string       `json:"keys,omitempty"`      // marks of its callers' keys, one after the other; see Key
	Tries     []Try        `json:"tries,omitempty"`
	Objects   []Progress   `json:"objects,omitempty"`  // what has not completed first; see Total
	Total     int          `json:"total,omitempty"`    // how many objects the refresh has
	Blocked   *Blocked     `json:"blocked,omitempty"`  // why it waits
	Fault     *Fault       `json:"fault,omitempty"`    // why it failed
	Done      []int        `json:"done,omitempty"`     // of Shape.Objects, what an attempt has committed that then failed
	Alone     bool         `json:"alone,omitempty"`    // an attempt for it and others failed: from then on it is tried by itself
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

// Attempt is our one POST that is not resolved yet and the refresh it may have
// started. It outlives the operations it serves: without any it only occupies.
type Attempt struct {
	Txn    string    `json:"txn"` // of the write that saved the intent; names the attempt
	Serves []int64   `json:"serves,omitempty"`
	Stage  Stage     `json:"stage"`
	Kind   Kind      `json:"kind"`
	Shape  Shape     `json:"shape"`
	Intent time.Time `json:"intent"` // storage time of the decision
	SendBy time.Time `json:"sendBy"` // later than this the POST must not leave
	Until  time.Time `json:"until"`  // the sender may still answer until then; nobody else resolves

	RefreshID string    `json:"refreshId,omitempty"`
	Named     []string  `json:"named,omitempty"`   // ids in an answer that was neither yes nor no: see ids
	Adopted   bool      `json:"adopted,omitempty"` // the id comes from the history, not from a 202: never DELETE it
	ByID      bool      `json:"byId,omitempty"`    // adopted, and by an id: nothing is left to settle
	Accepted  time.Time `json:"accepted,omitzero"` // storage time of the 202
	Started   time.Time `json:"started,omitzero"`  // Power BI's time
	Seen      bool      `json:"seen,omitempty"`    // Power BI has shown it once
	Deleted   bool      `json:"deleted,omitempty"` // a DELETE was sent
	Weighed   bool      `json:"weighed,omitempty"` // no row can be told to be its refresh any more
	Again     bool      `json:"again,omitempty"`   // it came back from the watch list without a name

	Reply     *Fault     `json:"reply,omitempty"`     // the answer that was neither yes nor no
	Candidate *Candidate `json:"candidate,omitempty"` // a row whose details may tell that it is ours

	LookAt time.Time `json:"lookAt,omitzero"`
	Looks  int       `json:"looks,omitempty"`
	Settle Settle    `json:"settle,omitzero"`

	Unknown Unknown `json:"-"`
}

// Settle counts the quiet reads of the history that resolve an unknown outcome.
type Settle struct {
	From  time.Time `json:"from,omitzero"`  // reads sent before do not count
	Since time.Time `json:"since,omitzero"` // the first quiet read of the unbroken run
	Reads int       `json:"reads,omitempty"`
	Known []string  `json:"known,omitempty"` // ended rows that may have been ours and were weighed

	Until  time.Time `json:"until,omitzero"`   // the outcome is not settled before
	Looked bool      `json:"looked,omitempty"` // the history was read
	AtWork bool      `json:"atWork,omitempty"` // and showed a refresh at work, the last time

	Unknown Unknown `json:"-"`
}

// Foreign is a refresh of the model that we did not start.
type Foreign struct {
	RefreshID string    `json:"refreshId,omitempty"` // empty until the history showed it
	Type      string    `json:"type,omitempty"`
	Since     time.Time `json:"since"`
	LookAt    time.Time `json:"lookAt"`
	Looks     int       `json:"looks,omitempty"`

	Unknown Unknown `json:"-"`
}

// Hold keeps the model from being posted to before a time.
type Hold struct {
	Since  time.Time  `json:"since"`
	Until  time.Time  `json:"until"`
	Reason HoldReason `json:"reason"`
	Detail string     `json:"detail,omitempty"` // for people
	Words  string     `json:"words,omitempty"`  // of the answer because of which nothing was sent
	Cause  HoldReason `json:"cause,omitempty"`  // more exactly than Reason

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

// Fault is why an attempt or an operation did not succeed, for people.
type Fault struct {
	Code      string `json:"code"`              // ours
	Message   string `json:"message"`           // what happened
	Remedy    string `json:"remedy,omitempty"`  // what to do
	Class     string `json:"class,omitempty"`   // of a failed refresh: credentials, gateway, ...
	Detail    string `json:"detail,omitempty"`  // Power BI's own words
	PowerBI   string `json:"powerBI,omitempty"` // Power BI's own code
	Support   string `json:"support,omitempty"` // HRESULT, cluster and ids, for Power BI's support
	Transient bool   `json:"transient,omitempty"`
	Late      bool   `json:"late,omitempty"` // not transient, but one repeat after some minutes may succeed

	Unknown Unknown `json:"-"`
}

// Duration is how long one refresh of a shape took, from start to end.
type Duration struct {
	Shape  string        `json:"shape"` // Shape.Key
	Length time.Duration `json:"length"`

	Unknown Unknown `json:"-"`
}

// NewState is the state of a model that nobody has asked for yet.
func NewState(model Model, epoch string) State {
	return State{Schema: Schema, MinReader: MinReader, Epoch: epoch, Model: model}
}

// Find returns the operation of that number, pending or recent.
func (s *State) Find(number int64) (Operation, bool) {
	for _, list := range [][]Operation{s.Pending, s.Recent} {
		if i := indexOf(list, number); i >= 0 {
			return list[i], true
		}
	}
	return Operation{}, false
}

func indexOf(list []Operation, number int64) int {
	return slices.IndexFunc(list, func(op Operation) bool { return op.Number == number })
}

// clone returns a State that shares nothing with s that Next would change.
func (s State) clone() State {
	s.Pending = cloneOperations(s.Pending)
	s.Recent = slices.Clone(s.Recent)
	s.Durations = slices.Clone(s.Durations)
	s.Writes = slices.Clone(s.Writes)
	s.Watch = slices.Clone(s.Watch)
	s.Foreign = clonePointer(s.Foreign)
	s.Hold = clonePointer(s.Hold)
	s.Ahead = clonePointer(s.Ahead)
	s.LastLook = clonePointer(s.LastLook)
	if s.Attempt = clonePointer(s.Attempt); s.Attempt != nil {
		s.Attempt.Serves = slices.Clone(s.Attempt.Serves)
		s.Attempt.Named = slices.Clone(s.Attempt.Named)
		s.Attempt.Settle.Known = slices.Clone(s.Attempt.Settle.Known)
		s.Attempt.Candidate = clonePointer(s.Attempt.Candidate)
	}
	return s
}

func cloneOperations(list []Operation) []Operation {
	list = slices.Clone(list)
	for i := range list {
		list[i].Withdrawn = slices.Clone(list[i].Withdrawn)
		list[i].Tries = slices.Clone(list[i].Tries)
		list[i].Objects = slices.Clone(list[i].Objects)
		list[i].Done = slices.Clone(list[i].Done)
	}
	return list
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
