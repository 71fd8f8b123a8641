package sim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// historyRow is one entry of GET .../refreshes.
type historyRow struct {
	RequestID string       `json:"requestId,omitempty"`
	ID        int64        `json:"id"`
	Type      Via          `json:"refreshType"`
	Start     string       `json:"startTime"`
	End       string       `json:"endTime,omitempty"`
	Exception string       `json:"serviceExceptionJson,omitempty"`
	Status    string       `json:"status"`
	Extended  string       `json:"extendedStatus,omitempty"`
	Attempts  []attemptRow `json:"refreshAttempts,omitempty"`
}

type attemptRow struct {
	AttemptID int    `json:"attemptId"`
	Start     string `json:"startTime"`
	End       string `json:"endTime,omitempty"`
	Exception string `json:"serviceExceptionJson,omitempty"`
	Type      string `json:"type"`
}

// Retention (documented): up to 60 entries while all are younger than 3 days; older ones are dropped beyond 20.
const (
	keepAtMost   = 60
	keepAtLeast  = 20
	keepYounger  = 3 * 24 * time.Hour
	metadataPath = "v1.0/myorg/groups/"
)

// history answers GET .../refreshes: newest first (seen; every client relies on it, not documented).
func (s *PowerBI) history(req request) Answer {
	if req.model.knobs.Push {
		return notModelBased()
	}
	top := keepAtMost
	if text := req.URL.Query().Get("$top"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 { // unverified: the answer
			return invalidRequest("Invalid value for query option $top")
		}
		top = n
	}
	rows := req.model.rows(req.at)
	rows = rows[:min(top, len(rows))]
	if req.model.knobs.BareHistory {
		return jsonAnswer(http.StatusOK, rows)
	}
	return jsonAnswer(http.StatusOK, struct {
		Context string       `json:"@odata.context"`
		Value   []historyRow `json:"value"`
	}{homeCluster + metadataPath + req.ref.Workspace + "/$metadata#refreshes", rows})
}

func (m *model) rows(now time.Time) []historyRow {
	rows := []historyRow{}
	for _, r := range m.listed(now) {
		rows = append(rows, m.row(r))
	}
	return rows
}

// listed returns the refreshes that the history keeps.
func (m *model) listed(now time.Time) []*refresh {
	var list []*refresh
	for _, r := range m.all {
		if !r.dropped && r.visible(now) {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b *refresh) int {
		return cmp.Or(b.startTime().Compare(a.startTime()), cmp.Compare(b.number, a.number))
	})
	keep := 0
	for keep < len(list) && keep < keepAtMost &&
		(keep < keepAtLeast || now.Sub(list[keep].startTime()) < keepYounger) {
		keep++
	}
	return list[:keep]
}

func (m *model) row(r *refresh) historyRow {
	row := historyRow{
		RequestID: r.listed,
		ID:        r.number,
		Type:      r.via,
		Start:     wireTime(r.startTime(), historyLayout),
		End:       wireTime(r.ended, historyLayout),
		Status:    m.word(r, r.status()),
		Attempts:  r.attempts(attemptLayout),
	}
	if r.knobs.OmitRequestID {
		row.RequestID = ""
	}
	if r.enhanced() && !m.knobs.OmitExtendedStatus {
		row.Extended = m.word(r, r.extended())
	}
	if !r.ended.IsZero() {
		row.Exception = r.plan.exception(false)
	}
	return row
}

// word lets the knobs replace a status by an undocumented one.
func (m *model) word(r *refresh, status string) string {
	if r.ended.IsZero() {
		return cmp.Or(m.knobs.RunningWord, status)
	}
	return cmp.Or(m.knobs.EndWord, status)
}

// attempts: none while running; data attempts share the time, and a standard refresh that succeeded ends with a query one
// (seen in a published history).
func (r *refresh) attempts(layout string) []attemptRow {
	if r.ended.IsZero() || r.begun.IsZero() {
		return nil
	}
	n := max(r.plan.Attempts, 1)
	each := r.ended.Sub(r.begun) / time.Duration(n)
	var rows []attemptRow
	for i := range n {
		rows = append(rows, attemptRow{
			AttemptID: i + 1,
			Start:     wireTime(r.begun.Add(time.Duration(i)*each), layout),
			End:       wireTime(r.begun.Add(time.Duration(i+1)*each), layout),
			Exception: r.plan.exception(false),
			Type:      "Data",
		})
	}
	if !r.enhanced() && r.plan.Status == statusCompleted {
		end := wireTime(r.ended, layout)
		rows = append(rows, attemptRow{AttemptID: n, Start: end, End: end, Type: "Query"})
	}
	return rows
}
