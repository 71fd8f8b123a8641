package leasetest

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
)

// broken is a store with one defect.
type broken struct {
	*lease.Memory
	read    func(lease.Document, error) (lease.Document, error)
	create  func(ctx context.Context, m *lease.Memory, name string, body []byte, meta lease.Meta) (lease.Version, error)
	acquire func(ctx context.Context, m *lease.Memory, name, id string, ttl time.Duration) (lease.Grant, error)
	write   func(ctx context.Context, m *lease.Memory, name, id string, base lease.Version, body []byte, meta lease.Meta) (lease.Version, error)
	release func(ctx context.Context, m *lease.Memory, name, id string) error
	remove  func(ctx context.Context, m *lease.Memory, name string, base lease.Version) error
	list    func(ctx context.Context, m *lease.Memory, prefix, cursor string, limit int) (lease.Page, error)
}

func (b *broken) Read(ctx context.Context, name string) (lease.Document, error) {
	got, err := b.Memory.Read(ctx, name)
	if b.read != nil {
		return b.read(got, err)
	}
	return got, err
}

func (b *broken) Create(ctx context.Context, name string, body []byte, meta lease.Meta) (lease.Version, error) {
	if b.create != nil {
		return b.create(ctx, b.Memory, name, body, meta)
	}
	return b.Memory.Create(ctx, name, body, meta)
}

func (b *broken) Acquire(ctx context.Context, name, id string, ttl time.Duration) (lease.Grant, error) {
	if b.acquire != nil {
		return b.acquire(ctx, b.Memory, name, id, ttl)
	}
	return b.Memory.Acquire(ctx, name, id, ttl)
}

func (b *broken) Write(ctx context.Context, name, id string, base lease.Version, body []byte, meta lease.Meta) (lease.Version, error) {
	if b.write != nil {
		return b.write(ctx, b.Memory, name, id, base, body, meta)
	}
	return b.Memory.Write(ctx, name, id, base, body, meta)
}

func (b *broken) Release(ctx context.Context, name, id string) error {
	if b.release != nil {
		return b.release(ctx, b.Memory, name, id)
	}
	return b.Memory.Release(ctx, name, id)
}

func (b *broken) Delete(ctx context.Context, name string, base lease.Version) error {
	if b.remove != nil {
		return b.remove(ctx, b.Memory, name, base)
	}
	return b.Memory.Delete(ctx, name, base)
}

func (b *broken) List(ctx context.Context, prefix, cursor string, limit int) (lease.Page, error) {
	if b.list != nil {
		return b.list(ctx, b.Memory, prefix, cursor, limit)
	}
	return b.Memory.List(ctx, prefix, cursor, limit)
}

// TestSuiteCatches runs the suite on stores with one defect each, which it must
// name.
func TestSuiteCatches(t *testing.T) {
	t.Parallel()
	for _, d := range defects {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			failed := failures(t, func() lease.Store {
				b := d.store
				b.Memory = lease.NewMemory()
				return &b
			})
			if len(failed) == 0 {
				t.Fatalf("the suite passes")
			}
			for _, name := range d.caught {
				if !failed[name] {
					t.Errorf("%q passes; only these fail: %v", name, failed)
				}
			}
		})
	}
}

// TestSuitePasses shows that the way failures are collected does not make them.
func TestSuitePasses(t *testing.T) {
	t.Parallel()
	if failed := failures(t, func() lease.Store { return lease.NewMemory() }); len(failed) > 0 {
		t.Fatalf("the suite fails on Memory: %v", failed)
	}
}

// failures runs every check on a new store and returns the names of those that fail.
func failures(t *testing.T, open func() lease.Store) map[string]bool {
	t.Helper()
	failed := make(map[string]bool)
	for _, c := range slices.Concat(expiryChecks, promptChecks()) {
		synctest.Test(t, func(t *testing.T) {
			watched := &recorder{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				c.run(watched, &subject{Store: open(), grace: time.Second})
			}()
			<-done
			time.Sleep(lease.Outlast) // what sections release in the background
			if watched.failed {
				failed[c.name] = true
			}
		})
	}
	return failed
}

// recorder is a testing.TB that notes a failure and does not pass it on.
type recorder struct {
	testing.TB
	mu     sync.Mutex
	failed bool
}

func (r *recorder) Fatalf(string, ...any) {
	r.mu.Lock()
	r.failed = true
	r.mu.Unlock()
	runtime.Goexit()
}

func TestNamesOfChecksAreUnique(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, c := range slices.Concat(expiryChecks, promptChecks()) {
		if seen[c.name] || !strings.Contains(c.name, "/") {
			t.Errorf("check %q: want a unique name of the form topic/sentence", c.name)
		}
		seen[c.name] = true
	}
}
