package handler

import (
	"strconv"
	"strings"
	"time"

	"pbirefresh/history"
	"pbirefresh/refresh/machine"
)

// OperationEntry is one operation of GET /api/operations. Times are UTC.
type OperationEntry struct {
	ID          string         `json:"id"`
	WorkspaceID string         `json:"workspaceId"`
	DatasetID   string         `json:"datasetId"`
	Status      machine.Status `json:"status"` // Unknown: its state cannot be read now
	About

	Created time.Time `json:"createdDateTime"`
	Started time.Time `json:"startedDateTime,omitzero"`
	Ended   time.Time `json:"endedDateTime,omitzero"`   // at Power BI; if it never ran there, when the app ended it
	EndSeen time.Time `json:"endSeenDateTime,omitzero"` // when the app saw the end

	Attempts int `json:"attempts,omitempty"`

	Error *OperationError `json:"error,omitempty"`
}

// OperationError is why an operation did not succeed.
type OperationError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Reason  string `json:"reason,omitempty"`  // the class of the failure: credentials, gateway, ...
	PowerBI string `json:"powerBI,omitempty"` // Power BI's own words
	Remedy  string `json:"remedy,omitempty"`
}

// statusUnknown is the status of an operation whose state cannot be read.
const statusUnknown machine.Status = "Unknown"

func operationEntry(e history.Entry) OperationEntry {
	o := OperationEntry{ID: e.ID, WorkspaceID: e.WorkspaceID, DatasetID: e.DatasetID, Created: e.Created, Status: statusUnknown, About: about(e)}
	if end := e.End; end != nil {
		o.Status, o.Started, o.EndSeen, o.Attempts = machine.Status(end.Status), sec(end.Started), sec(end.Seen), end.Attempts
		o.Ended = endTime(end.Ended, end.Seen)
		if end.Code != "" {
			o.Error = &OperationError{Code: end.Code, Message: end.Message, Reason: end.Cause, PowerBI: end.Words, Remedy: end.Remedy}
		}
	}
	return o
}

func about(e history.Entry) About {
	a := About{Callers: e.Requests, Labels: e.Labels}
	if len(e.Callers) > 0 {
		a.Caller, a.CallerName = e.Callers[0].ID, e.Callers[0].Name
	}
	return a
}

// endTime is Power BI's time of an end if there is one, else ours.
func endTime(powerBI, seen time.Time) time.Time {
	if powerBI.IsZero() {
		return sec(seen)
	}
	return ms(powerBI)
}

// update takes over how an operation stands now.
func (o *OperationEntry) update(v machine.View) {
	op := v.Operation
	o.Status, o.Started, o.Attempts = v.Status, sec(op.Started), len(op.Tries)
	o.Ended, o.EndSeen = endTime(op.EndedAtPowerBI(), op.Ended), sec(op.Ended)
	o.Error = operationError(op.Fault)
}

func operationError(f *machine.Fault) *OperationError {
	if f == nil {
		return nil
	}
	return &OperationError{Code: f.Code, Message: f.Text(), Reason: f.Class, PowerBI: f.Words(), Remedy: f.Remedy}
}

func (o OperationEntry) model() machine.Model {
	return machine.Model{WorkspaceID: o.WorkspaceID, DatasetID: o.DatasetID}
}

func (OperationEntry) columns() []string {
	return []string{"id", "workspaceId", "datasetId", "workspaceName", "modelName", "status", "createdDateTime", "startedDateTime", "endedDateTime",
		"endSeenDateTime", "caller", "callerName", "callers", "labels", "attempts", "errorCode", "errorReason", "errorMessage", "powerBI", "remedy"}
}

func (o OperationEntry) cells() []string {
	var e OperationError
	if o.Error != nil {
		e = *o.Error
	}
	return []string{o.ID, o.WorkspaceID, o.DatasetID, o.WorkspaceName, o.ModelName, string(o.Status), cell(o.Created), cell(o.Started), cell(o.Ended),
		cell(o.EndSeen), o.Caller, o.CallerName, strconv.Itoa(o.Callers), strings.Join(o.Labels, "; "), strconv.Itoa(o.Attempts), e.Code, e.Reason, e.Message, e.PowerBI, e.Remedy}
}

// cell is a time in CSV; empty if there is none.
func cell(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// askAgain returns what a caller has asked for with an operation.
func askAgain(op machine.Operation) machine.Ask {
	ask := machine.Ask{Shape: op.Shape, Tuning: op.Tuning, NotifyOption: op.Notify, WhenBusy: machine.WhenBusyQueue,
		Timeout: op.Deadline.Sub(op.Created), MaxAttempts: op.MaxAttempts}
	if !op.QueueBy.IsZero() {
		ask.QueueTimeout = op.QueueBy.Sub(op.Created)
	}
	return ask
}
