package powerbi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// History is one read of a model's refreshes, newest first (seen, not documented).
type History struct {
	Rows []Row
	Date time.Time // Power BI's clock when it answered, to a second; zero if it sent none
}

// Row is one refresh in the history. It does not contain the request.
type Row struct {
	RequestID   string // the refresh's id; empty if the row has none (seen)
	RefreshType string // ViaApi, ViaEnhancedApi, Scheduled, OnDemand, ...; Power BI adds words
	Start       time.Time
	End         time.Time // zero while it runs, or if it cannot be parsed
	Status      Status    // status and extendedStatus in one
	Attempts    []Attempt
	Failure     *Failure // why it failed, ended by time-out or was cancelled; else nil
}

// Attempt is one of Power BI's own attempts inside a refresh.
type Attempt struct {
	ID      int
	Type    string // Data or Query
	Start   time.Time
	End     time.Time
	Failure *Failure // nil unless it failed
}

// Find returns the row with that id.
func (h History) Find(id string) (Row, bool) {
	for _, r := range h.Rows {
		if id != "" && strings.EqualFold(r.RequestID, id) {
			return r, true
		}
	}
	return Row{}, false
}

// Refreshes reads the history: the newest top rows, or for top < 1 all that Power BI
// keeps (20 to 60). It needs write permission on the model (documented).
func (c *Client) Refreshes(ctx context.Context, d Dataset, top int) (History, error) {
	k := &call{op: "read refresh history", endpoint: reads}
	path, err := d.path()
	if err != nil {
		return History{}, invalid(k, err)
	}
	r := request{method: http.MethodGet, path: path}
	if top > 0 {
		r.query = "$top=" + strconv.Itoa(top)
	}
	resp, err := c.do(ctx, k, r, http.StatusOK)
	if err != nil {
		return History{}, err
	}
	var rows wireHistory
	if err := decode(k, resp, &rows); err != nil {
		return History{}, err
	}
	return History{Rows: rows, Date: serverDate(resp.header)}, nil
}

// wireHistory is {"value":[...]} (seen) or a bare array (documented).
type wireHistory []Row

// UnmarshalJSON fails on anything that is not a history: an answer that cannot be
// parsed must not count as "no refresh".
func (h *wireHistory) UnmarshalJSON(b []byte) error {
	var envelope struct{ Value json.RawMessage }
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		envelope.Value = b
	} else if err := json.Unmarshal(b, &envelope); err != nil {
		return err
	}
	if !bytes.HasPrefix(bytes.TrimSpace(envelope.Value), []byte("[")) {
		return errors.New("there is no list of refreshes in it")
	}
	var rows list[wireRow]
	if err := json.Unmarshal(envelope.Value, &rows); err != nil {
		return err
	}
	*h = make([]Row, 0, len(rows))
	for _, r := range rows {
		*h = append(*h, r.row())
	}
	return nil
}

// wireRow is what history rows and details have in common. The numeric id of a row
// is ignored: no call takes it (seen: MicrosoftDocs/powerbi-docs#3653).
type wireRow struct {
	RequestID            text              `json:"requestId"`
	RefreshType          text              `json:"refreshType"`
	InitiatedBy          text              `json:"initiatedBy"` // the detail's name for refreshType
	StartTime            timestamp         `json:"startTime"`
	EndTime              timestamp         `json:"endTime"`
	Status               text              `json:"status"`
	ExtendedStatus       text              `json:"extendedStatus"`
	ServiceExceptionJSON text              `json:"serviceExceptionJson"`
	Attempts             list[wireAttempt] `json:"refreshAttempts"`
	Messages             list[wireMessage] `json:"messages"` // details only
}

type wireAttempt struct {
	AttemptID            number    `json:"attemptId"`
	Type                 text      `json:"type"`
	StartTime            timestamp `json:"startTime"`
	EndTime              timestamp `json:"endTime"`
	ServiceExceptionJSON text      `json:"serviceExceptionJson"`
}

func (w wireRow) row() Row {
	r := Row{
		RequestID:   string(w.RequestID),
		RefreshType: string(w.RefreshType),
		Start:       w.StartTime.Time,
		End:         w.EndTime.Time,
		Status:      mergeStatus(string(w.Status), string(w.ExtendedStatus)),
	}
	if r.RefreshType == "" {
		r.RefreshType = string(w.InitiatedBy)
	}
	for _, a := range w.Attempts {
		r.Attempts = append(r.Attempts, a.attempt())
	}
	r.Failure = failureOf(r.Status, w)
	return r
}

func (w wireAttempt) attempt() Attempt {
	a := Attempt{ID: int(w.AttemptID), Type: string(w.Type), Start: w.StartTime.Time, End: w.EndTime.Time}
	if w.ServiceExceptionJSON != "" {
		f := ParseFailure(string(w.ServiceExceptionJSON))
		a.Failure = &f
	}
	return a
}
