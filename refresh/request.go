package refresh

import (
	"context"
	"time"

	"pbirefresh/refresh/machine"
)

// Request is a caller's request, validated.
type Request struct {
	Model machine.Model
	Ask   machine.Ask
	Key   machine.Key // zero: each time it arrives it is another request
	// Owner names the caller among those who share the model's queue; empty: the request
	// counts towards no one's share. It is stored as a digest.
	Owner string
	// Admitted is called with the operation that the request has, as soon as that is saved and
	// while Power BI is being asked; may be nil. Trigger returns after it, and with its
	// error.
	Admitted func(ctx context.Context, a Admission) error
}

// Admission is the operation that a request has.
type Admission struct {
	Epoch   string
	Number  int64
	Created time.Time // zero: the request was admitted before, with the same key
}

// DefaultLinkLife is how long a status URL is good after the end of its operation.
const DefaultLinkLife = 30 * 24 * time.Hour

// Receipt is what a caller holds: the id of its operation, the signature that gives
// access to it, and how it stands.
type Receipt struct {
	ID       string
	Sig      string // empty for who is no caller of the operation
	View     machine.View
	Replayed bool // a request of the same key came first, and has the same id and nonce

	access access
}

// Caller is the nonce that names the caller among those who share the operation. It is
// a secret as long as a status key signs.
func (r Receipt) Caller() string { return r.access.Nonce }

// Link is what the caller's status URL carries.
func (r Receipt) Link() Link { return Link{ID: r.ID, Sig: r.Sig} }
