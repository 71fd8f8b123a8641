package sim

import (
	"net/http"
)

// detailRow is the body of GET .../refreshes/{id}; it has no requestId.
type detailRow struct {
	Start       string         `json:"startTime"`
	End         string         `json:"endTime,omitempty"`
	Type        string         `json:"type,omitempty"`
	CommitMode  string         `json:"commitMode,omitempty"`
	Status      string         `json:"status"`
	Extended    string         `json:"extendedStatus,omitempty"`
	CurrentType string         `json:"currentRefreshType,omitempty"`
	Attempted   int            `json:"numberOfAttempts"`
	Objects     []detailObject `json:"objects,omitempty"`
	Messages    []Message      `json:"messages,omitempty"`
	Attempts    []attemptRow   `json:"refreshAttempts,omitempty"`
	Exception   string         `json:"serviceExceptionJson,omitempty"`
	InitiatedBy Via            `json:"initiatedBy"`
}

type detailObject struct {
	Table     string `json:"table"`
	Partition string `json:"partition,omitempty"`
	Status    string `json:"status"`
}

// detail answers GET .../refreshes/{id}: 202 while unfinished, 200 at the end (documented); unverified: 200 for
// Cancelled, Disabled and TimedOut, and 404 for an unknown id.
func (s *PowerBI) detail(req request) Answer {
	m := req.model
	r := m.find(req.PathValue("id"), req.at)
	switch {
	case m.knobs.Push:
		return notModelBased()
	case r == nil:
		return entityNotFound()
	case !r.enhanced() && m.knobs.StandardDetailRefused:
		return invalidRequest("Invalid refresh id. Details are available for enhanced refreshes only")
	}
	status := http.StatusOK
	if r.ended.IsZero() {
		status = http.StatusAccepted
	}
	return jsonAnswer(status, m.detailOf(r))
}

func (m *model) detailOf(r *refresh) detailRow {
	row := detailRow{
		Start:       wireTime(r.startTime(), detailLayout),
		End:         wireTime(r.ended, detailLayout),
		Status:      m.word(r, m.detailStatus(r)),
		InitiatedBy: r.via,
	}
	if r.enhanced() {
		row.Type, row.CurrentType, row.CommitMode = r.wants.kind, r.wants.kind, r.wants.commitMode
		row.Extended = m.word(r, r.extended())
		row.Objects = m.objects(r)
	}
	m.addEnd(&row, r)
	return row
}

// addEnd; unverified: numberOfAttempts is 0 while running and the number of data attempts at the end.
func (m *model) addEnd(row *detailRow, r *refresh) {
	if r.ended.IsZero() {
		return
	}
	row.Attempted = max(r.plan.Attempts, 1)
	row.Messages = r.plan.Messages
	row.Exception = r.plan.exception(true)
	row.Attempts = r.attempts(detailLayout)
	if !r.enhanced() { // the swagger's on-demand sample has zones in the attempts
		row.Attempts = r.attempts(attemptLayout)
	}
}

// detailStatus: Unknown while running in the swagger, InProgress in the guide.
func (m *model) detailStatus(r *refresh) string {
	if r.ended.IsZero() && m.knobs.InProgressWord {
		return statusInProgress
	}
	return r.status()
}

// objects; unverified: objects are listed with a status while the refresh runs, and what their status is after a failure.
func (m *model) objects(r *refresh) []detailObject {
	if r.begun.IsZero() {
		return nil
	}
	var list []detailObject
	for _, o := range r.objects(m.knobs.tables()) {
		list = append(list, detailObject{o.Table, o.Partition, r.objectStatus(o)})
	}
	return list
}
