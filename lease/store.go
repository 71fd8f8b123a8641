package lease

import (
	"context"
	"errors"
	"time"
)

// Outcomes that callers decide by. Implementations wrap them; test with
// [errors.Is]. Any other error means: not done, and the text says why.
var (
	// ErrNotFound: there is no document of that name.
	ErrNotFound = errors.New("lease: no such document")
	// ErrExists: Create found a document of that name.
	ErrExists = errors.New("lease: document exists")
	// ErrHeld: another holder has the lease.
	ErrHeld = errors.New("lease: held by another")
	// ErrLost: the write was refused because the lease or the version that it
	// named is not current any more. Nothing was written.
	ErrLost = errors.New("lease: lost")
	// ErrUnknown: the request was sent and no answer settles whether it landed, or
	// still will. It says nothing about the storage: the caller tries again as long as
	// it has time. A Create, a Write and an Acquire need care; every other operation
	// can simply be repeated.
	ErrUnknown = errors.New("lease: outcome unknown")
)

// Version identifies one state of a document. It is opaque; equal versions mean
// equal bodies and metadata.
type Version string

// Meta is what a document says about itself without being read whole. Keys are
// lower case; a write replaces all of it. It may be lost or altered by others,
// so nothing that safety needs may live only here.
type Meta map[string]string

// Document is one read of a document.
type Document struct {
	Body    []byte
	Meta    Meta
	Version Version
	Date    time.Time // the storage service's clock when it answered

	// Endless reports a lease without an end. No section takes one: it is of another
	// tool or of a person, and only breaking it frees the document.
	Endless bool
}

// Grant is the answer to an Acquire.
type Grant struct {
	Version Version   // the document's version while leased: no acquire changes it
	Date    time.Time // the storage service's clock when it answered

	// Answered is nil if every try of this acquire was answered by the time it
	// returned. Otherwise a try may land later, after a release too; Answered is
	// closed when none can any more, if that becomes known. It is there beside an
	// error as well.
	Answered <-chan struct{}
}

// Entry is one row of a List.
type Entry struct {
	Name    string
	Meta    Meta // nil if the service returned none
	Version Version
	Endless bool // see [Document]
}

// Page is one page of a List, in name order. Next is empty on the last one.
type Page struct {
	Entries []Entry
	Next    string
	Date    time.Time // the storage service's clock when it answered
}

// Store is where documents live. All methods may be called concurrently, honour
// ctx, and are strongly consistent: a read sent after a write was answered sees
// it. Read, Acquire, Release, Delete and List may retry inside an implementation;
// Create and Write must not.
type Store interface {
	// Read returns the document, or ErrNotFound. No lease is needed.
	Read(ctx context.Context, name string) (Document, error)

	// Create writes a document that must not exist yet, else ErrExists. The
	// document has no lease afterwards.
	Create(ctx context.Context, name string, body []byte, meta Meta) (Version, error)

	// Acquire takes the document's lease under id for ttl (15 to 60 s, the
	// service's limits). ErrHeld if another id has it, ErrNotFound without a
	// document. The same id again succeeds and restarts the time, which makes a
	// retry after a lost answer safe: an id is a bearer secret and is used for
	// one acquire only. See [NewID]. An acquire with a try that was not answered is
	// ErrUnknown unless it succeeds, whatever the last try was answered: see [Grant].
	Acquire(ctx context.Context, name, id string, ttl time.Duration) (Grant, error)

	// Write replaces body and metadata if id holds the lease and the version is
	// still base, else ErrLost. It neither ends nor prolongs the lease.
	Write(ctx context.Context, name, id string, base Version, body []byte, meta Meta) (Version, error)

	// Release ends the lease if id holds it. A lease that is not id's any more,
	// or a document that is gone, is success: a nil error confirms that no later
	// write under id can land.
	Release(ctx context.Context, name, id string) error

	// Delete removes the document if its version is still base and nobody holds
	// its lease, else ErrLost. A document that is gone is success. A nil error
	// confirms that the document as it was at base is no more; a new one of that
	// name has another version, so a repeat cannot hit it.
	Delete(ctx context.Context, name string, base Version) error

	// List returns at most limit documents whose names begin with prefix,
	// after the cursor that an earlier page returned ("" to begin).
	List(ctx context.Context, prefix, cursor string, limit int) (Page, error)

	// Ping tells whether the store can be used with the present settings and
	// permissions, in words that name the setting or the role to change.
	Ping(ctx context.Context) error
}
