package simulation

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"pbirefresh/lease"
	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// action is something that happens to the world at a time.
type action struct {
	at   time.Duration
	name string
	do   func(*world, dice)
}

// deed is something that can happen, with its weight.
type deed struct {
	weight int
	name   string
	do     func(*world, dice)
}

// deeds are what can happen.
func deeds() []deed {
	return []deed{
		{30, "caller", func(w *world, d dice) { w.callers(d, 1) }},
		{4, "burst", func(w *world, d dice) { w.callers(d, 2+d.IntN(4)) }},
		{3, "rush", (*world).rush},
		{5, "foreign", (*world).foreign},
		{14, "fault", (*world).fault},
		{6, "outcome", (*world).outcome},
		{6, "tune", func(w *world, d dice) { w.tune(refOf(pick(d, w.models...)), d) }},
		{4, "throttle", (*world).throttle},
		{2, "revoke", func(w *world, _ dice) { w.cloud.Entra.RevokeTokens(sim.ClientID) }},
		{2, "secret", (*world).rotate},
		{2, "capacity", (*world).move},
		{6, "storm", (*world).blow},
		{8, "crash", (*world).crash},
		{5, "outage", func(w *world, d dice) { w.anyProcess(d).planOutage(d.between(20*time.Second, 12*time.Minute)) }},
		{4, "pause", (*world).freeze},
		{2, "wipe", (*world).wipeMeta},
		{1, "recreate", (*world).recreate},
		{4, "leap", (*world).leap},
		{1, "calmer", (*world).calmer},
		{4, "lost partitions", (*world).losePartitions},
	}
}

// plan draws the actions of the schedule.
func (w *world) plan() []action {
	d := newDice(w.seed, "plan")
	length := d.between(2*time.Minute, 15*time.Minute)
	list := deeds()
	if w.patient {
		list = slices.DeleteFunc(list, func(deed deed) bool { return slices.Contains(costly, deed.name) })
	}
	total := 0
	for _, deed := range list {
		total += deed.weight
	}
	var actions []action
	for range 6 + d.IntN(19) {
		x := d.IntN(total)
		i := 0
		for ; x >= list[i].weight; i++ {
			x -= list[i].weight
		}
		actions = append(actions, action{d.between(0, length), list[i].name, list[i].do})
	}
	actions = append(actions, action{0, "caller", list[0].do})
	if d.chance(0.04) {
		actions = append(actions, action{time.Second, "regular", (*world).regular})
	}
	slices.SortFunc(actions, func(a, b action) int { return cmp.Compare(a.at, b.at) })
	return actions
}

func (w *world) callers(_ dice, n int) {
	for range n {
		w.actors.Go(w.newCaller().run)
	}
}

func (w *world) newCaller() *caller {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.guests++
	return newCaller(w, w.guests)
}

// regular asks for one refresh after the other, so that finished operations move to
// the archive.
func (w *world) regular(d dice) {
	c, model := w.newCaller(), pick(d, w.models...)
	w.cover.hit("regular")
	w.actors.Go(func() {
		for range 24 {
			_ = w.cloud.PowerBI.Tune(refOf(model), func(k *sim.Knobs) { k.Duration, k.StartDelay = time.Second, 0 })
			held := c.trigger(refresh.Request{Model: model, Ask: machine.Ask{
				Shape: machine.Shape{Kind: machine.Standard}, WhenBusy: machine.WhenBusyQueue, Timeout: 20 * time.Minute, MaxAttempts: 2,
			}})
			if held == nil || !c.wait(5*time.Second) {
				continue
			}
			c.poll(held)
		}
	})
}

// rush lets many callers ask for the same within seconds, while a process is slow.
func (w *world) rush(d dice) {
	slow := w.anyProcess(d)
	if !w.patient {
		slow.setStorm(weather{slow: 0.5})
	}
	w.later(30*time.Second, func() { slow.setStorm(weather{}) })
	model, kind := pick(d, w.models...), pick(d, machine.Auto, machine.Standard)
	for range 3 + d.IntN(6) {
		c, wait := w.newCaller(), d.between(0, 12*time.Second)
		w.actors.Go(func() {
			if c.wait(wait) {
				c.serve(refresh.Request{Model: model, Ask: machine.Ask{
					Shape: machine.Shape{Kind: kind}, WhenBusy: machine.WhenBusyQueue, Timeout: time.Hour, MaxAttempts: 2,
				}})
			}
		})
	}
}

func (w *world) anyModel(d dice) sim.Ref { return refOf(pick(d, w.models...)) }

