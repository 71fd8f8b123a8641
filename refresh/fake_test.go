package refresh

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

var testModel = machine.Model{
	WorkspaceID: "f089354e-8366-4e18-aea3-4cb4a3a50b48",
	DatasetID:   "cfafbeb1-8037-4d0c-896e-a46fb27ff229",
}

// fakePowerBI accepts every refresh and runs it for a while, one model, in
// virtual time. It notices when two of them overlap.
type fakePowerBI struct {
	length time.Duration
	delay  time.Duration // of every call
	slow   time.Duration // of a POST, besides

	// What the next POST does instead, if set. The hook may return a Lost answer
	// after calling accept: an error, and yet it landed.
	onPost func(p machine.Post, accept func() string) machine.Answer
	onLook func() *machine.Fault

	mu      sync.Mutex
	rows    []*fakeRow
	overlap atomic.Int32
	posts   atomic.Int32
	looks   int
	deletes []string
	warms   int
}

type fakeRow struct {
	id        string
	start     time.Time
	end       time.Time
	cancelled bool
}

func (f *fakePowerBI) Warm(ctx context.Context) error {
	f.mu.Lock()
	f.warms++
	f.mu.Unlock()
	return f.wait(ctx)
}

func (f *fakePowerBI) wait(ctx context.Context) error {
	f.mu.Lock()
	delay := f.delay
	f.mu.Unlock()
	if delay == 0 {
		return nil
	}
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fakePowerBI) Post(ctx context.Context, _ machine.Model, p machine.Post, sendBy time.Time) machine.Answer {
	if !time.Now().Before(sendBy) {
		return machine.Answer{Kind: machine.Unsent, Fault: &machine.Fault{Code: "Late", Message: "too late", Transient: true}}
	}
	f.mu.Lock()
	f.posts.Add(1)
	hook := f.onPost
	f.onPost = nil
	f.mu.Unlock()
	if hook != nil {
		return hook(p, f.accept)
	}
	time.Sleep(f.slow)
	if f.wait(ctx) != nil {
		return machine.Answer{Kind: machine.Lost}
	}
	return machine.Answer{Kind: machine.Accepted, RefreshID: f.accept(), Sent: machine.Enhanced}
}

// accept starts a refresh and returns its id.
func (f *fakePowerBI) accept() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	for _, r := range f.rows {
		if now.Before(r.end) {
			f.overlap.Add(1)
		}
	}
	r := &fakeRow{id: fmt.Sprintf("R%d", len(f.rows)+1), start: now, end: now.Add(f.length)}
	f.rows = append(f.rows, r)
	return r.id
}

