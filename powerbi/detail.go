package powerbi

import (
	"context"
	"net/http"
	"time"

	"pbirefresh/internal/foreign"
)

// Detail is Power BI's detail of one refresh. For a standard refresh Type and the members
// below it are empty.
type Detail struct {
	Row
	Type       string // as requested
	CommitMode string
	Objects    []ObjectStatus
	Messages   []EngineMessage
	Date       time.Time // Power BI's clock when it answered, to a second; zero if it sent none
}

// ObjectStatus is the status of one table or partition of an enhanced refresh.
type ObjectStatus struct {
	Table     string
	Partition string // empty: the whole table
	Status    Status
}

// EngineMessage is a message of the engine.
type EngineMessage struct {
	Code    string // hexadecimal; may be empty
	Text    string
	Warning bool // else an error
}

// refreshDetail reads one refresh. The body alone decides: the HTTP status (202 or 200)
// adds nothing to it. An error, even a 4xx, is no fact about the refresh: documentation and
// practice differ on whether standard refreshes have details. See [Client.Observe].
func (c *Client) refreshDetail(ctx context.Context, d Dataset, id string) (Detail, error) {
	k := &call{op: "read refresh", endpoint: reads}
	path, err := d.refreshPath(id)
	if err != nil {
		return Detail{}, invalid(k, err)
	}
	resp, err := c.do(ctx, k, request{method: http.MethodGet, path: path}, http.StatusOK, http.StatusAccepted)
	if err != nil {
		return Detail{}, err
	}
	var w wireDetail
	if err := decode(k, resp, &w); err != nil {
		return Detail{}, err
	}
	out := w.detail()
	out.RequestID, out.Date = id, serverDate(resp.header) // the body has no id (documented)
	return out, nil
}

type wireDetail struct {
	wireRow
	Type       text             `json:"type"`
	CommitMode text             `json:"commitMode"`
	Objects    list[wireObject] `json:"objects"`
}

type wireObject struct {
	Table     text `json:"table"`
	Partition text `json:"partition"`
	Status    text `json:"status"` // not in the reference, but in its samples
}

type wireMessage struct {
	Code    text `json:"code"`
	Message text `json:"message"`
	Type    text `json:"type"`
}

func (w wireMessage) warning() bool { return w.Type == "Warning" }

func (w wireDetail) detail() Detail {
	d := Detail{Row: w.row(), Type: string(w.Type), CommitMode: string(w.CommitMode)}
	for _, o := range w.Objects {
		d.Objects = append(d.Objects, ObjectStatus{string(o.Table), string(o.Partition), parseStatus(string(o.Status))})
	}
	for _, m := range w.Messages {
		d.Messages = append(d.Messages, EngineMessage{string(m.Code), foreign.Masked(string(m.Message), maxMessage), m.warning()})
	}
	return d
}
