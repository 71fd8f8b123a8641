package simulation

import (
	"time"

	"pbirefresh/refresh/machine"
)

// limits bound the faults of a schedule to what the guarantees cover. A POST that
// the network delivers, or a refresh that Power BI first shows, after the settle
// window is the stated residual of G1: it is generated where straggles says so, and
// G1 is then held to what the watch list promises.
type limits struct {
	settle time.Duration // the shortest settle window of any process
	post   time.Duration // the shortest PostLimit

	late   time.Duration // a request is on its way for at most so long after its sender gave up
	pause  time.Duration // a process stands still for at most so long
	land   time.Duration // Power BI takes at most so long to act on a POST
	list   time.Duration // a new refresh is invisible for at most so long
	hides  bool          // Power BI forgets refreshes
	unseen time.Duration // a refresh is unfinished and forgotten for at most so long
	leaps  time.Duration // the storage service's clock jumps forward by at most so much, in all

	straggles bool // refreshes come, or are shown, when their attempts have long been given up
}

func newLimits(d dice) limits {
	l := limits{settle: pick(d, 2*time.Minute, 3*time.Minute, 5*time.Minute), post: pick(d, 40*time.Second, time.Minute), hides: d.chance(0.15)}
	// Clocks that lag by a slow acquire, whole seconds, and travelling.
	budget := l.settle + l.post - 40*time.Second
	if d.chance(0.3) {
		l.leaps = d.between(time.Second, budget/3)
		budget -= l.leaps
	}
	if d.chance(0.2) && !l.hides {
		l.late = budget
		return l
	}
	l.late = 30 * time.Second
	rest := budget - l.late
	if l.hides {
		l.unseen = min(l.settle-90*time.Second, rest*2/3-10*time.Second)
		rest /= 3
	}
	l.pause, l.land, l.list = rest/8, rest/8, rest/8
	most := pick(d, &l.pause, &l.land, &l.list)
	*most = rest * 3 / 4
	l.pause = min(l.pause, 90*time.Second)
	l.list = min(l.list, l.settle-30*time.Second)
	return l
}

// straggle lets refreshes come long after the settle window, in some schedules.
func (l *limits) straggle(d dice) {
	if l.straggles = !l.hides && d.chance(0.15); !l.straggles {
		return
	}
	l.land, l.list = 3*l.settle, 3*l.settle
	if l.pause == 0 {
		l.late = 3 * l.settle
	}
}

// spoil lets POSTs arrive late although their sender was told that they failed, in
// schedules that are about that.
func (l limits) spoil(d dice, f *fate) {
	if l.pause == 0 && d.chance(0.15) {
		f.kind, f.land, f.err = "late", true, errBroken
		f.patience, f.before = d.between(time.Millisecond, 3*time.Second), d.between(3*time.Second, l.late)
	}
}

// rules may differ from process to process: safety does not depend on their agreeing.
func (l limits) rules(d dice) machine.Rules {
	return machine.Rules{
		SendWithin:   pick(d, 5*time.Second, 10*time.Second),
		PostLimit:    pick(d, l.post, l.post, l.post+20*time.Second),
		SettleWindow: pick(d, l.settle, l.settle, l.settle*3/2),
	}
}
