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
// the callbacks are final. Three listings of 20 pages make one count.
func TestCountsOfASweep(t *testing.T) {
	for _, others := range []int{0, 45_000} {
		t.Run(fmt.Sprint("beside ", others), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				many := &crowd{Store: w.memory}
				many.add(maxPerOwner/2, "a", testModel, "ended", Sending)
				many.add(others, "", testModel, "", Delivered)
				many.add(maxPerOwner/2, "a", otherModel, "ended", Sending)
				many.add(maxPerOperation, "b", testModel, "goes-on", Waiting)
				sweep := func() {
					for range 1 + len(many.entries)/(maxPages*pageSize) {
						tick(t, w.service(many)) // each time another process
					}
				}
				sweep()
				s := w.service(many)
				wantFull(t, s, "a", testModel, maxPerOwner, false)
				wantFull(t, s, "b", testModel, maxPerOperation, true)
				wantFull(t, s, "b", otherModel, 0, false)
				wantFull(t, s, "c", testModel, 0, false)

				many.entries = nil // all are delivered, and their records gone
				sweep()
				wantFull(t, s, "a", testModel, 0, false)
				wantFull(t, s, "b", testModel, 0, false)
			})
		})
	}
}

// What counts for the limit of an operation is what waits for one, of one owner.
func TestOperationsAreCountedApart(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		many := &crowd{Store: w.memory}
		many.add(maxPerOperation-1, "a", testModel, "one", Waiting)
		many.add(maxPerOperation-1, "a", testModel, "two", Waiting)
		many.add(maxPerOperation-1, "b", testModel, "one", Waiting)
		many.add(maxPerOperation-1, "a", testModel, "ended", Sending)
		s := w.service(many)
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
