//go:build chaos

package e2e

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pbirefresh/internal/wait"
	"pbirefresh/local/sim"
)

// The lost answers of a run take 160 seconds and the settle window to settle, whatever
// its size: that is too long for every `go test`, hence the build tag.
var (
	chaosTriggers = flag.Int("chaos.triggers", 300, "how many callers ask for a refresh")
	chaosFor      = flag.Duration("chaos.for", 75*time.Second, "how long faults, kills and pauses go on")
	chaosSeed     = flag.Uint64("chaos.seed", rand.Uint64(), "what the choices are drawn from; the processes decide the rest")
)

const (
	chaosHosts  = 6
	chaosModels = 20
	// A POST without an answer holds its model for 160 s, then its outcome settles in
	// 30 s or more, and an attempt may be followed by two more.
	chaosEnd = 12 * time.Minute
)

// chaos is one run.
type chaos struct {
	t       *testing.T
	world   *sim.World
	fleet   *fleet
	models  []sim.Ref
	callers []*caller
	tally   tally
}

// Six processes, twenty models, and everything that can go wrong: no promise is
// lost, no two refreshes of ours overlap, and no answer is untrue.
func TestChaos(t *testing.T) {
	kept := keepEvidence(t)
	c := &chaos{t: t, world: newWorld(t)}
	c.world.Journal.OnEvent(func(e sim.Entry) { kept.write(e.String()) })
	c.addModels()
	settings, storage := onLateStorage(t, 0.02, 12*time.Second, *chaosSeed)
	settings["SWEEP_SCHEDULE"] = "*/5 * * * * *"
	settings["SETTLE_WINDOW"] = "30s"
	c.fleet = newFleet(t, c.world, settings, kept)
	c.callers = newCallers(*chaosTriggers, c.models)

	c.rage(t.Context())
	c.finish(t.Context())
	c.judge(kept)
	t.Logf("%s; %d late requests to the storage", c.figures(), storage.late.Load())
}

// dice is a stream of chance of its own for each actor.
func dice(actor uint64) *rand.Rand { return rand.New(rand.NewPCG(*chaosSeed, actor)) }

// addModels makes models of different kinds and durations. Every fourth takes
// requests while it is busy, and every fifth takes long: there an outcome that is
// taken for settled too early makes refreshes of ours overlap.
func (c *chaos) addModels() {
	c.t.Helper()
	d := dice(1)
	busy := []sim.BusyMode{sim.Busy400, sim.Busy409, sim.BusyQueue, sim.Busy400}
	for i := range chaosModels {
		ref := sim.Ref{Workspace: sim.WorkspaceID, Model: fmt.Sprintf("7e4a0000-51b1-4d00-8000-0000000001%02x", i)}
		if i%3 == 2 {
			ref.Workspace = sim.SharedWorkspace
		}
		knobs := sim.Knobs{Duration: between(d, time.Second, 4*time.Second), Busy: busy[i%len(busy)]}
		if i%5 == 4 {
			knobs.Duration = between(d, 20*time.Second, 30*time.Second)
		}
		if err := c.world.PowerBI.AddModel(ref, fmt.Sprintf("Chaos %d", i), knobs); err != nil {
			c.t.Fatal(err)
		}
		c.models = append(c.models, ref)
	}
}

// rage lets everything happen at once, and returns when all callers have left.
func (c *chaos) rage(ctx context.Context) {
	storm, calm := context.WithTimeout(ctx, *chaosFor)
	defer calm()
	var all sync.WaitGroup
	all.Go(func() { c.spoil(storm, dice(2)) })
	all.Go(func() { c.killAtRandom(storm, dice(3)) })
	all.Go(func() { c.pauseAtRandom(storm, dice(4)) })
	for i, one := range c.callers {
		all.Go(func() { one.live(storm, c, dice(1000+uint64(i))) })
	}
	all.Wait()
	c.tally.unused = len(c.world.Faults())
	c.world.ClearFaults()
}

// finish lets the sweeps bring everything to its end, and looks rarely.
func (c *chaos) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, chaosEnd)
	defer cancel()
	began := time.Now()
	d := dice(5)
	for ctx.Err() == nil {
		var open []*caller
		for _, one := range c.callers {
			if one.id != "" && one.ended == nil {
				open = append(open, one)
			}
		}
		if len(open) == 0 {
			break
		}
		each(open, func(one *caller) { one.look(ctx, c, c.fleet.any(d)) })
		wait.For(ctx, 10*time.Second)
	}
	c.tally.finished = time.Since(began)
}

// each does a thing for all, some at a time. any() of the fleet is safe for it.
func each[T any](list []T, do func(T)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, 16)
	for _, one := range list {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(one)
		})
	}
	all.Wait()
}

func between(d *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(d.Int64N(int64(most-least)))
}
