package e2e

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

const rolloutModels = 8

// rollout is a fleet whose instances come and go under load.
type rollout struct {
	t        *testing.T
	world    *sim.World
	settings map[string]string
	key      string // the function key of all instances, as of one app
	repeats  bool   // some callers send their request twice, with an Idempotency-Key
	models   []sim.Ref
	asked    sync.WaitGroup // callers under way
	promises chan struct{}  // one for each 202
	ever     []*instance    // all that there were

	mu        sync.Mutex
	instances []*instance // guarded by mu
	callers   []*waiter   // guarded by mu
	refusals  int         // guarded by mu
}

// instance is one host. It ends when the calls that it was given have their answers, as
// the platform drains it.
type instance struct {
	*app
	calls sync.WaitGroup
}

// newRollout starts n instances of the app that is staged in root.
func newRollout(t *testing.T, root string, n int) *rollout {
	t.Helper()
	r := &rollout{t: t, world: newWorld(t), settings: onAzurite(t), key: rand.Text(), promises: make(chan struct{}, 1000)}
	r.settings["SWEEP_SCHEDULE"] = "*/2 * * * * *"
	r.settings["SETTLE_WINDOW"] = "30s"
	busy := []sim.BusyMode{sim.Busy400, sim.Busy409, sim.BusyQueue}
	for i := range rolloutModels {
		ref := sim.Ref{Workspace: sim.WorkspaceID, Model: fmt.Sprintf("7e4a0000-51b1-4d00-8000-0000000002%02x", i)}
		knobs := sim.Knobs{Duration: time.Duration(i+1) * 300 * time.Millisecond, Busy: busy[i%len(busy)]}
		if err := r.world.PowerBI.AddModel(ref, fmt.Sprintf("Rollout %d", i), knobs); err != nil {
			t.Fatal(err)
		}
		r.models = append(r.models, ref)
	}
	for range n {
		r.add(root)
	}
	return r
}

// add starts one more instance.
func (r *rollout) add(root string) *instance {
	r.t.Helper()
	one := &instance{app: startAppFrom(r.t, root, r.world, r.settings, r.key)}
	r.ever = append(r.ever, one)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.instances = append(r.instances, one)
	return one
}

// replace starts an instance of another version, and then ends the oldest.
func (r *rollout) replace(root string) {
	r.t.Helper()
	r.add(root)
	r.mu.Lock()
	old := r.instances[0]
	r.instances = r.instances[1:]
	r.mu.Unlock()
	old.calls.Wait()
	old.close()
	r.unharmed(old)
}

// kill kills the handler of an instance without warning; its host starts another one.
func (r *rollout) kill(one *instance) {
	r.t.Helper()
	if err := one.host.KillHandler(); err != nil {
		r.t.Fatal(err)
	}
}

// unharmed: the instance neither stopped by itself nor crashed nor missed a member.
func (r *rollout) unharmed(one *instance) {
	r.t.Helper()
	if err := one.host.Err(); err != nil {
		r.t.Errorf("a host stopped by itself: %v", err)
	}
	for _, bad := range []string{"panic:", "fatal error:", "next version: lost", "is not readable"} {
		if strings.Contains(one.log(), bad) {
			r.t.Errorf("%q in the log\n%s", bad, lineWith(one.log(), bad))
		}
	}
}

// take gives the i-th caller an instance; release it with calls.Done.
func (r *rollout) take(i int) *instance {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.instances[i%len(r.instances)]
	one.calls.Add(1)
	return one
}

// judge holds every promise against what Power BI did.
func (r *rollout) judge() {
	r.t.Helper()
	truths, refreshes, settled := map[sim.Ref]truth{}, 0, 0
	for _, ref := range r.models {
		list, err := r.world.PowerBI.Refreshes(ref)
		if err != nil {
			r.t.Fatal(err)
		}
		if n := counters(r.t, r.world, ref); n.MaxOverlap > 1 || n.RefusedByOwn > 0 {
			r.t.Errorf("overlap: %s: %+v", ref.Model, n)
		}
		truths[ref] = newTruth(list)
		refreshes += len(list)
	}
	for _, one := range r.callers {
		tr := truths[one.ref]
		if why := tr.untrue(one.ended, one.cancels, one.whole); why != "" {
			r.t.Errorf("untrue: %s: %s, but %s: %+v", one.id, ending(one.ended), why, one.ended.Attempts)
		}
		if tr.stale(one.ended, one.arrived) {
			r.t.Errorf("stale: %s was accepted before its caller arrived", one.ended.Result.RefreshID)
		}
		settled += unknown(one.ended)
		r.sameOfAll(one)
	}
	for _, one := range r.instances {
		r.unharmed(one)
	}
	r.t.Logf("%d instances, %d promises, %d refused, %d refreshes, %d outcomes that were unknown", len(r.ever), len(r.callers), r.refusals, refreshes, settled)
}

// unknown counts the attempts whose outcome the answer of Power BI did not show.
func unknown(d handler.StatusDocument) (n int) {
	for _, a := range d.Attempts {
		if a.Adopted || a.Outcome == machine.OutcomeUnknown || a.Outcome == machine.OutcomeDropped {
			n++
		}
	}
	return n
}

// sameOfAll checks that every instance returns the same end.
func (r *rollout) sameOfAll(one *waiter) {
	r.t.Helper()
	for _, at := range r.instances {
		doc, _, err := at.client.Status(r.t.Context(), at.at(one.url))
		if err != nil || ending(doc) != ending(one.ended) {
			r.t.Errorf("%s ended as %q, and an instance says %q (%v)", one.id, ending(one.ended), ending(doc), err)
		}
	}
}

// ending is what all versions agree on: an earlier one calls the time when it saw the end the
// end.
func ending(d handler.StatusDocument) string {
	return fmt.Sprint(d.Status, " ", d.Result, " ", cmp.Or(d.EndSeen, d.Ended), " after ", len(d.Attempts))
}

// lineWith is the first line that holds the words.
func lineWith(log, words string) string {
	for line := range strings.Lines(log) {
		if strings.Contains(line, words) {
			return line
		}
	}
	return ""
}
