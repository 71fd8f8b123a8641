package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/refresh"
	"pbirefresh/sim"
)

const rolloutModels = 8

// rollout is a fleet whose instances come and go under load.
type rollout struct {
	t        *testing.T
	world    *sim.World
	settings map[string]string
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

// waiter wants one refresh and waits for its end.
type waiter struct {
	ref     sim.Ref
	whole   bool      // it wants all tables
	arrived time.Time // before its request left
	id      string    // from the 202; empty: nothing was promised
	cancels bool      // it asks for the end at once
	ended   handler.StatusDocument
}

// newRollout starts n instances of the app that is staged in root.
func newRollout(t *testing.T, root string, n int) *rollout {
	t.Helper()
	r := &rollout{t: t, world: newWorld(t), settings: onAzurite(t), promises: make(chan struct{}, 1000)}
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
	one := &instance{app: startAppFrom(r.t, root, r.world, r.settings, "")}
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

// load lets callers come, four at a time, until ctx ends.
func (r *rollout) load(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ctx.Err() == nil; i += 4 {
		for j := range 4 {
			r.asked.Go(func() { r.ask(i + j) })
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// ask sends the i-th request. Two at a time want one model, through different instances;
// some models are wanted more than others, and some callers want a table only.
func (r *rollout) ask(i int) {
	one := &waiter{ref: r.models[i/2%7*(i/2%3+1)%rolloutModels], whole: i%5 != 3, cancels: i%9 == 4}
	want := body(one.ref)
	if !one.whole {
		want = fmt.Sprintf(`{"workspaceId":%q,"datasetId":%q,"options":{"objects":[{"table":"DimDate"}]}}`, one.ref.Workspace, one.ref.Model)
	}
	at := r.take(i)
	defer at.calls.Done()
	one.arrived = time.Now()
	doc, err := at.client.Trigger(r.t.Context(), []byte(want))
	if err != nil {
		r.refused(err)
		return
	}
	one.id = doc.ID
	if one.cancels {
		r.cancel(i+1, one)
	}
	r.mu.Lock()
	r.callers = append(r.callers, one)
	r.mu.Unlock()
	r.promises <- struct{}{}
}

// cancel asks another instance for the end. What has ended already is not cancelled.
func (r *rollout) cancel(i int, one *waiter) {
	at := r.take(i)
	defer at.calls.Done()
	_, err := at.client.Cancel(r.t.Context(), one.id, false)
	var e *handler.Error
	over := errors.As(err, &e) && (e.Status == http.StatusGone || e.Status == http.StatusConflict)
	if err != nil && !over {
		r.refused(err)
	}
}

// refused: "not now" is an answer, and so is a connection that dies with its process.
func (r *rollout) refused(err error) {
	r.mu.Lock()
	r.refusals++
	r.mu.Unlock()
	var e *handler.Error
	if errors.As(err, &e) && e.Status != http.StatusServiceUnavailable && e.Status != http.StatusInternalServerError {
		r.t.Errorf("refused: %d %v", e.Status, err)
	}
}

// served waits until so many more callers were promised their refresh.
func (r *rollout) served(n int) {
	r.t.Helper()
	for len(r.promises) > 0 {
		<-r.promises // of before
	}
	limit := time.After(2 * time.Minute)
	for range n {
		select {
		case <-r.promises:
		case <-limit:
			r.t.Fatal("hardly anybody is served")
		}
	}
}

// finish waits for the end of everything that was promised.
func (r *rollout) finish() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Minute) // an outcome that is unknown takes two to settle
	defer cancel()
	var all sync.WaitGroup
	for i, one := range r.callers {
		all.Go(func() { r.look(ctx, i, one) })
	}
	all.Wait()
}

// look looks until it has ended, more often than Retry-After wants: that may be a minute
// for an operation behind one whose POST is under way.
func (r *rollout) look(ctx context.Context, i int, one *waiter) {
	at := r.take(i)
	defer at.calls.Done()
	for {
		doc, _, err := at.client.Status(ctx, at.host.URL()+"/api/refreshes/"+one.id)
		switch {
		case err == nil && doc.Status.Terminal():
			one.ended = doc
			return
		case ctx.Err() != nil:
			r.t.Errorf("lost: %s of %s: %s (%v)", one.id, one.ref.Model, doc.Phase, err)
			return
		case err != nil:
			r.refused(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
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

// unknown counts the attempts whose answer did not tell what became of them.
func unknown(d handler.StatusDocument) (n int) {
	for _, a := range d.Attempts {
		if a.Adopted || a.Outcome == refresh.OutcomeUnknown || a.Outcome == refresh.OutcomeDropped {
			n++
		}
	}
	return n
}

// sameOfAll: every instance tells the same end.
func (r *rollout) sameOfAll(one *waiter) {
	r.t.Helper()
	for _, at := range r.instances {
		doc, _, err := at.client.Status(r.t.Context(), at.host.URL()+"/api/refreshes/"+one.id)
		if err != nil || ending(doc) != ending(one.ended) {
			r.t.Errorf("%s ended as %q, and an instance says %q (%v)", one.id, ending(one.ended), ending(doc), err)
		}
	}
}

func ending(d handler.StatusDocument) string {
	return fmt.Sprint(d.Status, " ", d.Result, " ", d.Ended, " after ", len(d.Attempts))
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
