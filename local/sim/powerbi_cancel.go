package sim

import (
	"net/http"
	"time"
)

// cancel answers DELETE .../refreshes/{id}: 200 and no body, and the refresh ends some time afterwards, perhaps even
// Completed (documented and seen). Scheduled and portal refreshes cannot be cancelled (documented); unverified: the
// answers for those, for a standard refresh and for an unknown id.
func (s *PowerBI) cancel(req request) Answer {
	m := req.model
	r := m.find(req.PathValue("id"), req.at)
	switch {
	case m.knobs.Push:
		return notModelBased()
	case r == nil:
		return entityNotFound()
	case !r.enhanced():
		return invalidRequest("Invalid dataset refresh request. Only enhanced refreshes can be cancelled")
	case !r.ended.IsZero():
		return shape1(http.StatusConflict, "InvalidRequest", cancelText)
	}
	m.stats.Cancels++
	if !m.knobs.IgnoreCancel {
		m.endEarly(r, req.at, m.knobs.CancelTakes)
	}
	return emptyAnswer(http.StatusOK).noted("cancelling " + r.id)
}

// endEarly cancels a refresh some time from now, unless it ends before by itself.
func (m *model) endEarly(r *refresh, now time.Time, takes time.Duration) {
	if r.begun.IsZero() {
		m.dequeue(r, now)
		return
	}
	at := now.Add(takes)
	if !r.endsAt.IsZero() && !r.endsAt.After(at) {
		return
	}
	r.endsAt = at
	r.plan = Outcome{Status: statusCancelled, Attempts: r.plan.Attempts}
}

// dequeue; unverified: a refresh that has not begun is cancelled at once.
func (m *model) dequeue(r *refresh, at time.Time) {
	for i, queued := range m.queue {
		if queued == r {
			m.queue = append(m.queue[:i:i], m.queue[i+1:]...)
		}
	}
	r.plan = Outcome{Status: statusCancelled}
	r.ended = at
	m.note(KindEnded, at, r, statusCancelled)
}
