package leasetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
)

var errCut = errors.New("the connection was cut")

// TestFaultyConforms: without hooks it is the store behind it.
func TestFaultyConforms(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) lease.Store { return NewFaulty(lease.NewMemory()) }, Options{Bubble: true})
}

// TestFaultyWrites: each kind of fault, and what is stored afterwards.
func TestFaultyWrites(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		hook Hook
		want error
		body string
	}{
		{"no hook", nil, nil, "two"},
		{"passed", Pass, nil, "two"},
		{"not sent", NotSent(errCut), errCut, "one"},
		{"answer lost", AnswerLost(errCut), errCut, "two"},
		{"another call", OnCall(2, NotSent(errCut)), nil, "two"},
		{"this call", OnCall(1, AnswerLost(errCut)), errCut, "two"},
		{"no decision", NotSent(nil), errNothing, "one"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := NewFaulty(lease.NewMemory())
			f.On(OpWrite, row.hook)
			s := &subject{Store: f}
			base := s.mustCreate(t, "one")
			_, err := s.Write(t.Context(), doc, s.mustAcquire(t), base, []byte("two"), nil)
			if !errors.Is(err, row.want) {
				t.Errorf("Write: %v, want %v", err, row.want)
			}
			if got := s.mustRead(t, doc); string(got.Body) != row.body {
				t.Errorf("the document is %q, want %q", got.Body, row.body)
			}
		})
	}
}

// TestFaultyEveryOperation: each one passes its hook, and is counted.
func TestFaultyEveryOperation(t *testing.T) {
	t.Parallel()
	ops := []Op{OpRead, OpCreate, OpAcquire, OpWrite, OpRelease, OpDelete, OpList, OpPing}
	f := NewFaulty(lease.NewMemory())
	for _, op := range ops {
		f.On(op, NotSent(errCut))
	}
	s := &subject{Store: f}
	errs := s.everything(t.Context(), "id", "base")
	for _, op := range ops {
		if !errors.Is(errs[string(op)], errCut) || f.Count(op) != 1 {
			t.Errorf("%s: %v, counted %d", op, errs[string(op)], f.Count(op))
		}
	}
	if f.Total() != len(ops) || len(errs) != len(ops) {
		t.Errorf("%d calls counted, %d made", f.Total(), len(errs))
	}
	write := f.Calls()[slices.IndexFunc(f.Calls(), func(c Call) bool { return c.Op == OpWrite })]
	if write.Name != doc || write.ID != "id" || write.Base != "base" || string(write.Body) != "two" || write.N != 1 {
		t.Errorf("the write is recorded as %+v", write)
	}
	f.Reset()
	if f.Total() != 0 || f.Count(OpRead) != 0 {
		t.Errorf("after Reset: %d calls", f.Total())
	}
	if _, err := f.Read(t.Context(), doc); !errors.Is(err, errCut) {
		t.Errorf("Reset took the hooks away: %v", err)
	}
}

// TestFaultyDelays: a caller that leaves during the time before has done nothing,
// one that leaves during the time after has, and neither knows.
func TestFaultyDelays(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name          string
		before, after time.Duration
		want          error
		body          string
	}{
		{"waits before", time.Second, 0, nil, "two"},
		{"waits after", 0, time.Second, nil, "two"},
		{"leaves before", time.Minute, 0, lease.ErrUnknown, "one"},
		{"leaves after", 0, time.Minute, lease.ErrUnknown, "two"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := NewFaulty(lease.NewMemory())
				s := &subject{Store: f}
				base := s.mustCreate(t, "one")
				id := s.mustAcquire(t)
				f.Delay(OpWrite, row.before, row.after)
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				start := time.Now()
				_, err := f.Write(ctx, doc, id, base, []byte("two"), nil)
				if !errors.Is(err, row.want) {
					t.Errorf("Write: %v, want %v", err, row.want)
				}
				if took := time.Since(start); took != min(row.before+row.after, 2*time.Second) {
					t.Errorf("Write took %v", took)
				}
				if got := s.mustRead(t, doc); string(got.Body) != row.body {
					t.Errorf("the document is %q, want %q", got.Body, row.body)
				}
			})
		})
	}
}

// TestFaultyDelayOfRead: a call whose caller left has an unknown outcome.
func TestFaultyDelayOfRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := NewFaulty(lease.NewMemory())
		f.Delay(OpRead, time.Minute, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := f.Read(ctx, doc)
		wantIs(t, "Read", err, lease.ErrUnknown)
		wantIs(t, "Read", err, context.DeadlineExceeded)
	})
}
