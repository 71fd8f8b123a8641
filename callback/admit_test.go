package callback

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease/leasetest"
)

// wantFull checks that an owner is refused another callback, or is not (limit 0).
func wantFull(t *testing.T, s *Service, owner, model string, limit int, perOperation bool) {
	t.Helper()
	err := s.Admit(t.Context(), owner, model)
	var full *FullError
	switch {
	case limit == 0 && err != nil:
		t.Errorf("Admit(%s, %s) = %v, want no error", owner, model, err)
	case limit > 0 && (!errors.As(err, &full) || full.Limit != limit || full.PerOperation != perOperation):
		t.Errorf("Admit(%s, %s) = %v, want a FullError of %d, per operation %t", owner, model, err, limit, perOperation)
	}
}

func modelNumber(i int) string {
	return fmt.Sprintf("f089354e-8366-4e18-aea3-4cb4a3a50b48/%08x-8037-4d0c-896e-a46fb27ff229", i)
}

// A process counts what it admits, also before any sweep: of an owner, and of an owner for
// one operation.
func TestAdmissionsOfOneProcess(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		s := w.service()
		for i := range maxPerOwner {
			if err := s.Admit(t.Context(), "a", modelNumber(i%10)); err != nil {
				t.Fatalf("Admit number %d = %v, want no error below %d", i+1, err, maxPerOwner)
			}
		}
		wantFull(t, s, "a", modelNumber(11), maxPerOwner, false)
		for range maxPerOperation {
			wantFull(t, s, "b", testModel, 0, false)
		}
		wantFull(t, s, "b", testModel, maxPerOperation, true)
		wantFull(t, s, "b", otherModel, 0, false)
		wantFull(t, s, "c", testModel, 0, false)
		time.Sleep(2 * generation) // none was registered
		wantFull(t, s, "a", modelNumber(11), 0, false)
		wantFull(t, s, "b", testModel, 0, false)
	})
}

// The sweep of one process counts for all: a process that has admitted none refuses, until
// the callbacks are delivered.
func TestCountsOfASweep(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for i := range maxPerOwner {
			w.put(of(t, "a", modelNumber(i%10), fmt.Sprintf("silent-%d", i)), 3)
		}
		for i := range maxPerOperation {
			r := of(t, "b", testModel, "goes-on")
			r.Operation.Caller = fmt.Sprint(i)
			mustRegister(t, w.service(), r)
		}
		sweeper := w.service()
		sweeper.send = w.silent("silent")
		tick(t, sweeper)
		s := w.service()
		wantFull(t, s, "a", otherModel, maxPerOwner, false)
		wantFull(t, s, "b", testModel, maxPerOperation, true)
		wantFull(t, s, "b", otherModel, 0, false)
		wantFull(t, s, "c", testModel, 0, false)

		sweeper.send = w.post // the receivers answer again
		w.end("goes-on")
		time.Sleep(longestWait)
		for range 3 {
			tick(t, sweeper)
		}
		wantFull(t, s, "a", otherModel, 0, false)
		wantFull(t, s, "b", testModel, 0, false)
	})
}

// Callbacks of one operation that are being sent leave the next operation free.
func TestOperationsAreCountedApart(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for i := range maxPerOperation - 1 {
			w.put(of(t, "a", testModel, fmt.Sprintf("silent-%d", i)), 3)
			r := of(t, "a", testModel, "goes-on")
			r.Operation.Caller = fmt.Sprint(i)
			mustRegister(t, w.service(), r)
			r.Operation.ID = "goes-on-too"
			mustRegister(t, w.service(), r)
		}
		s := w.service()
		s.send = w.silent("silent")
		tick(t, s)
		wantFull(t, s, "a", testModel, 0, false)
	})
}

// What others can do to the counts: nothing but be counted. A storage that cannot be read
// rejects no request, and is asked once in ten seconds, by one caller of many.
func TestCountsThatCannotBeRead(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		store := leasetest.NewFaulty(w.memory)
		store.On(leasetest.OpRead, leasetest.NotSent(errors.New("away")))
		s := w.service(store)
		for range 100 {
			go func() { wantFull(t, s, "a", testModel, 0, false) }()
		}
		synctest.Wait()
		time.Sleep(countsFor)
		wantFull(t, s, "a", testModel, 0, false)
		if n := store.Count(leasetest.OpRead); n != 2 {
			t.Errorf("%d reads by 101 callers in ten seconds, want 2", n)
		}
	})
}
