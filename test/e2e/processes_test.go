package e2e

import (
	"slices"
	"sync"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// Eight processes, one storage account, two hundred callers of one idle model.
func TestEightProcessesTwoHundredCallers(t *testing.T) {
	t.Parallel()
	const processes, callers = 8, 200
	world := newWorld(t)
	tune := func(stuck bool) { // no refresh ends before all have asked, however slow the machine is
		if err := world.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) { k.Stuck, k.Duration = stuck, time.Second }); err != nil {
			t.Fatal(err)
		}
	}
	tune(true)
	settings := onAzurite(t)
	apps := make([]*app, processes)
	for i := range apps {
		apps[i] = startApp(t, world, settings)
	}
	type caller struct {
		arrived time.Time
		doc     handler.StatusDocument
	}
	all := make([]caller, callers)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			all[i].arrived = time.Now()
			doc, err := apps[i%processes].client.Trigger(t.Context(), []byte(body(sim.Sales())))
			if err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
			all[i].doc = doc
		})
	}
	wg.Wait()
	tune(false)
	if t.Failed() {
		return
	}
	truth := map[string]time.Time{}
	for i := range all {
		wg.Go(func() { // polled through another process than the one that was asked
			other := apps[(i+1)%processes]
			all[i].doc = other.finish(other.at(all[i].doc.StatusURL))
		})
	}
	wg.Wait()
	refreshes, err := world.PowerBI.Refreshes(sim.Sales())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range refreshes {
		truth[r.ID] = r.Accepted
	}
	for i, c := range all {
		switch {
		case c.doc.Status != machine.StatusSucceeded:
			t.Errorf("caller %d: %s %+v", i, c.doc.Status, c.doc.Error)
		case truth[c.doc.Result.RefreshID].Before(c.arrived):
			t.Errorf("caller %d: served by a refresh that began before it arrived", i)
		}
	}
	c := counters(t, world, sim.Sales())
	if c.Accepted > 2 || c.MaxOverlap > 1 || c.RefusedByOwn > 0 {
		t.Errorf("%d callers cost %d refreshes, overlap %d, refused %d; want at most 2, 1, 0", callers, c.Accepted, c.MaxOverlap, c.RefusedByOwn)
	}
	ids := map[string]bool{}
	for _, c := range all {
		ids[c.doc.StatusURL] = true
	}
	if len(ids) != callers {
		t.Errorf("%d callers hold %d status URLs", callers, len(ids))
	}
}

// The process dies without warning between the 202 and the end; another one's
// timer brings the operation to its right end.
func TestKilledBetweenTheAnswerAndTheEnd(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		t.Run(map[bool]string{false: "succeeds", true: "fails"}[fails], func(t *testing.T) {
			t.Parallel()
			world := newWorld(t)
			if fails {
				if err := world.PowerBI.FailNext(sim.Sales(), sim.FailCredentials); err != nil {
					t.Fatal(err)
				}
			}
			settings := onAzurite(t)
			doomed, heir := startApp(t, world, settings), startApp(t, world, settings)
			doc := doomed.trigger(body(sim.Sales()))
			if err := doomed.host.KillHandler(); err != nil {
				t.Fatal(err)
			}
			if err := doomed.host.Close(); err != nil {
				t.Fatal(err)
			}
			if got := sweepUntilDone(t, heir, doc.StatusURL); got != fails {
				t.Errorf("the refresh failed: %v, and the operation says so: %v", fails, got)
			}
			if c := counters(t, world, sim.Sales()); c.Accepted != 1 {
				t.Errorf("%d refreshes", c.Accepted)
			}
		})
	}
}

// sweepUntilDone fires the timer until the operation has ended and reports
// whether it failed. Only the timer moves the model: the status is read at the end.
func sweepUntilDone(t *testing.T, a *app, statusURL string) bool {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if err := a.host.Fire(t.Context(), "RefreshSweep"); err != nil {
			t.Fatal(err)
		}
		if seen := a.world.Journal.Entries(0); slices.ContainsFunc(seen, ended) && swept(a) {
			break
		}
		<-time.After(200 * time.Millisecond)
	}
	doc := a.finish(a.at(statusURL))
	return doc.Status == machine.StatusFailed
}

func ended(e sim.Entry) bool { return e.Kind == sim.KindEnded }

// swept reports whether the handler has logged an end.
func swept(a *app) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.lines, func(line string) bool {
		return containsAny(line, `"phase":"succeeded"`, `"phase":"failed"`)
	})
}
