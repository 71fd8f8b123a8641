package machine

import "time"

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

// Unlisted reports a defect of this program: the event would have made a transition that
// the table does not list. Nothing of the event was applied, and no other effect goes with
// it.
type Unlisted struct{ Kind, From, Event, To string }

func (u Unlisted) Error() string {
	return "the table of transitions does not let " + u.Event + " change the " + u.Kind + " from " + u.From + " to " + u.To
}

func (Admit) effect() {}

func (Refuse) effect() {}

func (Post) effect() {}

func (Look) effect() {}

func (Delete) effect() {}

func (Archive) effect()  {}
func (Unlisted) effect() {}
