package schedule

import (
	"iter"
	"time"
)

// Timing is the rule for the times of an entry's slots.
type Timing struct {
	crons []cron
	every time.Duration // in place of crons
	zone  *time.Location
	text  string // what it was made of: equal texts have equal slots
}

// String is the timing in words that stay the same as long as the slots do.
func (t Timing) String() string { return t.text }

// slotsOf returns the slots of an entry after from and not after to, earliest first. See the
// package doc for the rules where clocks change.
func slotsOf(e *Entry, from, to time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for slot := range e.Timing.slots(from, to) {
			if !e.blackedOut(slot) && !yield(slot) {
				return
			}
		}
	}
}

func (t Timing) slots(from, to time.Time) iter.Seq[time.Time] {
	if t.every > 0 {
		return t.regular(from, to)
	}
	return func(yield func(time.Time) bool) {
		for at := from; !at.After(to); {
			p := periodAt(at, t.zone)
			if !t.within(p, from, to, yield) || p.end.IsZero() {
				return
			}
			at = p.end
		}
	}
}

// regular counts from midnight UTC on Saturday, 1 January 2000, whatever wall clocks show.
func (t Timing) regular(from, to time.Time) iter.Seq[time.Time] {
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	return func(yield func(time.Time) bool) {
		slot := from.UTC().Add(-floorMod(from.Sub(epoch), t.every)).Add(t.every)
		for ; !slot.After(to); slot = slot.Add(t.every) {
			if !yield(slot) {
				return
			}
		}
	}
}

func floorMod(d, by time.Duration) time.Duration { return ((d % by) + by) % by }

// period is a time in which a zone keeps one offset, and the offset before it.
type period struct {
	start, end     time.Time // end excluded; zero: without bound
	offset, before time.Duration
}

func periodAt(t time.Time, zone *time.Location) period {
	t = t.In(zone)
	start, end := t.ZoneBounds()
	p := period{start: start, end: end, offset: offset(t)}
	p.before = p.offset
	if !start.IsZero() {
		p.before = offset(start.Add(-time.Second).In(zone))
	}
	return p
}

func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// within yields the slots in (from, to] that lie in the period; false to stop.
//
// A wall time is written as a UTC time. At the change, clocks went from start+before to
// start+offset: the times between were skipped, or come a second time.
func (t Timing) within(p period, from, to time.Time, yield func(time.Time) bool) bool {
	was, is := p.start.UTC().Add(p.before), p.start.UTC().Add(p.offset)
	wall := from.UTC().Add(p.offset).Truncate(time.Minute).Add(time.Minute)
	if p.start.After(from) {
		if w, ok := t.next(was, time.Time{}); is.After(was) && ok && w.Before(is) {
			if p.start.After(to) || !yield(p.start.UTC()) { // once for all that was skipped
				return false
			}
			wall = is.Add(time.Minute) // it is the slot of this minute, too
		} else {
			wall = is
		}
	}
	for {
		w, ok := t.next(wall, was)
		slot := w.Add(-p.offset)
		switch {
		case ok && !p.end.IsZero() && !slot.Before(p.end):
			return true // with the next offset it may be earlier
		case !ok, slot.After(to), !yield(slot):
			return false
		}
		wall = w.Add(time.Minute)
	}
}

// next returns the first wall time at or after w. What comes a second time, before
// repeated, counts only for expressions that run in every hour.
func (t Timing) next(w, repeated time.Time) (time.Time, bool) {
	var first time.Time
	for _, c := range t.crons {
		from := w
		if from.Before(repeated) && !c.everyHour() {
			from = repeated
		}
		if at, ok := c.next(from); ok && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first, !first.IsZero()
}
