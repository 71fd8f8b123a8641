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

// slow is a store that takes its time and fails as told.
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

// A thousand callers cost a few writes, and each record is there once.
func TestRecordsThatWaitTogetherAreWrittenTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newSlow()
		store.delay = 10 * time.Millisecond
		trail := New(store, nil)
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
			t.Errorf("%d records in %d writes", len(seen), n)
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
		if err := New(store, nil).Write(t.Context(), ask(1)); err != nil || time.Since(begun) != time.Second {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
		if got := all(t, store); len(got) != 1 || got[0].Operation != 1 {
			t.Errorf("%+v", got)
		}
	})
}

// Every kind of failure of the first tries: what is told is what is so.
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
			trail := New(store, nil)
			err := trail.Write(t.Context(), ask(1))
			if records := all(t, store); (err == nil) != tt.written || (len(records) == 1) != tt.written {
				t.Errorf("%s: %v, and %d records", name, err, len(records))
			}
			if ready := trail.Ready() == nil; ready != tt.written {
				t.Errorf("%s: ready %v", name, ready)
			}
			time.Sleep(distrust)
			if err := trail.Ready(); err != nil {
				t.Errorf("%s: it is not tried again: %v", name, err)
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

// A caller that leaves loses nobody's record.
func TestLeavingLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newSlow()
		store.delay = 2 * time.Second
		trail := New(store, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := trail.Write(ctx, ask(1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := trail.Write(t.Context(), ask(2)); err != nil {
			t.Error(err)
		}
		if got := all(t, store); len(got) != 2 {
			t.Errorf("%d records", len(got))
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
			trail := New(store, nil)
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
			t.Errorf("%d writes of %v", store.count(), slices.Sorted(maps.Keys(store.names)))
		}
	})
}

// An end that could not be written is written when the operation is met again.
func TestAnEndIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newSlow()
		store.fail = func(call int) (bool, error) { return false, choose(call <= tries, errors.New("down")) }
		trail := New(store, nil)
		trail.End(end(1))
		time.Sleep(time.Minute)
		trail.End(end(1))
		time.Sleep(time.Minute)
		trail.End(end(1))
		time.Sleep(time.Minute)
		if n := store.count(); n != tries+1 {
			t.Errorf("%d writes", n)
		}
		q := Query{From: end(1).Time, To: end(1).Time.Add(time.Second)}
		n := 0
		for r, err := range Read(t.Context(), store, q) {
			if n++; err != nil || r.End == nil || r.End.Status != "Succeeded" {
				t.Errorf("%+v, %v", r, err)
			}
		}
		if n != 1 {
			t.Errorf("%d records", n)
		}
	})
}

// What is remembered of ends has a bound, and an old one is not written for nothing.
func TestEndsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		trail := New(newSlow(), nil)
		for i := range int64(maxKnown + 10) {
			trail.End(end(i))
		}
		synctest.Wait()
		if n := len(trail.ends.known); n > maxKnown {
			t.Errorf("%d are remembered", n)
		}
		if Prompt(time.Now().Add(-2*time.Hour), time.Now()) || !Prompt(time.Now().Add(-time.Minute), time.Now()) {
			t.Error("what is old is fresh")
		}
	})
}

// No record is ever changed: a name that exists is left as it is.
func TestRecordsNeverChange(t *testing.T) {
	t.Parallel()
	store := lease.NewMemory()
	trail := New(store, nil)
	for _, status := range []string{"Succeeded", "Failed"} {
		r := end(1)
		r.End = &End{Status: status}
		if err := New(store, nil).EndNow(t.Context(), r); err != nil {
			t.Error(err)
		}
	}
	doc, err := store.Read(t.Context(), end(1).endName())
	if err != nil || !strings.Contains(string(doc.Body), "Succeeded") {
		t.Errorf("%s, %v", doc.Body, err)
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
		t.Errorf("%v, %v", page.Entries, err)
	}
}

// A process that stood still during a write finds its time over when it goes on. That
// says nothing about the storage: the record is written, and the next caller is let in.
func TestProcessThatStoodStill(t *testing.T) {
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
		trail := New(store, nil)
		if err := trail.Write(t.Context(), ask(1)); err != nil {
			t.Errorf("a write of a process that stood still: %v", err)
		}
		if err := trail.Ready(); err != nil {
			t.Errorf("the next caller: %v", err)
		}
	})
}
