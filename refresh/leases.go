package refresh

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"pbirefresh/lease"
)

// LeaseError reports that others kept the lease of a model's state document for as long as
// a caller waits, or that the lease has no end.
type LeaseError struct {
	Blob    string    // the state document
	Since   time.Time // when this process first found it held; the zero time: it was not seen held
	Endless bool      // another tool, or a person, took it: no instance of this app takes a lease without an end
}

func (e *LeaseError) Error() string {
	who := "by other holders"
	if e.Endless {
		who = "by somebody else, without an end"
	}
	text := "the lease of the blob " + e.Blob + " is held " + who
	if !e.Since.IsZero() {
		text += ", since " + e.Since.UTC().Format(time.RFC3339) + " or before"
	}
	return text
}

// Remedy returns what to do about it.
func (e *LeaseError) Remedy() string {
	command := "az storage blob lease break --auth-mode login --account-name ACCOUNT --container-name CONTAINER --blob-name " + e.Blob
	if e.Endless {
		return "No instance of this app takes such a lease. Find out who did, and break it: " + command
	}
	return "If it does not end within a minute, find out who holds it, and break it: " + command
}

// Is reports whether target is errContended: other instances do the work meanwhile.
func (e *LeaseError) Is(target error) bool { return target == errContended && !e.Endless }

// errContended: other processes kept the lease for as long as a job waits.
var errContended = errors.New("the model's lease was held by others")

// contended is the answer to a job that waits no longer.
func (q *queue) contended() error {
	q.mu.Lock()
	since := q.heldBy
	q.mu.Unlock()
	name := StateName(q.model)
	if first, endless := q.c.leases.since(name); endless {
		return unavailable(&LeaseError{Blob: name, Since: first, Endless: true})
	}
	return unavailable(&LeaseError{Blob: name, Since: since})
}

// met records that another holder has the lease.
func (q *queue) met(held *lease.HeldError) {
	q.mu.Lock()
	if q.heldBy.IsZero() {
		q.heldBy = time.Now()
	}
	q.mu.Unlock()
	if held.Doc.Version != "" {
		q.c.leases.note(StateName(q.model), held.Doc.Endless)
	}
}

// entered records that this process has the lease.
func (q *queue) entered() {
	q.mu.Lock()
	q.heldBy = time.Time{}
	q.mu.Unlock()
	q.c.leases.note(StateName(q.model), false)
}

// endlessLeases are the state documents whose lease has no end, and when this process
// first saw that.
type endlessLeases struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

// note keeps what was seen of a document's lease, and returns since when it has no end.
func (l *endlessLeases) note(name string, endless bool) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !endless {
		delete(l.seen, name)
		return time.Time{}
	}
	if l.seen == nil {
		l.seen = map[string]time.Time{}
	}
	if l.seen[name].IsZero() {
		l.seen[name] = time.Now()
	}
	return l.seen[name]
}

func (l *endlessLeases) since(name string) (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, endless := l.seen[name]
	return at, endless
}

// CheckLeases returns an error that names the state documents whose lease somebody else
// holds without an end: their models cannot be refreshed.
func (c *Coordinator) CheckLeases(ctx context.Context) error {
	found := map[string]*LeaseError{}
	for cursor := ""; ; {
		page, err := c.cfg.Store.List(ctx, statePrefix, cursor, lease.MaxPage)
		if err != nil {
			return err
		}
		for _, e := range page.Entries {
			if since := c.leases.note(e.Name, e.Endless); e.Endless {
				found[e.Name] = &LeaseError{Blob: e.Name, Since: since, Endless: true}
			}
		}
		if cursor = page.Next; cursor == "" {
			return leaseErrors(found)
		}
	}
}

const leasesNamed = 5 // in one message

func leaseErrors(found map[string]*LeaseError) error {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if len(texts) == leasesNamed {
			texts = append(texts, fmt.Sprintf("and %d more", len(found)-leasesNamed))
			break
		}
		texts = append(texts, found[name].Error()+". "+found[name].Remedy())
	}
	if len(texts) == 0 {
		return nil
	}
	return errors.New(strings.Join(texts, "; "))
}
