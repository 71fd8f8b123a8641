package sim_test

import (
	"math/rand/v2"
	"net/http"
	"reflect"
	"strconv"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

func TestForeignRefreshOccupiesTheModel(t *testing.T) {
	t.Parallel()
	for _, via := range []sim.Via{sim.ViaPortal, sim.ViaSchedule, sim.ViaXMLA} {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if _, err := b.PowerBI.StartForeign(sim.Sales(), via, 30*time.Second); err != nil {
				t.Fatal(err)
			}
			if row := b.history(sim.Sales(), "")[0]; row["refreshType"] != string(via) || row["status"] != "Unknown" {
				t.Errorf("got %v; want refreshType %v, status Unknown", row, string(via))
			}
			if r := b.start(sim.Sales(), ""); r.status != http.StatusBadRequest {
				t.Errorf("a start beside it: got %d; want HTTP 400", r.status)
			}
			if _, err := b.PowerBI.StartForeign(sim.Sales(), via, time.Second); err == nil {
				t.Error("two foreign refreshes at once; want an error")
			}
			b.clock.Add(30 * time.Second)
			b.mustStart(sim.Sales(), "")
			if c := b.counters(sim.Sales()); c.MaxOverlap != 1 || c.RefusedByOwn != 0 || c.Begun != 2 {
				t.Errorf("got %+v; want MaxOverlap 1, RefusedByOwn 0, Begun 2", c)
			}
		})
	}
}

func TestFinish(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, err := b.PowerBI.StartForeign(sim.Sales(), sim.ViaPortal, 0)
	b.must(err)
	b.clock.Add(30 * time.Hour)
	if b.truth(sim.Sales())[0].Status != "InProgress" {
		t.Error("an open-ended refresh ended; want Status InProgress")
	}
	if err := b.PowerBI.Finish(sim.Sales(), "another", sim.Outcome{}); err == nil {
		t.Error("finished a refresh that does not run; want an error")
	}
	b.must(b.PowerBI.Finish(sim.Sales(), id, sim.Outcome{Status: "Failed", Code: "X"}))
	if got := b.truth(sim.Sales())[0]; got.Status != "Failed" || !got.Ended.Equal(b.clock.Now()) {
		t.Errorf("got %+v, want a failure now", got)
	}
}

// Documented: while a capacity is paused an enhanced refresh stays InProgress and resumes if the capacity returns.
func TestStuckAndResumed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.mustStart(sim.Sales(), enhancedBody)
	b.clock.Add(time.Second)
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Stuck = true })
	b.clock.Add(6 * time.Hour)
	if b.truth(sim.Sales())[0].Status != "InProgress" {
		t.Error("a stuck refresh ended; want Status InProgress")
	}
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Stuck = false })
	b.clock.Add(3 * time.Second)
	if b.truth(sim.Sales())[0].Status != "InProgress" {
		t.Error("ended before its duration was over; want Status InProgress")
	}
	b.clock.Add(time.Second)
	if b.truth(sim.Sales())[0].Status != "Completed" {
		t.Error("did not resume; want Status Completed")
	}
}

func TestStuckByOutcome(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.PowerBI.Next(sim.Sales(), sim.Outcome{Stuck: true}))
	id := b.mustStart(sim.Sales(), enhancedBody)
	b.clock.Add(24 * time.Hour)
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Stuck = true })
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Stuck = false }) // the wrong switch
	b.clock.Add(24 * time.Hour)
	if b.detail(sim.Sales(), id).status != http.StatusAccepted {
		t.Error("ended by itself; want status 202")
	}
	b.must(b.PowerBI.Finish(sim.Sales(), "", sim.Outcome{}))
	if b.detail(sim.Sales(), id).status != http.StatusOK {
		t.Error("did not finish; want status 200")
	}
}

func TestStartDelayCountsAsBusy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.StartDelay = 10 * time.Second })
	b.mustStart(sim.Sales(), "")
	if r := b.start(sim.Sales(), ""); r.status != http.StatusBadRequest {
		t.Errorf("got %d; want HTTP 400", r.status)
	}
	b.clock.Add(12 * time.Second)
	truth := b.truth(sim.Sales())[0]
	if truth.Status != "InProgress" || truth.Started.Sub(truth.Accepted) != 10*time.Second {
		t.Errorf("got %+v; want InProgress, started 10 s after its acceptance", truth)
	}
}

// A step happens at its own time even after hours without a read.
func TestQueuedRefreshBeginsWhenItsPredecessorEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Busy = sim.BusyQueue })
	if _, err := b.PowerBI.StartForeign(sim.Sales(), sim.ViaSchedule, 90*time.Second); err != nil {
		t.Fatal(err)
	}
	b.clock.Add(time.Second)
	b.mustStart(sim.Sales(), "")
	b.clock.Add(5 * time.Hour)
	ours := b.truth(sim.Sales())[1]
	if !ours.Started.Equal(epoch.Add(90*time.Second)) || !ours.Ended.Equal(epoch.Add(94*time.Second)) {
		t.Errorf("got start %v, end %v; want 90 s and 94 s after %v", ours.Started, ours.Ended, epoch)
	}
}

func TestJournalHasEveryStep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.mustStart(sim.Sales(), "")
	b.clock.Add(time.Minute)
	b.PowerBI.Advance()
	var kinds []string
	for _, e := range b.Journal.Entries(0) {
		kinds = append(kinds, e.Kind)
		if e.Kind != sim.KindRequest && e.Refresh != id {
			t.Errorf("got %+v, want the refresh %s", e, id)
		}
		if e.Kind == sim.KindEnded && !e.Time.Equal(epoch.Add(4*time.Second)) {
			t.Errorf("got the end %v, want 4 s after %v", e.Time, epoch)
		}
	}
	want := []string{sim.KindAccepted, sim.KindStarted, sim.KindRequest, sim.KindEnded}
	if !reflect.DeepEqual(kinds, want) {
		t.Errorf("%v, want %v", kinds, want)
	}
}

// sequentialIDs make two clouds comparable.
func sequentialIDs() func() string {
	n := 0
	return func() string { n++; return "id-" + strconv.Itoa(n) }
}

// The same requests give the same history with many reads and with one at the end.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		often, once := playRandomly(t, seed, true), playRandomly(t, seed, false)
		if !reflect.DeepEqual(often, once) {
			t.Fatalf("seed %d: got\n%+v with many reads, want\n%+v", seed, often, once)
		}
	}
}

func playRandomly(t *testing.T, seed uint64, look bool) []sim.Refresh {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	clk := &clock{now: epoch}
	c := sim.NewCloud(sim.Options{Now: clk.Now, NewID: sequentialIDs()})
	modes := []sim.BusyMode{sim.Busy400, sim.BusyQueue, sim.BusyDrop}
	if err := c.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) {
		k.Busy, k.StartDelay = modes[rng.IntN(3)], time.Duration(rng.IntN(3))*time.Second
	}); err != nil {
		t.Fatal(err)
	}
	for range 12 {
		_, _ = c.PowerBI.StartForeign(sim.Sales(), sim.ViaPortal, time.Duration(1+rng.IntN(9))*time.Second) // busy is fine
		for range rng.IntN(8) {
			clk.Add(700 * time.Millisecond)
			if look {
				c.PowerBI.Advance()
			}
		}
	}
	clk.Add(time.Hour)
	list, err := c.PowerBI.Refreshes(sim.Sales())
	if err != nil {
		t.Fatal(err)
	}
	return list
}
