package machine

import "time"

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
	Until  time.Time `json:"until"`  // the sender may still answer until then; no other process resolves

	RefreshID string    `json:"refreshId,omitempty"`
	Named     []string  `json:"named,omitempty"`   // ids in an answer that was neither yes nor no: see ids
	Adopted   bool      `json:"adopted,omitempty"` // the id comes from the history, not from a 202: never DELETE it
	ByID      bool      `json:"byId,omitempty"`    // adopted, and by an id: nothing is left to settle
	Accepted  time.Time `json:"accepted,omitzero"` // storage time of the 202
	Started   time.Time `json:"started,omitzero"`  // Power BI's time
	Seen      bool      `json:"seen,omitempty"`    // Power BI has shown it once
	Deleted   bool      `json:"deleted,omitempty"` // a DELETE was sent
	Ambiguous bool      `json:"weighed,omitempty"` // earlier rows could be its refresh: none is adopted any more
	Again     bool      `json:"again,omitempty"`   // it came back from the watch list without a name

	Reply     *Fault     `json:"reply,omitempty"`     // the answer that was neither yes nor no
	Candidate *Candidate `json:"candidate,omitempty"` // a row whose details may show that it is ours

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
	Known []string  `json:"known,omitempty"` // ended rows that could be ours

	Until  time.Time `json:"until,omitzero"`   // the outcome is not settled before
	Looked bool      `json:"looked,omitempty"` // the history was read
	AtWork bool      `json:"atWork,omitempty"` // and showed a refresh at work, the last time

	Unknown Unknown `json:"-"`
}

// Candidate is the row whose details are to be read.
type Candidate struct {
	RefreshID string `json:"refreshId"`
	Again     int    `json:"again,omitempty"` // how often a history came instead of its details
	Same      bool   `json:"same,omitempty"`  // the details show what was asked for

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

// Hold prevents a POST before a time.
type Hold struct {
	Since  time.Time  `json:"since"`
	Until  time.Time  `json:"until"`
	Reason HoldReason `json:"reason"`
	Detail string     `json:"detail,omitempty"` // for people
	Words  string     `json:"words,omitempty"`  // of the answer because of which nothing was sent
	Cause  HoldReason `json:"cause,omitempty"`  // more exactly than Reason

	Unknown Unknown `json:"-"`
}

// Abandoned is an attempt whose outcome stayed unknown. Power BI may still show its refresh:
// then it is the model's attempt again, and serves the operations that still wait for it.
type Abandoned struct {
	Txn       string    `json:"txn"`
	RefreshID string    `json:"refreshId,omitempty"` // from a 202; empty: there was none
	Named     []string  `json:"named,omitempty"`     // as those of the attempt
	Found     string    `json:"found,omitempty"`     // the id of its row, if it was in no 202
	Kind      Kind      `json:"kind,omitempty"`
	Intent    time.Time `json:"intent"`
	Until     time.Time `json:"until"`              // it is forgotten then if it has not appeared
	Ambiguous bool      `json:"weighed,omitempty"`  // ended rows could be its refresh: none is adopted any more
	Appeared  bool      `json:"appeared,omitempty"` // it occupies the model as soon as no other attempt does

	Unknown Unknown `json:"-"`
}
