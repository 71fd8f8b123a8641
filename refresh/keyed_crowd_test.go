package refresh

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// randomTrips delays each request by another time, so that claims land out of order.
type randomTrips struct{ *slowStore }

func (s randomTrips) Create(ctx context.Context, name string, body []byte, meta lease.Meta) (lease.Version, error) {
	time.Sleep(time.Duration(rand.Int64N(int64(200 * time.Millisecond)))) //nolint:gosec // a delay
	return s.slowStore.Create(ctx, name, body, meta)
}

// keyedCrowd is what n callers cost who ask at once, each with a key of its own or none.
func keyedCrowd(t *testing.T, n int, withKeys bool) (requests, refreshes int, s *machine.State) {
	t.Helper()
	bubble(t, func(t *testing.T) {
		counting := &slowStore{Store: lease.NewMemory(), trip: 5 * time.Millisecond}
		pbi := &fakePowerBI{length: time.Minute, delay: 10 * time.Millisecond}
		c := newTestCoordinator(randomTrips{counting}, pbi)
		finish(t, c, mustTrigger(t, c, wholeModel()).Link()) // the model is known, and idle
		before := pbi.posts.Load()
		counting.reset()
		links := make([]Link, n)
		var wg sync.WaitGroup
		for i := range links {
			wg.Go(func() {
				r := wholeModel()
				if withKeys {
					r = keyed(fmt.Sprint(i))
				}
				receipt, err := c.Trigger(t.Context(), r)
				if err != nil {
					t.Errorf("caller %d of %d, keys %v: got %v, want an operation", i, n, withKeys, err)
				}
				links[i] = receipt.Link()
			})
		}
		wg.Wait()
		for _, op := range []string{"read", "create", "acquire", "write", "release"} {
			requests += counting.counted(op)
		}
		s = modelState(t, counting)
		if withKeys {
			fresh := newTestCoordinator(counting, pbi)
			for _, i := range []int{0, 1, n / 2, n - 1} {
				mustRepeat(t, fresh, keyed(fmt.Sprint(i)), links[i])
			}
		}
		finish(t, c, links[0])
		finish(t, c, links[n-1])
		refreshes = int(pbi.posts.Load() - before)
	})
	return requests, refreshes, s
}

// Ten thousand callers of one process, each with a key: all are accepted, for two
// refreshes and two storage requests each beyond those without a key.
func TestTenThousandKeyedCallers(t *testing.T) {
	t.Parallel()
	const callers = keyedCallers
	plain, _, _ := keyedCrowd(t, callers, false)
	requests, refreshes, s := keyedCrowd(t, callers, true)
	if refreshes != 2 || s.Last != 3 {
		t.Errorf("got %d refreshes for %d operations, want 2 for 2", refreshes, s.Last-1)
	}
	const shared = 100 // of the sections that all share: claims take time, so that more sections follow one another
	if more := requests - plain; more > 2*callers+shared {
		t.Errorf("got %d storage requests with keys and %d without, want at most %d more", requests, plain, 2*callers+shared)
	}
	doc, err := s.Encode()
	if err != nil || len(doc) > machine.MaxDocument/2 {
		t.Errorf("got a document of %d bytes (%v), want at most %d", len(doc), err, machine.MaxDocument/2)
	}
	t.Logf("%d storage requests with keys, %d without; %d bytes of document", requests, plain, len(doc))
}
