package simulation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"pbirefresh/lease"
)

// disk is the storage service: one memory store, whose writes the oracle sees in
// the order in which they land.
type disk struct {
	*lease.Memory
	mu     sync.Mutex
	oracle *oracle
	clock  *clock // of the service
}

func (d *disk) date(t time.Time) time.Time { return t.Add(d.clock.off()) }

func (d *disk) create(ctx context.Context, by, name string, body []byte, meta lease.Meta) (lease.Version, error) {
	if d.oracle.w.sabotage == muddled && strings.HasPrefix(name, "archive/") {
		body = bytes.ReplaceAll(body, []byte(`"phase":"succeeded"`), []byte(`"phase":"failed"`))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.Create(ctx, name, body, meta)
	if err == nil {
		d.oracle.wrote(by, name, body, meta)
	}
	return v, err
}

func (d *disk) write(ctx context.Context, by, name, id string, base lease.Version, body []byte, meta lease.Meta) (lease.Version, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.oracle.w.sabotage {
	case asleep:
		meta = lease.Meta{"due": "never"}
	case late:
		meta = lease.Meta{"due": d.date(time.Now().Add(time.Hour)).UTC().Format(time.RFC3339Nano)}
	case honest, unfenced, eager, rude, hopeful, blind, careless, muddled:
	}
	v, err := d.Write(ctx, name, id, base, body, meta)
	if err != nil && d.oracle.w.sabotage == unfenced {
		v, err = d.Overwrite(name, body, meta), nil
	}
	if err == nil {
		d.oracle.wrote(by, name, body, meta)
	}
	return v, err
}

// wipe loses the metadata of a document, as a copy by hand would.
func (d *disk) wipe(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if doc, err := d.Read(context.Background(), name); err == nil {
		d.Overwrite(name, doc.Body, nil)
	}
}

// store is the storage service as one process reaches it.
type store struct{ p *process }

var _ lease.Store = (*store)(nil)

// over sends a call over the process's network. After the schedule the calls of a
// dead process go to its limbo, so that its goroutines come to an end.
func over[T any](ctx context.Context, s *store, kind, name string, apply func(context.Context) (T, error), limbo func(context.Context, lease.Store) (T, error)) (T, error) {
	p := s.p
	f := p.roll(kind, name)
	if f.kind != "" {
		p.w.cover.hit("store %s: %s", kind, f.kind)
		p.w.trace.add(p.name, "store %s %s: %s", kind, name, f.kind)
	}
	v, err := through(ctx, p, "store "+kind, f, lease.ErrUnknown, apply)
	if errors.Is(err, errDead) {
		<-p.w.over
		return limbo(ctx, p.limbo)
	}
	return v, err
}

// Read implements lease.Store.
func (s *store) Read(ctx context.Context, name string) (lease.Document, error) {
	return over(ctx, s, "read", name, func(ctx context.Context) (lease.Document, error) {
		doc, err := s.p.w.disk.Read(ctx, name)
		doc.Date = s.p.w.disk.date(doc.Date)
		return doc, err
	}, func(ctx context.Context, m lease.Store) (lease.Document, error) { return m.Read(ctx, name) })
}

// Create implements lease.Store.
func (s *store) Create(ctx context.Context, name string, body []byte, meta lease.Meta) (lease.Version, error) {
	return over(ctx, s, "create", name, func(ctx context.Context) (lease.Version, error) {
		return s.p.w.disk.create(ctx, s.p.name, name, body, meta)
	}, func(ctx context.Context, m lease.Store) (lease.Version, error) {
		return m.Create(ctx, name, body, meta)
	})
}

// Acquire implements lease.Store.
func (s *store) Acquire(ctx context.Context, name, id string, ttl time.Duration) (lease.Grant, error) {
	s.p.entered(name)
	return over(ctx, s, "acquire", name, func(ctx context.Context) (lease.Grant, error) {
		grant, err := s.p.w.disk.Acquire(ctx, name, id, ttl)
		grant.Date = s.p.w.disk.date(grant.Date)
		return grant, err
	}, func(ctx context.Context, m lease.Store) (lease.Grant, error) { return m.Acquire(ctx, name, id, ttl) })
}

// Write implements lease.Store.
func (s *store) Write(ctx context.Context, name, id string, base lease.Version, body []byte, meta lease.Meta) (lease.Version, error) {
	s.p.wrote()
	if s.p.alive() && s.p.distrusted(name) {
		return "", fmt.Errorf("%w: the lease's trust window ended before the write was sent", lease.ErrLost)
	}
	return over(ctx, s, "write", name, func(ctx context.Context) (lease.Version, error) {
		return s.p.w.disk.write(ctx, s.p.name, name, id, base, body, meta)
	}, func(ctx context.Context, m lease.Store) (lease.Version, error) {
		return m.Write(ctx, name, id, base, body, meta)
	})
}

// Release implements lease.Store.
func (s *store) Release(ctx context.Context, name, id string) error {
	_, err := over(ctx, s, "release", name, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.p.w.disk.Release(ctx, name, id)
	}, func(ctx context.Context, m lease.Store) (struct{}, error) {
		return struct{}{}, m.Release(ctx, name, id)
	})
	return err
}

// Delete implements lease.Store.
func (s *store) Delete(ctx context.Context, name string, base lease.Version) error {
	_, err := over(ctx, s, "delete", name, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.p.w.disk.Delete(ctx, name, base)
	}, func(ctx context.Context, m lease.Store) (struct{}, error) {
		return struct{}{}, m.Delete(ctx, name, base)
	})
	return err
}

// List implements lease.Store.
func (s *store) List(ctx context.Context, prefix, cursor string, limit int) (lease.Page, error) {
	return over(ctx, s, "list", prefix, func(ctx context.Context) (lease.Page, error) {
		page, err := s.p.w.disk.List(ctx, prefix, cursor, limit)
		page.Date = s.p.w.disk.date(page.Date)
		return page, err
	}, func(ctx context.Context, m lease.Store) (lease.Page, error) {
		return m.List(ctx, prefix, cursor, limit)
	})
}

// Ping implements lease.Store.
func (s *store) Ping(ctx context.Context) error { return s.p.w.disk.Ping(ctx) }