// foreign starts a refresh that is not ours: by the schedule, a person, or another
// tool that uses the same API.
func (w *world) foreign(d dice) {
	via := pick(d, sim.ViaSchedule, sim.ViaPortal, sim.ViaXMLA, sim.ViaAPI, sim.ViaEnhancedAPI)
	length := pick(d, d.between(time.Second, 6*time.Minute), d.between(time.Second, time.Minute), 0)
	if w.limits.hides {
		length = d.between(time.Second, 20*time.Second)
	}
	if _, err := w.cloud.PowerBI.StartForeign(w.anyModel(d), via, length); err == nil {
		w.cover.hit("foreign %s", via)
		w.mingled = w.mingled || via == sim.ViaAPI || via == sim.ViaEnhancedAPI
	}
}

// fault scripts a misbehaviour of the next calls.
func (w *world) fault(d dice) {
	f := sim.Fault{Op: pick(d, sim.OpStart, sim.OpStart, sim.OpStart, sim.OpHistory, sim.OpDetail, sim.OpCancel, sim.OpWorkspace, sim.OpToken)}
	f.Times = pick(d, 1, 1, 2, 3, 25)
	f.Kind = pick(d, sim.CutBefore, sim.CutAfter, sim.ErrorBefore, sim.ErrorAfter, sim.Throttled, sim.TokenExpired, sim.HTMLError, sim.TruncatedJSON, "")
	if f.Op == sim.OpStart {
		f.Kind = pick(d, f.Kind, sim.Busy400Answer, sim.Busy409Answer, sim.BareBadRequest, sim.QuotaExceeded, sim.UnexpectedSuccess, sim.Redirected,
			sim.CutAfter, sim.ErrorAfter, sim.ErrorAfterNamed, sim.Waking, "")
	}
	f.RetryAfter = pick(d, 0, time.Second, 40*time.Second, 5*time.Minute)
	switch d.IntN(4) {
	case 0:
		f.Delay = d.between(0, min(w.limits.land, 30*time.Second))
	case 1:
		f.Hold = d.between(0, 20*time.Second)
	case 2:
		if f.Op == sim.OpStart {
			f.Land = d.between(0, w.limits.land)
		}
	}
	if f.Kind == sim.Waking && f.Land == 0 {
		f.Land = min(100*time.Second, w.limits.land)
	}
	if err := w.cloud.Fail(f); err != nil {
		w.oracle.violated("%v", err)
	}
}

// outcome scripts how the next refreshes of a model end.
func (w *world) outcome(d dice) {
	ref := w.anyModel(d)
	class := pick(d, sim.FailureClasses()...)
	var o sim.Outcome
	switch n := d.IntN(6); n {
	case 0:
		o = sim.Outcome{Dropped: true}
		w.cover.hit("outcome dropped")
	case 1:
		if w.limits.hides {
			return // a refresh that runs for ever, unseen, is the residual
		}
		o = sim.Outcome{Stuck: true}
		w.cover.hit("outcome stuck")
	default:
		if n == 5 {
			class = sim.FailPartial
			w.partly(ref)
		}
		var err error
		if o, err = sim.Failure(class); err != nil {
			w.oracle.violated("%v", err)
		}
		w.cover.hit("outcome %s", class)
		if n == 5 && d.chance(0.7) {
			o.Description = "You've exceeded the capacity limit for semantic model refreshes. Try again when fewer semantic models are being processed."
		} else if d.chance(0.2) {
			o.Description = strings.Repeat("A very long and not at all helpful explanation. ", 60)
		}
	}
	_ = w.cloud.PowerBI.Next(ref, o)
}

// partly lets a caller ask for tables in a partial batch: nobody else notices what a
// refresh that failed has done.
func (w *world) partly(ref sim.Ref) {
	c := w.newCaller()
	shape := machine.Shape{Kind: machine.Enhanced, Type: "Full", CommitMode: "PartialBatch", ApplyPolicy: new(false),
		Objects: []machine.Object{{Table: "DimDate"}, {Table: "FactSales"}}}
	w.actors.Go(func() {
		c.serve(refresh.Request{Model: machine.Model{WorkspaceID: ref.Workspace, DatasetID: ref.Model},
			Ask: machine.Ask{Shape: shape, WhenBusy: machine.WhenBusyQueue, Timeout: time.Hour, MaxAttempts: 3}})
	})
}

