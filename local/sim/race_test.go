package sim_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

// Everything at once, for the race detector; the invariants hold whatever the order.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var group sync.WaitGroup
	again := func(fn func(i int)) {
		group.Go(func() {
			for i := range 60 {
				fn(i)
			}
		})
	}
	path := refreshesPath(sim.Sales())
	for range 3 {
		again(func(int) { b.api(http.MethodPost, path, enhancedBody) })
		again(func(int) { b.api(http.MethodGet, path, "") })
		again(func(int) {
			for _, r := range b.truthQuietly() {
				b.api(http.MethodDelete, path+"/"+r.ID, "")
			}
		})
	}
	again(func(int) { b.clock.Add(900 * time.Millisecond); b.PowerBI.Advance() })
	again(func(i int) { _ = b.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) { k.Stuck = i%7 == 0 }) })
	again(func(int) { _, _ = b.PowerBI.StartForeign(sim.Sales(), sim.ViaPortal, time.Second) })
	again(func(int) { _ = b.Fail(sim.Fault{Kind: sim.CutAfter, Op: sim.OpHistory}) })
	again(func(i int) { b.PowerBI.Throttle(time.Millisecond, sim.OpCancel); b.Vault.Grant("x", i%2 == 0) })
	again(func(int) { b.Journal.Entries(0); b.Journal.OnEvent(func(sim.Entry) {}) })
	group.Wait()
	// Which of them get through is a matter of scheduling: perhaps only foreign ones.
	if c := b.counters(sim.Sales()); c.MaxOverlap > 1 || c.Begun == 0 || c.Dropped != 0 {
		t.Errorf("got %+v; want MaxOverlap 1 at most, some Begun, none Dropped", c)
	}
	checkOneAtATime(t, b.truth(sim.Sales()))
}

func (b *bench) truthQuietly() []sim.Refresh {
	list, _ := b.PowerBI.Refreshes(sim.Sales())
	return list[max(0, len(list)-1):]
}

// checkOneAtATime: whatever the knobs, a model runs one refresh at a time.
func checkOneAtATime(t *testing.T, list []sim.Refresh) {
	t.Helper()
	var free time.Time
	for _, r := range list {
		if r.Dropped || r.Started.IsZero() {
			continue
		}
		if r.Started.Before(free) || r.Started.Before(r.Accepted) {
			t.Errorf("got %+v, want a start after %v and after its acceptance", r, free)
		}
		if free = r.Ended; free.IsZero() {
			free = r.Started.Add(1000 * time.Hour)
		}
	}
}

func TestModelsRunOneRefreshAtATime(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		checkOneAtATime(t, playRandomly(t, seed, seed%2 == 0))
	}
}
