package sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// start answers POST .../refreshes.
func (s *PowerBI) start(req request) Answer {
	m := req.model
	m.stats.Posts++
	want, err := parseRequest(req.body)
	if err != nil {
		return invalidRequest("Invalid dataset refresh request. " + err.Error())
	}
	if refusal := m.unsuitable(want, req.space); refusal != nil {
		return *refusal
	}
	busy := m.unfinished()
	if busy > 0 && m.knobs.refuses() {
		return m.refuse(req)
	}
	if m.quotaUsed(req.at) {
		return quotaAnswer()
	}
	r := s.newRefresh(m, want, req)
	m.accept(r, busy)
	return s.accepted(r, req)
}

// unsuitable rejects what the model or the workspace does not support.
func (m *model) unsuitable(want refreshRequest, space *workspace) *Answer {
	var a Answer
	switch {
	case m.knobs.Push: // unverified: like GET
		a = notModelBased()
	case want.enhanced && !space.dedicated:
		a = invalidRequest(enhancedText)
	case m.knobs.RefuseMail && want.notify != "" && want.notify != "NoNotification":
		a = invalidRequest(fmt.Sprintf(mailText, want.notify))
	default:
		return nil
	}
	return &a
}

func (k Knobs) refuses() bool { return k.Busy != BusyQueue && k.Busy != BusyDrop }

// refuse; unverified: an overlap of standard and enhanced refreshes gets the same answer.
func (m *model) refuse(req request) Answer {
	m.stats.Refused++
	if m.ownUnfinished(req.caller) {
		m.stats.RefusedByOwn++
	}
	switch m.knobs.Busy {
	case Busy409:
		return busyAnswer(http.StatusConflict)
	case BusyBare:
		return emptyAnswer(http.StatusBadRequest).noted("busy, without a reason")
	case Busy400, BusyQueue, BusyDrop:
	}
	return busyAnswer(http.StatusBadRequest)
}

// quotaUsed counts API and scheduled refreshes; the portal's "Refresh now" is not counted (documented).
func (m *model) quotaUsed(now time.Time) bool {
	if m.knobs.DailyLimit == 0 {
		return false
	}
	since := now.Add(-24 * time.Hour)
	if m.knobs.QuotaAtMidnight {
		since = now.UTC().Truncate(24 * time.Hour)
	}
	n := 0
	for _, r := range m.all {
		if (r.byAPI() || r.via == ViaSchedule) && !r.accepted.Before(since) {
			n++
		}
	}
	return n >= m.knobs.DailyLimit
}

func (s *PowerBI) newRefresh(m *model, want refreshRequest, req request) *refresh {
	r := &refresh{
		id: s.refreshID(m, req), number: s.number(), via: ViaAPI, caller: req.caller, body: rawBody(req.body),
		wants: want, knobs: m.knobs, accepted: req.at,
	}
	if want.enhanced {
		r.via = ViaEnhancedAPI
	}
	r.listed = r.id
	if m.knobs.RenumberRows {
		r.listed = s.newID()
	}
	r.plan = m.plan(want)
	return r
}

// refreshID is the id of a new refresh.
func (s *PowerBI) refreshID(m *model, req request) string {
	id := req.Header.Get("RequestId")
	taken := slices.ContainsFunc(m.all, func(r *refresh) bool { return sameID(r.id, id) })
	if m.knobs.KeepRequestID && id != "" && !taken {
		return id
	}
	return s.newID()
}

func rawBody(body []byte) json.RawMessage {
	if len(body) == 0 || !json.Valid(body) {
		return nil
	}
	return json.RawMessage(body)
}

// plan uses the scripted outcome, if there is one, and applies the request's own time-out.
func (m *model) plan(want refreshRequest) Outcome {
	o, fails := want.laterFailure()
	if !fails && len(m.plans) > 0 {
		o, m.plans = m.plans[0], m.plans[1:]
	}
	o.Status = cmp.Or(o.Status, statusCompleted)
	o.Duration = cmp.Or(o.Duration, m.knobs.duration())
	if want.enhanced && want.timeout > 0 && o.Duration > want.timeout {
		late := failures()[FailTimeout]
		late.Attempts = want.retryCount + 1
		late.Duration = want.timeout * time.Duration(late.Attempts)
		return late
	}
	return o
}

// accept adds a refresh; busy is the number of unfinished ones before it.
func (m *model) accept(r *refresh, busy int) {
	r.dropped = r.plan.Dropped || busy > 1 || (busy == 1 && m.knobs.Busy == BusyDrop)
	if r.dropped && m.ownUnfinished(r.caller) {
		m.stats.RefusedByOwn++
	}
	m.all = append(m.all, r)
	if r.dropped {
		m.stats.Dropped++
		m.stats.accept(0)
		m.note(KindDropped, r.accepted, r, "accepted and forgotten")
		return
	}
	m.queue = append(m.queue, r)
	m.stats.accept(m.overlap())
	m.note(KindAccepted, r.accepted, r, "")
}

// accepted is the 202. Only enhanced refreshes have Location and x-ms-request-id (documented); RequestId equals the
// refresh id for both kinds (seen: kestra-io/plugin-powerbi, apache/airflow).
func (s *PowerBI) accepted(r *refresh, req request) Answer {
	a := emptyAnswer(http.StatusAccepted).noted("accepted " + r.id)
	a.Header.Set("Content-Type", "application/octet-stream")
	which := r.knobs.IDHeaders
	if which == AllHeaders || which == OnlyRequestID || !r.enhanced() {
		a.Header.Set("Requestid", r.id)
	}
	if r.enhanced() && (which == AllHeaders || which == OnlyRequestHeader) {
		a.Header.Set("X-Ms-Request-Id", r.id)
	}
	if r.enhanced() && (which == AllHeaders || which == OnlyLocation) {
		a.Header.Set("Location", fmt.Sprintf("%s/v1.0/myorg/groups/%s/datasets/%s/refreshes/%s",
			req.base, req.ref.Workspace, req.ref.Model, r.id))
	}
	return a
}
