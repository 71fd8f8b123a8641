//go:build chaos

package e2e

import (
	"fmt"
	"sync/atomic"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// tally counts what happened.
type tally struct {
	triggers, promised, unavailable, broken, cancels atomic.Int64
	kills, pauses, faults, failing, foreign          atomic.Int64

	unused                      int // faults that met no call
	refreshes, overlap, refused int // of ours; at Power BI
	lost, untrue, stale         int
	otherwise                   int            // ids with two answers
	settled                     int            // attempts whose outcome was unknown or which were adopted
	ended                       map[string]int // by status and cause
	finished                    time.Duration
}

// judge holds every promise against the truth.
func (c *chaos) judge(kept *evidence) {
	c.t.Helper()
	c.tally.ended = map[string]int{}
	truths := map[sim.Ref]truth{}
	for _, ref := range c.models {
		truths[ref] = c.truthOf(ref)
	}
	for _, o := range c.callers {
		if o.id == "" {
			continue
		}
		if o.ended == nil {
			c.tally.lost++
			c.t.Errorf("lost: %s of %s", o.id, o.ref.Model)
			continue
		}
		kept.write(fmt.Sprintf("caller of %s arrived %s holds %s: %s %+v", o.ref.Model, o.arrived.UTC().Format("15:04:05.000"), o.id, verdict(*o.ended), o.ended.Attempts))
		c.tally.ended[cause(*o.ended)]++
		c.weigh(o, truths[o.ref])
	}
	c.sameEverywhere()
	for _, m := range c.fleet.members {
		if err := m.crashed(); err != nil {
			c.t.Error(err)
		}
	}
	n := &c.tally
	if n.promised.Load() < n.triggers.Load()/2 || n.kills.Load() == 0 || n.settled == 0 || (canPause && n.pauses.Load() == 0) {
		c.t.Error("hardly anything happened: this run proves nothing")
	}
}

// truthOf reads the refreshes from the simulator, and finds overlaps.
func (c *chaos) truthOf(ref sim.Ref) truth {
	c.t.Helper()
	list, err := c.world.PowerBI.Refreshes(ref)
	if err != nil {
		c.t.Fatal(err)
	}
	n := counters(c.t, c.world, ref)
	c.tally.refreshes += n.Accepted
	c.tally.overlap = max(c.tally.overlap, n.MaxOverlap)
	c.tally.refused += n.RefusedByOwn
	if n.MaxOverlap > 1 || n.RefusedByOwn > 0 {
		c.t.Errorf("overlap: %s: %+v", ref.Model, n)
	}
	return newTruth(list)
}

// weigh looks for one lie in one answer.
func (c *chaos) weigh(o *caller, tr truth) {
	c.t.Helper()
	doc := *o.ended
	if why := tr.untrue(doc, o.cancelled, o.whole); why != "" {
		c.tally.untrue++
		c.t.Errorf("untrue: %s of %s: %s, but %s: %+v", o.id, o.ref.Model, verdict(doc), why, doc.Attempts)
	}
	if tr.stale(doc, o.arrived) {
		c.tally.stale++
		c.t.Errorf("stale: %s of %s: %s was accepted before the caller arrived", o.id, o.ref.Model, doc.Result.RefreshID)
	}
	for _, a := range doc.Attempts {
		if a.Adopted || a.Outcome == machine.OutcomeUnknown || a.Outcome == machine.OutcomeDropped {
			c.tally.settled++
		}
	}
}
