package simulation

import (
	"context"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// How long a schedule may take to come to rest once the faults have stopped.
const restBy = 4 * time.Hour

// play runs the schedule from its first action to its judgement.
func (w *world) play() {
	timer := make(chan struct{})
	w.actors.Go(func() { w.keepSweeping(timer) })
	for _, a := range w.plan() {
		time.Sleep(time.Until(w.trace.began.Add(a.at)))
		w.trace.add("world", "%s", a.name)
		a.do(w, newDice(w.seed, a.name+a.at.String()))
	}
	time.Sleep(w.dice.between(0, 5*time.Minute))
	close(timer)
	w.heal()
	w.actors.Wait()
	w.rest()
	w.judge()
	w.probe()
	close(w.over)
	time.Sleep(20 * time.Minute) // what is left behind comes to its end, stragglers too
}

// keepSweeping is the timer trigger: one process at a time, now and then none.
func (w *world) keepSweeping(stop <-chan struct{}) {
	d := newDice(w.seed, "timer")
	for {
		select {
		case <-time.After(d.between(29*time.Second, 31*time.Second)):
		case <-stop:
			return
		}
		if !d.chance(0.15) {
			p := w.anyProcess(d)
			w.actors.Go(func() { w.sweep(p) })
		}
	}
}

// heal stops all faults.
func (w *world) heal() {
	w.trace.add("world", "the faults stop")
	close(w.calm)
	w.cloud.ClearFaults()
	w.cloud.PowerBI.Throttle(0, "", sim.OpStart, sim.OpHistory, sim.OpDetail, sim.OpWorkspace)
	w.cloud.Entra.AddApp(sim.TenantID, sim.ClientID, sim.ClientSecret{Value: sim.SecretValue})
	w.setSecret(sim.SecretValue)
	for _, m := range w.models {
		_ = w.cloud.PowerBI.MoveWorkspace(m.WorkspaceID, m.WorkspaceID == sim.SharedWorkspace)
		_ = w.cloud.PowerBI.Tune(refOf(m), func(k *sim.Knobs) { *k = sim.Knobs{Duration: 10 * time.Second} })
	}
	for _, p := range w.survivors() {
		p.setStorm(weather{})
		p.planOutage(0)
		p.light(fuse{})
	}
}

// rest lets the timer alone move everything to its end (G2).
func (w *world) rest() {
	began := time.Now()
	for !w.oracle.idle() && len(w.oracle.violations()) == 0 {
		if time.Since(began) > restBy {
			w.oracle.violated("G2: not at rest after %v of sweeps: %s", restBy, w.oracle.unfinished())
			return
		}
		time.Sleep(30 * time.Second)
		w.unstick()
		w.sweep(w.anyProcess(w.dice))
	}
	w.trace.add("world", "at rest after %v", time.Since(began))
}

// unstick ends refreshes that were scripted to run for ever.
func (w *world) unstick() {
	for _, m := range w.models {
		for _, r := range w.refreshes(m) {
			if r.Status == "InProgress" && time.Since(r.Started.Add(-w.skew)) > 20*time.Minute {
				_ = w.cloud.PowerBI.Finish(refOf(m), r.ID, sim.Outcome{Status: "Failed"})
			}
		}
	}
}

// judge reads every promise through a process that was there, and through a new one.
func (w *world) judge() {
	w.mu.Lock()
	veteran, newcomer := pick(w.dice, w.procs...), w.spawn()
	w.mu.Unlock()
	for i, held := range w.ledger.all() {
		w.read(held, newcomer, "judge")
		if i%2 == 0 && veteran.alive() {
			w.read(held, veteran, "judge")
		}
		if held.ended == nil && w.oracle.void(held.opened.Epoch).IsZero() {
			w.oracle.violated("G2: operation %d of %s never ended", held.opened.Number, short(held.model))
		}
	}
	for _, m := range w.models {
		if w.oracle.anew(m) || w.limits.straggles {
			continue
		}
		if most := overlaps(w.ownRefreshes(m)); most > 1 {
			w.oracle.violated("G1: %d refreshes of ours at one time on %s", most, short(m))
		}
		counters, err := w.cloud.PowerBI.Counters(refOf(m))
		if err != nil || counters.RefusedByOwn > 0 && !w.mingled {
			w.oracle.violated("G1: %d POSTs while a refresh of ours was unfinished on %s (%v)", counters.RefusedByOwn, short(m), err)
		}
	}
}

// probe: after everything that happened each model can be refreshed again. Scripted
// outcomes that are left over may fail the first ones.
func (w *world) probe() {
	p := w.anyProcess(w.dice)
	for _, m := range w.models {
		done := len(w.oracle.violations()) > 0
		for i := 0; i < 10 && !done; i++ {
			done = w.probeOnce(p, m)
		}
		if !done {
			w.oracle.violated("G2: %s cannot be refreshed any more: %s", short(m), w.oracle.unfinished())
		}
	}
}

func (w *world) probeOnce(p *process, m machine.Model) bool {
	ctx, leave := context.WithTimeout(context.Background(), 3*time.Hour)
	defer leave()
	receipt, err := p.c.Trigger(ctx, refresh.Request{Model: m, Ask: machine.Ask{
		Shape: machine.Shape{Kind: machine.Auto}, WhenBusy: machine.WhenBusyQueue, Timeout: 30 * time.Minute, MaxAttempts: 3,
	}})
	for err == nil && !receipt.View.Status.Terminal() {
		time.Sleep(receipt.View.RetryAfter)
		w.unstick()
		receipt, err = p.c.Status(ctx, receipt.Link())
	}
	w.trace.add("world", "probe of %s: %s %s %v", short(m), receipt.View.Status, faultCode(receipt.View), err)
	return err == nil && receipt.View.Status == machine.StatusSucceeded
}
