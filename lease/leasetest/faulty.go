package leasetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"pbirefresh/lease"
)

// Faulty is a lease.Store in front of another, with faults on demand and a
// record of the calls. Use [NewFaulty]. All methods may be called concurrently,
// also while operations run.
type Faulty struct {
	next lease.Store

	mu     sync.Mutex
	hooks  map[Op]Hook
	delays map[Op]delay
	calls  []Call
	counts map[Op]int
}

var _ lease.Store = (*Faulty)(nil)

type delay struct{ before, after time.Duration }

// NewFaulty returns a store that passes everything on to next.
func NewFaulty(next lease.Store) *Faulty {
	return &Faulty{next: next, hooks: make(map[Op]Hook), delays: make(map[Op]delay), counts: make(map[Op]int)}
}

// On sets the hook of an operation; nil takes it away.
func (f *Faulty) On(op Op, hook Hook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks[op] = hook
}

// Delay makes an operation take time: before it reaches the store, where it has
// no effect yet, and after, where it has. A caller whose ctx ends meanwhile goes
// away with an unknown outcome. A call that ends in the time before is never applied;
// use [Late] for one that still is.
func (f *Faulty) Delay(op Op, before, after time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delays[op] = delay{before, after}
}

// Count returns how many calls of op there were.
func (f *Faulty) Count(op Op) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[op]
}

// Total returns how many calls there were.
func (f *Faulty) Total() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

// Calls returns the calls so far, in the order in which they arrived.
func (f *Faulty) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// Reset forgets the calls and begins to count at zero. Hooks and delays stay.
func (f *Faulty) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
	clear(f.counts)
}

// arrive records a call and returns it numbered, with what is set for its operation.
func (f *Faulty) arrive(call Call) (Call, Hook, delay) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[call.Op]++
	call.N = f.counts[call.Op]
	f.calls = append(f.calls, call)
	hook := f.hooks[call.Op]
	if hook == nil {
		hook = Pass
	}
	return call, hook, f.delays[call.Op]
}

// through takes one call through delays and hook to the store.
func through[T any](ctx context.Context, f *Faulty, call Call, apply func(context.Context) (T, error)) (T, error) {
	var none T
	call.Land = func(ctx context.Context) error {
		_, err := apply(ctx)
		return err
	}
	call, hook, wait := f.arrive(call)
	if err := pause(ctx, wait.before); err != nil {
		return none, err
	}
	land, fault := hook(call)
	if !land && fault == nil {
		return none, errNothing
	}
	if !land {
		return none, fault
	}
	got, err := apply(ctx)
	if fault != nil {
		return none, fault
	}
	if err := pause(ctx, wait.after); err != nil {
		return none, err
	}
	return got, err
}

// pause waits for d, or until ctx ends: then the caller cannot know what became
// of its call.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
	}
	return fmt.Errorf("%w: %w", lease.ErrUnknown, ctx.Err())
}

// Read implements lease.Store.
func (f *Faulty) Read(ctx context.Context, name string) (lease.Document, error) {
	call := Call{Op: OpRead, Name: name}
	return through(ctx, f, call, func(ctx context.Context) (lease.Document, error) {
		return f.next.Read(ctx, name)
	})
}

// Create implements lease.Store.
func (f *Faulty) Create(ctx context.Context, name string, body []byte, meta lease.Meta) (lease.Version, error) {
	call := Call{Op: OpCreate, Name: name, Body: body, Meta: meta}
	return through(ctx, f, call, func(ctx context.Context) (lease.Version, error) {
		return f.next.Create(ctx, name, body, meta)
	})
}

// Acquire implements lease.Store.
func (f *Faulty) Acquire(ctx context.Context, name, id string, ttl time.Duration) (lease.Grant, error) {
	call := Call{Op: OpAcquire, Name: name, ID: id}
	return through(ctx, f, call, func(ctx context.Context) (lease.Grant, error) {
		return f.next.Acquire(ctx, name, id, ttl)
	})
}

// Write implements lease.Store.
func (f *Faulty) Write(ctx context.Context, name, id string, base lease.Version, body []byte, meta lease.Meta) (lease.Version, error) {
	call := Call{Op: OpWrite, Name: name, ID: id, Base: base, Body: body, Meta: meta}
	return through(ctx, f, call, func(ctx context.Context) (lease.Version, error) {
		return f.next.Write(ctx, name, id, base, body, meta)
	})
}

// Release implements lease.Store.
func (f *Faulty) Release(ctx context.Context, name, id string) error {
	call := Call{Op: OpRelease, Name: name, ID: id}
	_, err := through(ctx, f, call, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, f.next.Release(ctx, name, id)
	})
	return err
}

// Delete implements lease.Store.
func (f *Faulty) Delete(ctx context.Context, name string, base lease.Version) error {
	call := Call{Op: OpDelete, Name: name, Base: base}
	_, err := through(ctx, f, call, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, f.next.Delete(ctx, name, base)
	})
	return err
}

// List implements lease.Store.
func (f *Faulty) List(ctx context.Context, prefix, cursor string, limit int) (lease.Page, error) {
	call := Call{Op: OpList, Name: prefix}
	return through(ctx, f, call, func(ctx context.Context) (lease.Page, error) {
		return f.next.List(ctx, prefix, cursor, limit)
	})
}

// Ping implements lease.Store.
func (f *Faulty) Ping(ctx context.Context) error {
	_, err := through(ctx, f, Call{Op: OpPing}, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, f.next.Ping(ctx)
	})
	return err
}