func (f *fakePowerBI) Look(ctx context.Context, _ machine.Model, l machine.Look) Observation {
	f.mu.Lock()
	f.looks++
	hook := f.onLook
	f.mu.Unlock()
	if err := f.wait(ctx); err != nil {
		return Observation{Err: &machine.Fault{Code: "Timeout", Message: err.Error()}}
	}
	if hook != nil {
		if fault := hook(); fault != nil {
			return Observation{Err: fault}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := Observation{Date: time.Now().Truncate(time.Second)}
	for i := len(f.rows) - 1; i >= 0; i-- {
		row := f.rows[i].row()
		if row.ID == l.RefreshID {
			return Observation{Detail: true, Rows: []machine.Row{row}, Date: s.Date}
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

func (r *fakeRow) row() machine.Row {
	row := machine.Row{ID: r.id, Type: "ViaEnhancedApi", Start: r.start, State: machine.RowInProgress, Word: "Unknown"}
	if !time.Now().Before(r.end) {
		row.End, row.State, row.Word = r.end, machine.RowCompleted, "Completed"
		if r.cancelled {
			row.State, row.Word = machine.RowCancelled, "Cancelled"
		}
	}
	return row
}

func (f *fakePowerBI) Delete(ctx context.Context, _ machine.Model, d machine.Delete) error {
	f.mu.Lock()
	f.deletes = append(f.deletes, d.RefreshID)
	for _, r := range f.rows {
		if r.id == d.RefreshID && time.Now().Before(r.end) {
			r.end, r.cancelled = time.Now(), true
		}
	}
	f.mu.Unlock()
	return f.wait(ctx)
}

// slowStore makes every call take the same virtual time, so that the time which
// passes counts the round trips that follow one another.
type slowStore struct {
	lease.Store
	trip time.Duration

	mu    sync.Mutex
	calls map[string]int
}

func (s *slowStore) count(name string) {
	s.mu.Lock()
	if s.calls == nil {
		s.calls = map[string]int{}
	}
	s.calls[name]++
	s.mu.Unlock()
	time.Sleep(s.trip)
}

func (s *slowStore) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

func (s *slowStore) counted(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[name]
}

func (s *slowStore) Read(ctx context.Context, name string) (lease.Document, error) {
	s.count("read")
	return s.Store.Read(ctx, name)
}

func (s *slowStore) Create(ctx context.Context, name string, body []byte, meta lease.Meta) (lease.Version, error) {
	s.count("create")
	return s.Store.Create(ctx, name, body, meta)
}

func (s *slowStore) Acquire(ctx context.Context, name, id string, ttl time.Duration) (lease.Grant, error) {
	s.count("acquire")
	return s.Store.Acquire(ctx, name, id, ttl)
}

func (s *slowStore) Write(ctx context.Context, name, id string, base lease.Version, body []byte, meta lease.Meta) (lease.Version, error) {
	s.count("write")
	return s.Store.Write(ctx, name, id, base, body, meta)
}

func (s *slowStore) Release(ctx context.Context, name, id string) error {
	s.count("release")
	return s.Store.Release(ctx, name, id)
}

func newTestCoordinator(store lease.Store, upstream Upstream) *Coordinator {
	return New(Config{Store: store, Upstream: upstream, Keys: NewStatusKeys(store), Rules: machine.DefaultRules()})
}

func wholeModel() Request {
	return Request{Model: testModel, Ask: machine.Ask{
		Shape: machine.Shape{Kind: machine.Auto}, WhenBusy: machine.WhenBusyQueue, Timeout: 12 * time.Hour, MaxAttempts: 3,
	}}
}

func mustTrigger(t *testing.T, c *Coordinator, r Request) Receipt {
	t.Helper()
	receipt, err := c.Trigger(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func mustStatus(t *testing.T, c *Coordinator, id Link) machine.View {
	t.Helper()
	receipt, err := c.Status(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return receipt.View
}

// finish polls as callers do until the operation has ended.
func finish(t *testing.T, c *Coordinator, id Link) machine.View {
	t.Helper()
	for range 10000 {
		v := mustStatus(t, c, id)
		if v.Status.Terminal() {
			return v
		}
		time.Sleep(v.RetryAfter)
	}
	t.Fatal("the operation does not end")
	return machine.View{}
}

func sweep(t *testing.T, c *Coordinator) Report {
	t.Helper()
	r, err := c.Sweep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// bubble runs a test in virtual time, and lets what it leaves behind come to its
// end: leases that are given back, looks that nobody waits for.
func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(t)
		time.Sleep(2 * time.Minute)
	})
}

func flip(b byte) string {
	if b == 'A' {
		return "B"
	}
	return "A"
}

// cancelAll cancels the operation of a link for everybody.
func cancelAll(c *Coordinator) func(context.Context, Link) (Receipt, error) {
	return func(ctx context.Context, l Link) (Receipt, error) {
		id, err := ParseID(l.ID)
		if err != nil {
			return Receipt{}, err
		}
		return c.CancelAll(ctx, id)
	}
}

// emptyDocument is that of a model that nobody has asked for yet.
func emptyDocument(t *testing.T) []byte {
	t.Helper()
	s := machine.NewState(testModel, "0123456789abcdef")
	doc, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
