package lease

import (
	"context"
	"errors"
	"time"
)

// Outcomes that callers distinguish. Implementations wrap them; test with [errors.Is].
// Any other error means that nothing was done, and its text gives the reason.
var (
	// ErrNotFound: there is no document with that name.
	ErrNotFound = errors.New("lease: no such document")
	// ErrExists: Create found a document with that name.
	ErrExists = errors.New("lease: document exists")
	// ErrHeld: another holder has the lease.
	ErrHeld = errors.New("lease: held by another")
	// ErrLost: the write was refused because its lease or version is no longer current.
	// Nothing was written.
	ErrLost = errors.New("lease: lost")
	// ErrUnknown: the request was sent and has no answer. It may have landed, or may land
	// later. The caller tries again as long as it has time. Create, Write and Acquire need
	// care (see Store); every other operation can be repeated.
	ErrUnknown = errors.New("lease: outcome unknown")
)

// Version identifies one state of a document. It is opaque; equal versions mean
// equal bodies and metadata.
type Version string

// Meta is the metadata of a document, which a List returns without the body. Keys are
// lower case; a write replaces all of it. Other tools may remove or alter it, so it must
// hold nothing that safety depends on.
type Meta map[string]string

// Document is one read of a document.
type Document struct {
	Body    []byte
	Meta    Meta
	Version Version
	Date    time.Time // the storage service's clock when it answered

	// Endless reports a lease without an end. Sections take none: another tool or a person
	// did, and only breaking the lease frees the document.
	Endless bool
}

// Grant is the answer to an Acquire.
type Grant struct {
	Version Version   // the document's version while leased: no acquire changes it
	Date    time.Time // the storage service's clock when it answered

	// Answered is nil if every request of this acquire was answered before it returned.
	// Otherwise a request may land later, also after a release; Answered is closed when
	// none can any more, if that becomes known. It is set beside an error as well.
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
	// retry after a lost answer safe: an id is a bearer secret and is used for one acquire
	// only. See [NewID]. An acquire with an unanswered request returns ErrUnknown unless it
	// succeeds, whatever the answer to its last request was: see [Grant].
	Acquire(ctx context.Context, name, id string, ttl time.Duration) (Grant, error)

	// Write replaces body and metadata if id holds the lease and the version is
	// still base, else ErrLost. It neither ends nor prolongs the lease.
	Write(ctx context.Context, name, id string, base Version, body []byte, meta Meta) (Version, error)

	// Release ends the lease if id holds it. It succeeds also if id no longer holds the
	// lease or the document is gone: a nil error confirms that no later write under id can
	// land.
	Release(ctx context.Context, name, id string) error

	// Delete removes the document if its version is still base and it has no lease, else
	// ErrLost. It succeeds if the document is gone. A nil error confirms that version base
	// no longer exists; a new document of that name has another version, so a repeated
	// Delete cannot remove it.
	Delete(ctx context.Context, name string, base Version) error

	// List returns at most limit documents whose names begin with prefix,
	// after the cursor that an earlier page returned ("" to begin).
	List(ctx context.Context, prefix, cursor string, limit int) (Page, error)

	// Ping reports whether the store can be used with the present settings and permissions.
	// Its error names the setting or the role to change.
	Ping(ctx context.Context) error
}
