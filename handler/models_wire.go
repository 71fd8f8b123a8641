package handler

import (
	"slices"
	"strconv"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
	"pbirefresh/refresh/machine/pace"
)

// ModelEntry is one model of GET /api/models. Times are UTC.
type ModelEntry struct {
	WorkspaceID   string `json:"workspaceId"`
	DatasetID     string `json:"datasetId"`
	WorkspaceName string `json:"workspaceName,omitempty"`
	ModelName     string `json:"modelName,omitempty"`

	State   string            `json:"state"` // Idle, Running, Waiting; Unknown: the state cannot be read now
	Running *ModelRun         `json:"running,omitempty"`
	Queue   []QueuedOperation `json:"queue"` // in the order of their start, as it is now
	Last    *LastOperation    `json:"last,omitempty"`

	NextStart time.Time `json:"nextSlotDateTime,omitzero"`
	Schedule  string    `json:"schedule,omitempty"` // whose slot that is

	P50     float64 `json:"durationP50Seconds,omitempty"`
	P95     float64 `json:"durationP95Seconds,omitempty"`
	Samples int     `json:"durationSamples"` // recent refreshes that the percentiles are of
}

// ModelRun is the refresh that occupies a model.
type ModelRun struct {
	ID          string    `json:"id,omitempty"` // of an operation that it is for
	RefreshID   string    `json:"refreshId,omitempty"`
	Foreign     bool      `json:"foreign"` // another tool started it
	Started     time.Time `json:"startedDateTime"`
	ExpectedEnd time.Time `json:"expectedEndDateTime,omitzero"`
	Percent     *int      `json:"percent,omitempty"`
}

// QueuedOperation is an operation that waits.
type QueuedOperation struct {
	ID        string         `json:"id"`
	Status    machine.Status `json:"status"`
	Phase     machine.Phase  `json:"phase"`
	Created   time.Time      `json:"createdDateTime"`
	BlockedBy *Blocked       `json:"blockedBy,omitempty"`
}

// LastOperation is the operation that ended last.
type LastOperation struct {
	ID      string          `json:"id"`
	Status  machine.Status  `json:"status"`
	Started time.Time       `json:"startedDateTime,omitzero"`
	Ended   time.Time       `json:"endedDateTime"`
	EndSeen time.Time       `json:"endSeenDateTime"`
	Error   *OperationError `json:"error,omitempty"`
}

// The states of a model.
const (
	modelIdle    = "Idle"
	modelRunning = "Running"
	modelWaiting = "Waiting"
	modelUnknown = "Unknown"
)

func modelEntry(m refresh.ModelState) ModelEntry {
	e := ModelEntry{WorkspaceID: m.Model.WorkspaceID, DatasetID: m.Model.DatasetID, State: modelUnknown, Queue: []QueuedOperation{}}
	if m.State == nil {
		return e
	}
	s := m.State
	e.State = modelIdle
	for _, op := range s.Pending {
		e.add(s, s.View(op, "", m.Date))
	}
	if f := s.Foreign; f != nil && e.Running == nil {
		e.Running = &ModelRun{RefreshID: f.RefreshID, Foreign: true, Started: sec(f.Since)}
	}
	switch {
	case e.Running != nil:
		e.State = modelRunning
	case len(e.Queue) > 0:
		e.State = modelWaiting
	}
	e.Last = lastOperation(s)
	e.durations(s.Durations)
	return e
}

// add sorts a pending operation into what runs and what waits.
func (e *ModelEntry) add(s *machine.State, v machine.View) {
	id := refresh.ID{Model: s.Model, Epoch: s.Epoch, Number: v.Operation.Number}.String()
	if v.Status != machine.StatusRunning || s.Attempt == nil {
		e.Queue = append(e.Queue, QueuedOperation{ID: id, Status: v.Status, Phase: v.Operation.Phase, Created: sec(v.Operation.Created), BlockedBy: blocked(v.Operation.Blocked)})
		return
	}
	if e.Running != nil {
		return // another operation of the same refresh
	}
	e.Running = &ModelRun{ID: id, RefreshID: s.Attempt.RefreshID, Started: sec(v.Operation.Started), ExpectedEnd: sec(v.ExpectedEnd)}
	if v.Percent >= 0 {
		e.Running.Percent = &v.Percent
	}
}

func lastOperation(s *machine.State) *LastOperation {
	if len(s.Recent) == 0 {
		return nil
	}
	op := slices.MaxFunc(s.Recent, func(a, b machine.Operation) int { return a.Ended.Compare(b.Ended) })
	last := &LastOperation{ID: refresh.ID{Model: s.Model, Epoch: s.Epoch, Number: op.Number}.String(), Status: s.View(op, "", op.Ended).Status,
		Started: sec(op.Started), Ended: endTime(op.EndedAtPowerBI(), op.Ended), EndSeen: sec(op.Ended)}
	last.Error = operationError(op.Fault)
	return last
}

// durations sets the percentiles.
func (e *ModelEntry) durations(all []machine.Duration) {
	var sorted []time.Duration
	for _, d := range all {
		sorted = append(sorted, d.Length)
	}
	slices.Sort(sorted)
	if e.Samples = len(sorted); e.Samples > 0 {
		e.P50, e.P95 = pace.Percentile(sorted, 0.50).Seconds(), pace.Percentile(sorted, 0.95).Seconds()
	}
}

func (ModelEntry) columns() []string {
	return []string{"workspaceId", "datasetId", "workspaceName", "modelName", "state", "runningSince", "expectedEnd", "queue", "lastId", "lastStatus", "lastEnded",
		"lastErrorReason", "nextSlotDateTime", "schedule", "durationP50Seconds", "durationP95Seconds", "durationSamples"}
}

func (e ModelEntry) cells() []string {
	var run ModelRun
	var last LastOperation
	var fault OperationError
	if e.Running != nil {
		run = *e.Running
	}
	if e.Last != nil {
		last = *e.Last
	}
	if last.Error != nil {
		fault = *last.Error
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	return []string{e.WorkspaceID, e.DatasetID, e.WorkspaceName, e.ModelName, e.State, cell(run.Started), cell(run.ExpectedEnd), strconv.Itoa(len(e.Queue)), last.ID, string(last.Status), cell(last.Ended),
		fault.Reason, cell(e.NextStart), e.Schedule, number(e.P50), number(e.P95), strconv.Itoa(e.Samples)}
}
