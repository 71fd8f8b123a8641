package simulation

import (
	"slices"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// muzzled is called with what Power BI throttles, and for how long; no calls named: all.
func (o *oracle) muzzled(wait time.Duration, ops []sim.Op) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, op := range []sim.Op{sim.OpStart, sim.OpHistory} {
		if len(ops) == 0 || slices.Contains(ops, op) {
			o.muzzle[op] = time.Now().Add(wait)
		}
	}
}

// apart counts calls that get through while another kind is throttled.
func (o *oracle) apart(what string, throttled sim.Op) {
	if time.Now().Before(o.muzzle[throttled]) {
		o.w.cover.hit("%s", what)
	}
}

// waits: what Power BI asked for is in the document for every process. Nothing is posted
// before, and no other wait makes it shorter (G7). A storage clock that jumps, in the
// section or since the document was written, is another reading of when that is.
func (o *oracle) waits(prev, next machine.State) {
	h := prev.Hold
	if h == nil || h.Reason != machine.HoldThrottled || o.w.disk.clock.jumps() > 0 {
		return
	}
	left := h.Until.Sub(o.w.disk.date(time.Now()))
	if left < 2*time.Second {
		return
	}
	o.w.cover.hit("told to wait")
	if a := next.Attempt; a != nil && a.Stage == machine.StageStarting && (prev.Attempt == nil || prev.Attempt.Txn != a.Txn) {
		o.note("G7: intent %s was saved %v before Power BI wants the next one", a.Txn, left)
	}
	if next.Hold == nil || next.Hold.Until.Before(h.Until) {
		o.note("G7: Power BI asked for %v more, and the document forgot", left)
	}
}