// tune changes how Power BI treats a model.
func (w *world) tune(ref sim.Ref, d dice) {
	k := sim.Knobs{
		Duration:              pick(d, d.between(time.Second, 20*time.Second), d.between(10*time.Second, 8*time.Minute)),
		StartDelay:            pick(d, 0, 0, d.between(0, 40*time.Second)),
		Busy:                  pick(d, sim.Busy400, sim.Busy409, sim.BusyQueue, sim.BusyQueue, sim.BusyDrop),
		IDHeaders:             pick(d, sim.AllHeaders, sim.OnlyLocation, sim.OnlyRequestHeader, sim.OnlyRequestID),
		OmitExtendedStatus:    d.chance(0.2),
		InProgressWord:        d.chance(0.3),
		BareHistory:           d.chance(0.1),
		StandardDetailRefused: d.chance(0.3),
		CancelTakes:           pick(d, 0, d.between(0, 30*time.Second)),
		IgnoreCancel:          d.chance(0.1),
		RenumberRows:          d.chance(0.06),
		OmitRequestID:         d.chance(0.04),
		KeepRequestID:         d.chance(0.3),
	}
	if d.chance(0.1) {
		k.RunningWord = "Crunching"
	}
	if d.chance(0.3) {
		k.ListAfter = d.between(0, w.limits.list)
		w.cover.hit("knob late ids")
	}
	if w.limits.hides {
		// A refresh must not be unseen and unfinished for longer than it takes to
		// settle, the foreign one that it may wait for included.
		k.StartDelay, k.Duration = 0, min(k.Duration, w.limits.unseen)
		k.VanishAfter = pick(d, 0, k.StartDelay+k.Duration+d.between(0, 30*time.Second), d.between(time.Second, time.Minute))
		w.cover.hit("knob vanishing ids")
	}
	if k.RenumberRows {
		w.cover.hit("knob renumbered ids")
	}
	_ = w.cloud.PowerBI.Tune(ref, func(now *sim.Knobs) { *now = k })
}

func (w *world) throttle(d dice) {
	ops := pick(d, []sim.Op{sim.OpStart}, []sim.Op{sim.OpHistory, sim.OpDetail}, []sim.Op{sim.OpHistory, sim.OpDetail}, []sim.Op{sim.OpWorkspace}, nil)
	wait := pick(d, d.between(time.Second, time.Minute), d.between(time.Minute, 15*time.Minute))
	w.cloud.PowerBI.Throttle(wait, ops...)
	w.oracle.muzzled(wait, ops)
}

// rotate replaces the secret; the vault learns of it later.
func (w *world) rotate(d dice) {
	value := "sim~" + string(rune('a'+d.IntN(26)))
	w.cloud.Entra.AddApp(sim.TenantID, sim.ClientID, sim.ClientSecret{Value: value})
	w.later(pick(d, 0, d.between(0, 10*time.Minute)), func() { w.setSecret(value) })
}

func (w *world) move(d dice) {
	_ = w.cloud.PowerBI.MoveWorkspace(pick(d, w.models...).WorkspaceID, d.chance(0.5))
}

// blow makes the storage unreliable for one process, or for all.
func (w *world) blow(d dice) {
	s := weather{lost: d.Float64() * 0.1, refused: d.Float64() * 0.1, landed: d.Float64() * 0.15, late: d.Float64() * 0.1, slow: d.Float64() * 0.15}
	if w.patient {
		s = weather{late: s.late, latest: lease.Duration}
	}
	targets := []*process{w.anyProcess(d)}
	if d.chance(0.3) {
		targets = w.survivors()
	}
	for _, p := range targets {
		p.setStorm(s)
		w.later(d.between(10*time.Second, 5*time.Minute), func() { p.setStorm(weather{}) })
	}
}

func (w *world) crash(d dice) {
	f := fuse{calls: 1 + d.IntN(12), where: pick(d, before, after)}
	if d.chance(0.5) { // at a call that matters
		f.calls, f.kind = 1, pick(d, "post", "post", "write", "acquire", "delete", "create", "release")
	}
	w.anyProcess(d).light(f)
}

func (w *world) freeze(d dice) {
	p, length := w.anyProcess(d), d.between(time.Second, w.limits.pause)
	if w.patient {
		length = min(length, 26*time.Second)
	}
	if p.pause(length) {
		w.trace.add(p.name, "stands still for %v", length)
		w.cover.hit("pause")
		if length > lease.Duration {
			w.cover.hit("pause longer than the lease")
		}
	}
}

func (w *world) wipeMeta(d dice) {
	w.disk.wipe(refresh.StateName(pick(d, w.models...)))
	w.cover.hit("metadata wiped")
}

func (w *world) calmer(dice) { w.cloud.ClearFaults() }

// later does something unless the faults have stopped by then.
func (w *world) later(after time.Duration, do func()) {
	w.actors.Go(func() {
		select {
		case <-time.After(after):
			do()
		case <-w.calm:
		}
	})
}

func (w *world) survivors() []*process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.living()
}
