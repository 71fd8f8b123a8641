package schedule

import (
	"context"
	"errors"
	"iter"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// Listing is the state of all schedules.
type Listing struct {
	Source  string
	Version string    // of the file in use; empty: none
	Since   time.Time // when this process took it up
	Trouble *Trouble  // with the source as it is now
	Entries []Listed
}

// Listed is an entry of the file in use.
type Listed struct {
	Entry   *Entry
	Next    []time.Time // slots
	Targets []Target
}

// Target is one model of an entry.
type Target struct {
	Model machine.Model
	Start time.Time // of the next slot: spread and jitter included; zero: never
	Last  *Result
}

const nextSlots = 5 // for people to see that they wrote what they meant

// List returns the state of all schedules.
func (r *Runner) List(ctx context.Context) (Listing, error) {
	use, err := r.loader.load(ctx)
	if err != nil {
		return Listing{}, err
	}
	l := Listing{Source: r.cfg.Source.Name, Trouble: use.trouble}
	if use.file == nil {
		return l, nil
	}
	l.Version, l.Since = use.file.Version, use.since
	doc, err := r.cfg.Store.Read(ctx, progressName)
	state, now := State{}, time.Now()
	switch {
	case err == nil:
		if state, err = decodeState(doc.Body); err != nil {
			return l, err
		}
		now = doc.Date
	case !errors.Is(err, lease.ErrNotFound):
		return l, err
	}
	for i := range use.file.Entries {
		l.Entries = append(l.Entries, listed(&use.file.Entries[i], state, now))
	}
	return l, nil
}

func listed(e *Entry, s State, now time.Time) Listed {
	l := Listed{Entry: e, Next: e.Next(now, nextSlots)}
	for _, r := range e.Requests {
		p := s.Targets[targetName(e.Name, r.Model)]
		l.Targets = append(l.Targets, Target{Model: r.Model, Start: e.nextStart(r.Model, p.Through, now), Last: p.Last})
	}
	return l
}

// nextStart is the start of the first slot that was not handled; zero: never. The slot may
// be past, with its start still ahead.
func (e *Entry) nextStart(m machine.Model, through, now time.Time) time.Time {
	from := now
	if earliest := now.Add(-e.Spread - e.Jitter); !through.IsZero() {
		from = later(through, earliest)
	}
	for slot := range e.ahead(from) {
		if start := e.Start(m, slot); start.After(now) {
			return start
		}
	}
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// How far ahead to search. It is bounded because a blackout window may hide all slots of
// an entry.
const (
	horizon  = 5 * 366 * 24 * time.Hour
	maxLooks = 50_000
)

// Next returns the next n slots after now, in the entry's zone; none of an entry that is
// disabled, and fewer of one whose slots lie in blackout windows for long.
func (e *Entry) Next(now time.Time, n int) []time.Time {
	var list []time.Time
	for slot := range e.ahead(now) {
		if list = append(list, slot.In(e.Timing.zone)); len(list) == n {
			break
		}
	}
	return list
}

func (e *Entry) ahead(from time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		looks := 0
		for slot := range e.Timing.slots(from, from.Add(horizon)) {
			if looks++; !e.Enabled || looks > maxLooks || !e.blackedOut(slot) && !yield(slot) {
				return
			}
		}
	}
}
