//go:build chaos

package e2e

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"pbirefresh/internal/wait"
	"pbirefresh/local/sim"
)

// spoil makes Power BI misbehave until ctx ends.
func (c *chaos) spoil(ctx context.Context, d *rand.Rand) {
	for wait.For(ctx, between(d, 50*time.Millisecond, 450*time.Millisecond)) {
		ref := c.models[d.IntN(len(c.models))]
		switch p := d.IntN(100); {
		case p < 20: // a foreign refresh; a model that is busy refuses it
			via := []sim.Via{sim.ViaPortal, sim.ViaSchedule, sim.ViaXMLA}[d.IntN(3)]
			if _, err := c.world.PowerBI.StartForeign(ref, via, between(d, time.Second, 4*time.Second)); err == nil {
				c.tally.foreign.Add(1)
			}
		case p < 35:
			c.failNext(ref, d)
		default:
			c.fail(d)
		}
	}
}

func (c *chaos) failNext(ref sim.Ref, d *rand.Rand) {
	classes := []sim.FailureClass{
		sim.FailCredentials, sim.FailGateway, sim.FailSource, sim.FailMemory, sim.FailCapacity,
		sim.FailInternal, sim.FailTimeout, sim.FailCancelled, sim.FailNoReason,
	}
	if err := c.world.PowerBI.FailNext(ref, classes[d.IntN(len(classes))]); err != nil {
		c.t.Error(err)
	}
	c.tally.failing.Add(1)
}

// fail scripts one fault of the next call of its kind, unless one waits for that
// already. Lost answers are rare: each takes its model out of the run for two minutes.
func (c *chaos) fail(d *rand.Rand) {
	list := otherFaults
	if d.IntN(8) == 0 {
		list = lostAnswers
	}
	f := list[d.IntN(len(list))]
	if slices.ContainsFunc(c.world.Faults(), func(w sim.Fault) bool { return w.Op == f.Op && w.Kind == f.Kind }) {
		return
	}
	if f.Kind == sim.Throttled {
		f.RetryAfter = time.Duration(1+d.IntN(3)) * time.Second
	}
	if f.Hold > 0 {
		f.Hold = between(d, f.Hold/2, 2*f.Hold)
	}
	if f.Delay > 0 {
		f.Delay = between(d, f.Delay/2, 2*f.Delay)
	}
	if err := c.world.Fail(f); err != nil {
		c.t.Error(err)
	}
	c.tally.faults.Add(1)
}

// lostAnswers leave the caller not knowing whether its refresh was accepted.
var lostAnswers = []sim.Fault{
	{Kind: sim.CutBefore, Op: sim.OpStart},
	{Kind: sim.CutAfter, Op: sim.OpStart},
	{Kind: sim.ErrorBefore, Op: sim.OpStart},
	{Kind: sim.ErrorAfter, Op: sim.OpStart},
	{Kind: sim.HTMLError, Op: sim.OpStart},
	{Kind: sim.CutAfter, Op: sim.OpStart, Hold: 3 * time.Second},
}

var otherFaults = []sim.Fault{
	{Kind: sim.Throttled, Op: sim.OpStart},
	{Kind: sim.Throttled, Op: sim.OpHistory},
	{Kind: sim.Throttled, Op: sim.OpDetail},
	{Kind: sim.Busy400Answer, Op: sim.OpStart},
	{Kind: sim.Busy409Answer, Op: sim.OpStart},
	{Kind: sim.InvalidToken, Op: sim.OpStart},
	{Op: sim.OpStart, Delay: 3 * time.Second},
	{Op: sim.OpStart, Hold: 3 * time.Second},
	{Op: sim.OpHistory, Hold: 2 * time.Second},
	{Op: sim.OpDetail, Hold: 2 * time.Second},
	{Kind: sim.CutAfter, Op: sim.OpHistory},
	{Kind: sim.CutAfter, Op: sim.OpDetail},
	{Kind: sim.ErrorBefore, Op: sim.OpHistory},
	{Kind: sim.ErrorBefore, Op: sim.OpDetail},
	{Kind: sim.TruncatedJSON, Op: sim.OpHistory},
	{Kind: sim.CutAfter, Op: sim.OpCancel},
	{Kind: sim.ErrorBefore, Op: sim.OpCancel},
	{Kind: sim.ErrorBefore, Op: sim.OpToken},
	{Kind: sim.ErrorBefore, Op: sim.OpSecret},
}
