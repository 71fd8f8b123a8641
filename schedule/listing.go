package schedule

import (
	"context"
	"errors"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh"
)

// Listing is all that is known of the schedules.
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
	Model refresh.Model
	Start time.Time // when the next slot is started: spread and jitter included; zero: never
	Last  *Result
}

const nextSlots = 5 // for people to see that they wrote what they meant

// List tells how the schedules stand.
func (r *Runner) List(ctx context.Context) (Listing, error) {
	use, err := r.loader.load(ctx)
	if err != nil {
		return Listing{}, err
	}
	l := Listing{Source: r.Source.Name, Trouble: use.trouble}
	if use.file == nil {
		return l, nil
	}
	l.Version, l.Since = use.file.Version, use.since
	doc, err := r.Store.Read(ctx, progressName)
	state, now := State{}, time.Now()
	switch {
	case err == nil:
		if state, err = DecodeState(doc.Body); err != nil {
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
		t := Target{Model: r.Model, Last: s.Targets[TargetName(e.Name, r.Model)].Last}
		if len(l.Next) > 0 {
			t.Start = e.Start(r.Model, l.Next[0])
		}
		l.Targets = append(l.Targets, t)
	}
	return l
}

// How far ahead Next looks: it must end, also for an entry that a blackout window hides
// for good.
const (
	horizon  = 5 * 366 * 24 * time.Hour
	maxLooks = 50_000
)

// Next returns the next n slots after now, in the entry's zone; none of an entry that is
// disabled, and fewer of one whose slots lie in blackout windows for long.
func (e *Entry) Next(now time.Time, n int) []time.Time {
	var list []time.Time
	looks := 0
	for slot := range e.Timing.slots(now, now.Add(horizon)) {
		if looks++; !e.Enabled || looks > maxLooks || len(list) == n {
			break
		}
		if !e.blackedOut(slot) {
			list = append(list, slot.In(e.Timing.zone))
		}
	}
	return list
}
