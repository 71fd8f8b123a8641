package audit

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
)

// slow is a store that is slow and fails on demand.
type slow struct {
	*lease.Memory
	delay time.Duration
	fail  func(call int) (landed bool, err error) // nil: never

	mu    sync.Mutex
	calls int
	names map[string]int
}

func newSlow() *slow { return &slow{Memory: lease.NewMemory(), names: map[string]int{}} }

func (s *slow) Create(ctx context.Context, name string, body []byte, meta lease.Meta) (lease.Version, error) {
	time.Sleep(s.delay)
	s.mu.Lock()
	s.calls++
	s.names[name]++
	call := s.calls
	s.mu.Unlock()
	if s.fail == nil {
		return s.Memory.Create(ctx, name, body, meta)
	}
	landed, err := s.fail(call)
	if landed || err == nil {
		version, createErr := s.Memory.Create(ctx, name, body, meta)
		if err == nil {
			err = createErr
		}
		return version, err
	}
	return "", err
}

func (s *slow) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func ask(n int64) Record {
	return Record{Time: time.Now(), Event: Asked, WorkspaceID: "w", DatasetID: "d", Epoch: "e", Operation: n, Caller: "key:adf"}
}

// all are the records of a store.
func all(t *testing.T, store Reader) []Record {
	t.Helper()
	var records []Record
	for r, err := range Read(t.Context(), store, Query{From: time.Now().Add(-48 * time.Hour), To: time.Now().Add(48 * time.Hour)}) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// A thousand callers cost a few writes, and each record is stored once.
func TestRecordsThatWaitTogetherAreWrittenTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newSlow()
		store.delay = 10 * time.Millisecond
		trail := New(store, nil, nil)
		var wg sync.WaitGroup
		for i := range int64(1000) {
			wg.Go(func() {
				if err := trail.Write(t.Context(), ask(i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		seen := map[int64]bool{}
		for _, r := range all(t, store) {
			seen[r.Operation] = true
		}
		if n := store.count(); len(seen) != 1000 || n > 8 {
			t.Errorf("%d records in %d writes, want 1000 in 8 at most", len(seen), n)
		}
	})
}

// One record costs one write, and is stored when Write returns.
func TestWriteReturnsWhenItIsStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newSlow()
		store.delay = time.Second
		begun := time.Now()
		if err := New(store, nil, nil).Write(t.Context(), ask(1)); err != nil || time.Since(begun) != time.Second {
			t.Errorf("Write = %v after %v, want no error after 1s", err, time.Since(begun))
		}
		if got := all(t, store); len(got) != 1 || got[0].Operation != 1 {
			t.Errorf("stored %+v, want the record of operation 1", got)
		}
	})
}

// After every kind of failure, Write returns whether the record is stored.
func TestFailuresOfTheStore(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	for name, tt := range map[string]struct {
		fail    func(call int) (bool, error)
		written bool
	}{
		"landed, answer lost": {func(call int) (bool, error) { return call == 1, choose(call == 1, lease.ErrUnknown) }, true},
		"lost, then works":    {func(call int) (bool, error) { return false, choose(call < 3, lease.ErrUnknown) }, true},
		"refused, then works": {func(call int) (bool, error) { return false, choose(call < 3, down) }, true},
		"down":                {func(int) (bool, error) { return false, down }, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := newSlow()
			store.fail = tt.fail
			trail := New(store, nil, nil)
			err := trail.Write(t.Context(), ask(1))
			if records := all(t, store); (err == nil) != tt.written || (len(records) == 1) != tt.written {
				t.Errorf("%s: Write = %v with %d records stored, want it written: %t", name, err, len(records), tt.written)
			}
			if ready := trail.Ready() == nil; ready != tt.written {
				t.Errorf("%s: ready %t, want %t", name, ready, tt.written)
			}
			time.Sleep(distrust)
			if err := trail.Ready(); err != nil {
				t.Errorf("%s: Ready after %v = %v, want no error", name, distrust, err)
			}
		})
	}
}

func choose(fails bool, err error) error {
	if fails {
		return err
	}
	return nil
}

// No record is lost if a caller leaves.
func TestLeavingLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newSlow()
		store.delay = 2 * time.Second
		trail := New(store, nil, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := trail.Write(ctx, ask(1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write with a second left = %v, want DeadlineExceeded", err)
		}
		if err := trail.Write(t.Context(), ask(2)); err != nil {
			t.Error(err)
		}
		if got := all(t, store); len(got) != 2 {
			t.Errorf("%d records after one caller left, want 2", len(got))
		}
	})
}

