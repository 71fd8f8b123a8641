package lease

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory is a [Store] in this process's memory, for tests and for a development
// run without storage. It keeps the semantics of the service, down to the date
// in whole seconds, except that an expired lease is free at once. It starts no
// goroutine and reads only time.Now, so it works inside a testing/synctest
// bubble. Use [NewMemory]. Its methods may be called concurrently.
type Memory struct {
	mu     sync.Mutex
	docs   map[string]*record
	writes uint64 // numbers the versions, so that each is used once
}

var _ Store = (*Memory)(nil)

// record is a stored document with its lease.
type record struct {
	body    []byte
	meta    Meta
	version Version
	holder  string    // id of the last lease; "" after a release
	until   time.Time // when that lease ends; zero for a foreign lease, which has no end
}

// foreign is the holder of a lease without an end.
const foreign = "another tool"

// leasedTo returns the id that holds the lease, or "" if the document is free.
func (r *record) leasedTo() string {
	if r.holder != foreign && !time.Now().Before(r.until) {
		return ""
	}
	return r.holder
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{docs: make(map[string]*record)} }

// Read implements [Store].
func (m *Memory) Read(ctx context.Context, name string) (Document, error) {
	if err := cmp.Or(ctx.Err(), CheckName(name)); err != nil {
		return Document{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.docs[name]
	if !ok {
		return Document{}, fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	return Document{Body: bytes.Clone(r.body), Meta: maps.Clone(r.meta), Version: r.version, Date: date(), Endless: r.holder == foreign}, nil
}

// Create implements [Store].
func (m *Memory) Create(ctx context.Context, name string, body []byte, meta Meta) (Version, error) {
	if err := cmp.Or(ctx.Err(), CheckName(name), CheckMeta(meta)); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.docs[name]; ok {
		return "", fmt.Errorf("%w: %s", ErrExists, name)
	}
	return m.put(name, &record{}, body, meta), nil
}

// Acquire implements [Store].
func (m *Memory) Acquire(ctx context.Context, name, id string, ttl time.Duration) (Grant, error) {
	if err := cmp.Or(ctx.Err(), CheckName(name), CheckAcquire(id, ttl)); err != nil {
		return Grant{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.docs[name]
	if !ok {
		return Grant{}, fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	if holder := r.leasedTo(); holder != "" && holder != id {
		return Grant{}, fmt.Errorf("%w: %s", ErrHeld, name)
	}
	r.holder, r.until = id, time.Now().Add(ttl)
	return Grant{Version: r.version, Date: date()}, nil
}

// Write implements [Store].
func (m *Memory) Write(ctx context.Context, name, id string, base Version, body []byte, meta Meta) (Version, error) {
	if err := cmp.Or(ctx.Err(), CheckName(name), CheckMeta(meta)); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.docs[name]
	switch {
	case !ok:
		return "", fmt.Errorf("%w: %s is gone", ErrLost, name)
	case id == "" || r.leasedTo() != id:
		return "", fmt.Errorf("%w: %s is not leased under this id", ErrLost, name)
	case r.version != base:
		return "", fmt.Errorf("%w: %s has another version", ErrLost, name)
	}
	return m.put(name, r, body, meta), nil
}

// put stores body and meta into r under a new version, and r under name.
func (m *Memory) put(name string, r *record, body []byte, meta Meta) Version {
	m.writes++
	r.version = Version("m" + strconv.FormatUint(m.writes, 10))
	r.body, r.meta = bytes.Clone(body), maps.Clone(meta)
	m.docs[name] = r
	return r.version
}

// Release implements [Store].
func (m *Memory) Release(ctx context.Context, name, id string) error {
	if err := cmp.Or(ctx.Err(), CheckName(name)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.docs[name]; ok && r.holder == id {
		r.holder, r.until = "", time.Time{}
	}
	return nil
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, name string, base Version) error {
	if err := cmp.Or(ctx.Err(), CheckName(name)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.docs[name]
	switch {
	case base == "":
		return fmt.Errorf("%w: the deletion of %s names no version", ErrLost, name)
	case !ok:
		return nil
	case r.leasedTo() != "":
		return fmt.Errorf("%w: %s is leased", ErrLost, name)
	case r.version != base:
		return fmt.Errorf("%w: %s has another version", ErrLost, name)
	}
	delete(m.docs, name)
	return nil
}

// List implements [Store]. Its cursor is the last name returned.
func (m *Memory) List(ctx context.Context, prefix, cursor string, limit int) (Page, error) {
	limit, err := CheckLimit(limit)
	if err := cmp.Or(ctx.Err(), err); err != nil {
		return Page{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	page := Page{Date: date()}
	for _, name := range slices.Sorted(maps.Keys(m.docs)) {
		if name <= cursor || !strings.HasPrefix(name, prefix) {
			continue
		}
		if len(page.Entries) == limit {
			page.Next = page.Entries[limit-1].Name
			break
		}
		r := m.docs[name]
		page.Entries = append(page.Entries, Entry{Name: name, Meta: maps.Clone(r.meta), Version: r.version, Endless: r.holder == foreign})
	}
	return page, nil
}

// Ping implements [Store].
func (m *Memory) Ping(ctx context.Context) error { return ctx.Err() }

// Seize takes a lease without an end, as another tool may, and Break ends it. Neither is
// part of Store.
func (m *Memory) Seize(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.docs[name]; ok {
		r.holder, r.until = foreign, time.Time{}
	}
}

// Break ends the lease of a document, whatever its id.
func (m *Memory) Break(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.docs[name]; ok {
		r.holder, r.until = "", time.Time{}
	}
}

// Remove deletes a document, leased or not, as an operator can who breaks the lease
// first. It is not part of Store.
func (m *Memory) Remove(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.docs, name)
}

// Overwrite replaces or creates a document without any condition and ends its lease, as
// an operator can who edits it by hand. It is not part of Store.
func (m *Memory) Overwrite(name string, body []byte, meta Meta) Version {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.put(name, &record{}, body, meta)
}

// date is the service's clock as HTTP shows it: whole seconds, UTC.
func date() time.Time { return time.Now().UTC().Truncate(time.Second) }
