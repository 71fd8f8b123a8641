package refresh

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// The hook of an admission runs while Power BI is asked: it costs no time.
func TestTellingOfAnAdmissionCostsNoTime(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		const trip = 10 * time.Millisecond
		c, store, _ := warm(t, trip)
		r, admitted := wholeModel(), int64(0)
		r.Admitted = func(_ context.Context, a Admission) error {
			time.Sleep(2 * trip) // as long as the POST and the write of its answer
			admitted = a.Number
			doc, err := store.Store.Read(t.Context(), StateName(testModel))
			if err != nil {
				return err
			}
			if s, err := machine.Decode(doc.Body); err != nil || s.Epoch != a.Epoch || !slices.ContainsFunc(append(s.Pending, s.Recent...), func(op machine.Operation) bool { return op.Number == a.Number }) {
				t.Errorf("the hook got %s/%d, which is not saved: %v", a.Epoch, a.Number, err)
			}
			return nil
		}
		began := time.Now()
		receipt := mustTrigger(t, c, r)
		if took := time.Since(began); took != 4*trip || admitted != receipt.View.Operation.Number {
			t.Errorf("after %v: the hook got %d, the operation is %d", took, admitted, receipt.View.Operation.Number)
		}
	})
}

// The hook of each of many callers runs once, however its request was served.
func TestEachAdmissionIsToldOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		pbi := &fakePowerBI{length: time.Minute, delay: 100 * time.Millisecond}
		processes := []*Coordinator{newTestCoordinator(store, pbi), newTestCoordinator(store, pbi)}
		var mu sync.Mutex
		admitted := map[int][]int64{}
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				time.Sleep(time.Duration(i%7) * 50 * time.Millisecond)
				r := wholeModel()
				r.Admitted = func(_ context.Context, a Admission) error {
					mu.Lock()
					defer mu.Unlock()
					admitted[i] = append(admitted[i], a.Number)
					return nil
				}
				receipt, err := processes[i%2].Trigger(t.Context(), r)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || len(admitted[i]) != 1 || admitted[i][0] != receipt.View.Operation.Number {
					t.Errorf("caller %d: %v, its hook got %v, it has %d", i, err, admitted[i], receipt.View.Operation.Number)
				}
			})
		}
		wg.Wait()
	})
}

// The hook of a repeated request gets the operation that the first one has.
func TestARepeatIsToldToo(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{length: time.Minute})
		r := wholeModel()
		r.Key = machine.NewKey("Idempotency-Key", "one", r.Model, r.Ask)
		var admitted []int64
		var created []bool
		r.Admitted = func(_ context.Context, a Admission) error {
			admitted, created = append(admitted, a.Number), append(created, !a.Created.IsZero())
			return nil
		}
		mustTrigger(t, c, r)
		if again := mustTrigger(t, c, r); !again.Replayed || len(admitted) != 2 || admitted[0] != admitted[1] || !slices.Equal(created, []bool{true, false}) {
			t.Errorf("replayed %v, the hook got %v, with a time of creation %v, want it the first time only", again.Replayed, admitted, created)
		}
	})
}

// A hook that fails, fails the trigger; a panic there ends nothing.
func TestAnAdmissionThatCannotBeTold(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{length: time.Minute})
		r, refused := wholeModel(), errors.New("no record")
		r.Admitted = func(context.Context, Admission) error { return refused }
		if _, err := c.Trigger(t.Context(), r); !errors.Is(err, refused) {
			t.Errorf("got %v", err)
		}
		r.Admitted = func(context.Context, Admission) error { panic("nil map") }
		if _, err := c.Trigger(t.Context(), r); err == nil || !strings.Contains(err.Error(), "panic") {
			t.Errorf("got %v", err)
		}
		r.Admitted = func(context.Context, Admission) error { time.Sleep(time.Minute); return nil }
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Trigger(ctx, r); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a caller that leaves waits on: %v", err)
		}
		time.Sleep(time.Minute) // what has begun is finished
	})
}

// What has ended is seen, and stays in the document until it may leave.
func TestEndsAreSeenAndLeaveWhenTheyMay(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		c := newTestCoordinator(store, &fakePowerBI{length: time.Second})
		seen, asked, may := map[int64]bool{}, map[int64]int{}, false
		c.cfg.Seen = func(s machine.State) {
			for _, op := range s.Recent {
				seen[op.Number] = true
			}
		}
		c.cfg.Leaving = func(_ context.Context, m machine.Model, epoch string, op machine.Operation) error {
			if asked[op.Number]++; m != testModel || epoch == "" || !op.Phase.Terminal() {
				t.Errorf("asked about %s %s %s", m, epoch, op.Phase)
			}
			if !may {
				return errors.New("not on record")
			}
			return nil
		}
		for range machine.KeepRecent + 2 {
			finish(t, c, mustTrigger(t, c, wholeModel()).Link())
		}
		if n := recent(t, store); len(seen) != machine.KeepRecent+2 || n != machine.KeepRecent+2 || asked[1] == 0 {
			t.Errorf("%d seen, %d in the document, asked %v", len(seen), n, asked)
		}
		may = true
		finish(t, c, mustTrigger(t, c, wholeModel()).Link())
		sweep(t, c)
		if n := recent(t, store); n > machine.KeepRecent {
			t.Errorf("%d are still in the document", n)
		}
	})
}

func recent(t *testing.T, store lease.Store) int {
	t.Helper()
	doc, err := store.Read(t.Context(), StateName(testModel))
	if err != nil {
		t.Fatal(err)
	}
	s, err := machine.Decode(doc.Body)
	if err != nil {
		t.Fatal(err)
	}
	return len(s.Recent)
}
