//go:build unix

package e2e

import (
	"testing"
	"time"

	"pbirefresh/internal/wait"
	"pbirefresh/local/sim"
)

// A process stands still for 26 seconds, longer than its leases, while it holds some of
// them: callers of it and of the other processes are all answered 202.
func TestFrozenProcessCostsNobodyA503(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	models := manyModels(t, world, 8, 3*time.Second)
	settings := onAzurite(t)
	frozen, other := startApp(t, world, settings), startApp(t, world, settings)
	s := &stream{t: t}
	for _, ref := range models { // each POST takes long enough to be interrupted under the lease
		if err := world.Fail(sim.Fault{Op: sim.OpStart, Delay: 1900 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		s.trigger(frozen, ref)
	}
	wait.For(t.Context(), time.Second)
	pid := frozen.host.HandlerPID()
	if err := freeze(pid); err != nil {
		t.Fatal(err)
	}
	for i := range 52 {
		s.trigger([]*app{other, frozen}[i%2], models[i%len(models)])
		s.trigger(other, models[(i+3)%len(models)])
		wait.For(t.Context(), 500*time.Millisecond)
	}
	if err := thaw(pid); err != nil {
		t.Fatal(err)
	}
	s.report()
	for _, ref := range models {
		if c := counters(t, world, ref); c.MaxOverlap > 1 || c.RefusedByOwn > 0 {
			t.Errorf("%s: %+v, want one refresh of ours at a time", ref.Model, c)
		}
	}
}
