package sim

import (
	"slices"
	"time"
)

// model is a semantic model and everything that happened to it. All methods need the service's lock.
type model struct {
	ref       Ref
	name      string
	knobs     Knobs
	schedule  RefreshSchedule
	plans     []Outcome  // how the next accepted refreshes end
	running   *refresh   // has begun and not ended
	queue     []*refresh // accepted, not begun
	all       []*refresh // in the order of acceptance, dropped ones included
	flights   []*flight  // requests under way, in the order of landing
	freeSince time.Time  // when the last refresh ended
	stats     Counters
	tell      func(Entry)
}

// flight is a request that reaches the service later; see [Fault].Land.
type flight struct {
	at     time.Time
	land   func(at time.Time) Answer
	answer Answer
}

// advance brings the model to now by one step after the other, each at its own time, so that the order of events
// does not depend on the reads.
func (m *model) advance(now time.Time) {
	for {
		at, step := m.next()
		if step == nil || at.After(now) {
			return
		}
		step(at)
	}
}

// next is the earliest step. At the same moment an end comes before a start, and a start before a request that lands.
func (m *model) next() (time.Time, func(time.Time)) {
	var at time.Time
	var step func(time.Time)
	consider := func(t time.Time, do func(time.Time)) {
		if step == nil || t.Before(at) {
			at, step = t, do
		}
	}
	if m.running != nil && !m.running.endsAt.IsZero() {
		consider(m.running.endsAt, m.finish)
	}
	if m.running == nil && len(m.queue) > 0 {
		consider(m.freeAt(m.queue[0]), m.begin)
	}
	if len(m.flights) > 0 {
		consider(m.flights[0].at, m.touchDown)
	}
	return at, step
}

// freeAt is when the head of the queue can begin: it is ready, and its predecessor has ended.
func (m *model) freeAt(head *refresh) time.Time {
	if ready := head.readyAt(); ready.After(m.freeSince) {
		return ready
	}
	return m.freeSince
}

func (m *model) begin(at time.Time) {
	r := m.queue[0]
	m.queue = m.queue[1:]
	m.running = r
	r.begun = at
	if !r.plan.Stuck && !m.knobs.Stuck {
		r.endsAt = at.Add(r.plan.Duration)
	}
	m.stats.begin()
	m.note(KindStarted, at, r, "")
}

func (m *model) finish(at time.Time) {
	r := m.running
	m.running = nil
	m.freeSince = at
	r.ended = at
	m.note(KindEnded, at, r, r.plan.Status)
}

// depart keeps the flights in the order of landing.
func (m *model) depart(f *flight) {
	i := len(m.flights)
	for i > 0 && m.flights[i-1].at.After(f.at) {
		i--
	}
	m.flights = slices.Insert(m.flights, i, f)
}

func (m *model) touchDown(at time.Time) {
	f := m.flights[0]
	m.flights = m.flights[1:]
	f.answer = f.land(at)
}

func (m *model) note(kind string, at time.Time, r *refresh, note string) {
	text := string(r.via)
	if note != "" {
		text += " " + note
	}
	m.tell(Entry{Time: at, Kind: kind, Service: "powerbi", Model: m.ref, Refresh: r.id, Caller: r.caller, Note: text})
}

// unfinished counts the refreshes that were accepted and have not ended; dropped ones never count.
func (m *model) unfinished() int {
	n := len(m.queue)
	if m.running != nil {
		n++
	}
	return n
}

// find returns the refresh with that id of the API.
func (m *model) find(id string, now time.Time) *refresh {
	for _, r := range m.all {
		if sameID(r.listed, id) && !r.dropped && r.visible(now) {
			return r
		}
	}
	return nil
}
