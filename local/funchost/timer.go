package funchost

import (
	"context"
	"time"
)

// A timer is a timer function's listener.
type timer struct {
	function *Function
	monitor  bool          // keeps a schedule status
	running  chan struct{} // holds one token while a run is under way
}

func newTimers(functions []*Function) map[string]*timer {
	timers := make(map[string]*timer)
	for _, f := range functions {
		if f.Timer == nil {
			continue
		}
		t := &timer{function: f, running: make(chan struct{}, 1)}
		t.monitor = f.Timer.UseMonitor && !subMinute(f.Timer.schedule, time.Now())
		timers[f.Name] = t
	}
	return timers
}

func (h *Host) startTimers() {
	for _, t := range h.timers {
		if !t.function.Disabled {
			h.timerLoops.Go(func() { h.listen(t) })
		}
	}
}

// subMinute reports whether two slots lie less than a minute apart; the host keeps
// no status for such a schedule.
func subMinute(s schedule, now time.Time) bool {
	slot := s.next(now)
	for range 5 {
		following := s.next(slot)
		if following.Sub(slot) < time.Minute {
			return true
		}
		slot = following
	}
	return false
}

// listen runs a timer on its schedule until arming ends, once no other host on
// the same storage does.
func (h *Host) listen(t *timer) {
	lock := h.statuses.lock(t.function.Name)
	select {
	case lock <- struct{}{}:
		defer func() { <-lock }()
	case <-h.arming.Done():
		return
	}
	trigger := t.function.Timer
	now := time.Now()
	pastDue := t.monitor && h.checkStatus(t, now)
	if pastDue || trigger.RunOnStartup {
		_ = h.runTimer(h.arming, t, run{pastDue: pastDue}) // logged there; errors never stop a schedule
	}
	for slot := trigger.schedule.next(now); ; slot = following(trigger.schedule, slot, time.Now()) {
		select {
		case <-time.After(time.Until(slot)):
			_ = h.runTimer(h.arming, t, run{}) // logged there
		case <-h.arming.Done():
			return
		}
		if h.arming.Err() != nil {
			return
		}
	}
}

// following is the slot after one that has run. One that was missed meanwhile
// comes at once; more than one come once.
func following(s schedule, slot, now time.Time) time.Time {
	if next := s.next(slot); next.After(now) {
		return next
	}
	return now
}

// runTimer runs a timer that is not running; it waits for that until ctx is
// done.
func (h *Host) runTimer(ctx context.Context, t *timer, r run) error {
	select {
	case t.running <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-t.running }()
	began := time.Now()
	err := h.invokeTimer(t, r)
	if t.monitor {
		h.recordRun(t, began)
	}
	return err
}
