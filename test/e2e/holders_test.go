package e2e

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/bloblease"
	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// A holder dies with the lease of a model just taken: a trigger is answered 202.
func TestDeadHolderCostsNobodyA503(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	settings := onAzurite(t)
	a := startApp(t, world, settings)
	a.finish(a.trigger(body(sim.Sales())).StatusURL)
	store, err := bloblease.New(bloblease.Options{ConnectionString: settings["STATE_STORAGE"], Container: settings["STATE_CONTAINER"]})
	if err != nil {
		t.Fatal(err)
	}
	name := refresh.StateName(machine.Model{WorkspaceID: sim.Sales().Workspace, DatasetID: sim.Sales().Model})
	// An acquire without an answer may have the lease too: a holder that died is what is wanted.
	if _, err := lease.Enter(t.Context(), store, name); err != nil && !errors.Is(err, lease.ErrUnknown) {
		t.Fatal(err)
	}
	began := time.Now()
	a.trigger(body(sim.Sales()))
	t.Logf("answered 202 after %v; a lease lasts %v", time.Since(began).Round(time.Millisecond), lease.Duration)
}

// Three hundred triggers for sixty new models, through three processes and a network
// that delays a tenth of the requests to the storage for up to eight seconds.
func TestBurstOnLateStorage(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	models := manyModels(t, world, 60, 3*time.Second)
	settings, storage := onLateStorage(t, 0.1, 8*time.Second, 1)
	apps := make([]*app, 3)
	for i := range apps {
		apps[i] = startApp(t, world, settings)
	}
	s := &stream{t: t}
	for i := range 300 {
		s.trigger(apps[i%len(apps)], models[i%len(models)])
	}
	s.report()
	t.Logf("%d requests to the storage were late", storage.late.Load())
	for _, ref := range models {
		if c := counters(t, world, ref); c.MaxOverlap > 1 || c.RefusedByOwn > 0 {
			t.Errorf("%s: %+v, want one refresh of ours at a time", ref.Model, c)
		}
	}
}

// stream sends triggers side by side. Each of them must be answered 202.
type stream struct {
	t    *testing.T
	all  sync.WaitGroup
	mu   sync.Mutex
	took []time.Duration
}

func (s *stream) trigger(a *app, ref sim.Ref) {
	s.all.Go(func() {
		began := time.Now()
		if _, err := a.client.Trigger(s.t.Context(), []byte(body(ref))); err != nil {
			s.t.Errorf("%s is refused after %v: %v", ref.Model, time.Since(began), err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.took = append(s.took, time.Since(began))
	})
}

// report waits for all answers and says how long they took.
func (s *stream) report() {
	s.all.Wait()
	slices.Sort(s.took)
	n := len(s.took)
	s.t.Logf("%d answers; median %v, 90 %% within %v, the last after %v", n,
		s.took[n/2].Round(time.Millisecond), s.took[n*9/10].Round(time.Millisecond), s.took[n-1].Round(time.Millisecond))
}