func end(n int64) Record {
	return Record{Time: time.Date(2026, 5, 31, 6, 0, 0, int(n), time.UTC), Event: Ended, WorkspaceID: "w", DatasetID: "d", Epoch: "e", Operation: n, End: &End{Status: "Succeeded"}}
}

// Processes that all write an end write one blob, and a process writes it once.
func TestAnEndIsOneBlob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newSlow()
		for range 2 {
			trail := New(store, nil, nil)
			for range 10 {
				trail.End(end(1))
			}
			trail.End(end(2))
			synctest.Wait()
			if err := trail.EndNow(t.Context(), end(1)); err != nil {
				t.Error(err)
			}
		}
		if len(store.names) != 2 || store.count() != 6 {
			t.Errorf("%d writes of %v, want 6 of 2 names", store.count(), slices.Sorted(maps.Keys(store.names)))
		}
	})
}

// An end that could not be written is written when the operation is seen again.
func TestAnEndIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newSlow()
		store.fail = func(call int) (bool, error) { return false, choose(call <= tries, errors.New("down")) }
		trail := New(store, nil, nil)
		trail.End(end(1))
		time.Sleep(time.Minute)
		trail.End(end(1))
		time.Sleep(time.Minute)
		trail.End(end(1))
		time.Sleep(time.Minute)
		if n := store.count(); n != tries+1 {
			t.Errorf("%d writes, want %d", n, tries+1)
		}
		q := Query{From: end(1).Time, To: end(1).Time.Add(time.Second)}
		n := 0
		for r, err := range Read(t.Context(), store, q) {
			if n++; err != nil || r.End == nil || r.End.Status != "Succeeded" {
				t.Errorf("read %+v, %v, want the end Succeeded", r, err)
			}
		}
		if n != 1 {
			t.Errorf("read %d records, want 1", n)
		}
	})
}

// The number of remembered ends is bounded, and old ones are not written again.
func TestEndsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		trail := New(newSlow(), nil, nil)
		for i := range int64(maxKnown + 10) {
			trail.End(end(i))
		}
		synctest.Wait()
		if n := len(trail.ends.known); n > maxKnown {
			t.Errorf("%d ends are remembered, want %d at most", n, maxKnown)
		}
		if Prompt(time.Now().Add(-2*time.Hour), time.Now()) || !Prompt(time.Now().Add(-time.Minute), time.Now()) {
			t.Error("Prompt is true after two hours or false after a minute, want the opposite")
		}
	})
}

// No record is ever changed: an existing blob is left unchanged.
func TestRecordsNeverChange(t *testing.T) {
	t.Parallel()
	store := lease.NewMemory()
	trail := New(store, nil, nil)
	for _, status := range []string{"Succeeded", "Failed"} {
		r := end(1)
		r.End = &End{Status: status}
		if err := New(store, nil, nil).EndNow(t.Context(), r); err != nil {
			t.Error(err)
		}
	}
	doc, err := store.Read(t.Context(), end(1).endName())
	if err != nil || !strings.Contains(string(doc.Body), "Succeeded") {
		t.Errorf("the record is %s, %v, want the first one, Succeeded", doc.Body, err)
	}
	if err := trail.Write(t.Context(), ask(1)); err != nil {
		t.Error(err)
	}
	page, err := store.List(t.Context(), "audit/", "", 10)
	for _, e := range page.Entries {
		if err := lease.CheckName(e.Name); err != nil {
			t.Error(err)
		}
	}
	if err != nil || len(page.Entries) != 2 {
		t.Errorf("the store has %v, %v, want two records", page.Entries, err)
	}
}

// The time of a write ends while the process is frozen. That says nothing about the storage:
// the record is written, and the next request is admitted.
func TestFrozenProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newSlow()
		store.fail = func(call int) (bool, error) {
			if call == 1 {
				time.Sleep(26 * time.Second)
				return false, lease.ErrUnknown
			}
			return true, nil
		}
		trail := New(store, nil, nil)
		if err := trail.Write(t.Context(), ask(1)); err != nil {
			t.Errorf("Write of a frozen process = %v, want no error", err)
		}
		if err := trail.Ready(); err != nil {
			t.Errorf("Ready afterwards = %v, want no error", err)
		}
	})
}
