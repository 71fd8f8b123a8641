package audit

import (
	"encoding/json"
	"fmt"
	"time"
)

// Event is what happened.
type Event string

// The events.
const (
	Asked       Event = "asked"
	CancelAsked Event = "cancel-asked"
	Ended       Event = "ended"
	Refused     Event = "refused"
	Started     Event = "started"
)

// Record is one line of the trail.
type Record struct {
	Time        time.Time `json:"time"`
	Event       Event     `json:"event"`
	WorkspaceID string    `json:"workspaceId"`
	DatasetID   string    `json:"datasetId"`
	Epoch       string    `json:"epoch"`     // of the state document
	Operation   int64     `json:"operation"` // its number
	// ID is that of GET /api/operations/{id}. Records from before ids had their present form
	// have none.
	ID string `json:"id,omitempty"`
	// Created is when the operation of an ask was created. A repeated request has none.
	Created time.Time `json:"created,omitzero"`

	Caller  string `json:"caller,omitempty"`  // object:..., app:..., key:..., schedule:...
	Name    string `json:"name,omitempty"`    // of a person, from the token
	Address string `json:"address,omitempty"` // of the client, from the platform
	Request string `json:"request,omitempty"` // x-ms-request-id

	Ask     *Ask     `json:"ask,omitempty"`
	Cancel  *Cancel  `json:"cancel,omitempty"`
	End     *End     `json:"end,omitempty"`
	Refusal *Refusal `json:"refusal,omitempty"`
}

// Ask is what a caller wants to refresh.
type Ask struct {
	Kind        string   `json:"kind,omitempty"`
	Type        string   `json:"type,omitempty"`
	WhenBusy    string   `json:"whenBusy,omitempty"`
	Objects     []string `json:"objects,omitempty"`     // the first ones: table, or table/partition
	ObjectCount int      `json:"objectCount,omitempty"` // all of them; 0: the whole model
	Labels      []string `json:"labels,omitempty"`
}

// MaxObjects is how many objects an [Ask] names.
const MaxObjects = 20

// Cancel is what a caller wants to cancel.
type Cancel struct {
	Everybody bool `json:"everybody,omitempty"` // for all callers; else the caller's share
}

// Refusal is why a request was not admitted.
type Refusal struct {
	Code string `json:"code"` // of the answer
}

// End is how an operation ended.
type End struct {
	Status    string   `json:"status"`
	Code      string   `json:"code,omitempty"`
	Reason    string   `json:"reason,omitempty"`     // what happened, Power BI's own words, remedy
	Cause     string   `json:"cause,omitempty"`      // credentials, gateway, ...
	Words     string   `json:"words,omitempty"`      // Power BI's own
	Remedy    string   `json:"remedy,omitempty"`     // what to do
	RefreshID []string `json:"refreshIds,omitempty"` // Power BI's, of its attempts
	Created   string   `json:"created,omitempty"`    // RFC 3339
	Started   string   `json:"started,omitempty"`    // RFC 3339
	Completed string   `json:"completed,omitempty"`  // when the refresh ended at Power BI, RFC 3339; Time is when the app saw it
	Attempts  int      `json:"attempts,omitempty"`
}

// document is the content of a blob.
type document struct {
	Schema  int      `json:"schema"`
	Records []Record `json:"records"`
}

const schema = 1

func encode(records []Record) ([]byte, error) {
	return json.Marshal(document{schema, records})
}

// decode reads a blob. It refuses a later schema, whose meaning it cannot know.
func decode(body []byte) ([]Record, error) {
	var d document
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, fmt.Errorf("not an audit record: %w", err)
	}
	if d.Schema != schema {
		return nil, fmt.Errorf("the record has schema %d; this program reads %d", d.Schema, schema)
	}
	return d.Records, nil
}

const prefix = "audit/"

// day is the folder of a day, in UTC.
func day(t time.Time) string { return prefix + t.UTC().Format("2006/01/02/") }

func stamp(t time.Time) string { return day(t) + t.UTC().Format("150405.000000") }

// endName is the same in every process, for the same end.
func (r Record) endName() string {
	return fmt.Sprintf("%s-ended-%s-%s-%s-%d.json", stamp(r.Time), r.WorkspaceID, r.DatasetID, r.Epoch, r.Operation)
}
