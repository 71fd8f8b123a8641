package history

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/audit"
	"pbirefresh/lease"
)

// records has the audit records of operations 1 to 3: 1 and 2 are of May 31, and the ask of
// 2 is of an older version; 3 began on the day before.
func records(t *testing.T, index audit.Index) *counting {
	t.Helper()
	store := lease.NewMemory()
	trail := audit.New(store, index, nil)
	for _, i := range []int{3, 1, 2} {
		created := morning.Add(time.Duration(i) * time.Hour)
		if i == 3 {
			created = morning.Add(-7 * time.Hour)
		}
		time.Sleep(time.Until(created)) // records are filed under the time of the write
		r := ask(dataset, i, created, "key:adf")
		if i == 2 {
			r.Created = time.Time{}
		}
		must(t, trail.Write(t.Context(), r))
		must(t, trail.EndNow(t.Context(), end(dataset, i, created, "Failed")))
	}
	return &counting{Memory: store}
}

var nextDay = morning.Add(24 * time.Hour)

// bubble runs a test in virtual time.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

func TestRepairWritesWhatIsMissing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		x := New(lease.NewMemory())
		must(t, x.Repair(t.Context(), records(t, nil), nextDay))
		if got, _ := numbers(t, x, Query{Caller: "key:adf"}); strings.Join(got, " ") != "2 1 3" {
			t.Errorf("operations of a caller: %v, want 2 1 3", got)
		}
	})
}

// What is there is not written again, and a day that was compared is not read again.
func TestRepairOfACompleteIndex(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &counting{Memory: lease.NewMemory()}
		x := New(store)
		trail := records(t, x)
		must(t, x.Asked(t.Context(), []audit.Record{ask(dataset, 2, morning.Add(2*time.Hour), "key:adf")}))
		store.creates = 0
		must(t, x.Repair(t.Context(), trail, nextDay))
		if store.creates != repairDays {
			t.Errorf("the repair of a complete index made %d writes, want one for each of %d days", store.creates, repairDays)
		}
		lists := trail.lists
		must(t, x.Repair(t.Context(), trail, nextDay))
		if trail.lists != lists {
			t.Errorf("the second repair listed records %d times, want none", trail.lists-lists)
		}
	})
}

// A day whose records cannot be listed is compared later.
func TestRepairGoesOnAfterAFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		x := New(lease.NewMemory())
		trail := records(t, nil)
		trail.fail = errors.New("down")
		if err := x.Repair(t.Context(), trail, nextDay); !errors.Is(err, trail.fail) {
			t.Errorf("Repair returned %v, want %v", err, trail.fail)
		}
		trail.fail = nil
		_, err := trail.Create(t.Context(), "audit/2026/05/31/000000-broken.json", []byte("{"), nil)
		must(t, err)
		must(t, x.Repair(t.Context(), trail, nextDay))
		if got, _ := numbers(t, x, Query{}); strings.Join(got, " ") != "2 1 3" {
			t.Errorf("operations %v, want 2 1 3", got)
		}
	})
}
