package handler

import (
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
	"pbirefresh/schedule"
)

// SchedulesDocument is how the schedules stand. Slots have the offset of the entry's
// time zone, all other times are UTC.
type SchedulesDocument struct {
	Source    ScheduleSource  `json:"source"`
	Schedules []ScheduleEntry `json:"schedules"`
}

// ScheduleSource is where the schedules come from. A problem is one with the source as
// it is now; the version that is named goes on all the same.
type ScheduleSource struct {
	Name    string     `json:"name"`
	Version string     `json:"version,omitempty"` // of the content in use
	Since   time.Time  `json:"sinceDateTime,omitzero"`
	Problem *errorBody `json:"problem,omitempty"`
}

// ScheduleEntry is one entry of the file in use.
type ScheduleEntry struct {
	Name     string            `json:"name"`
	Enabled  bool              `json:"enabled"`
	Timing   string            `json:"timing"`
	CatchUp  schedule.CatchUp  `json:"catchUp"`
	Capacity string            `json:"capacity,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	Next     []time.Time       `json:"nextSlots"`
	Models   []ScheduledModel  `json:"models"`
}

// ScheduledModel is one model of an entry.
type ScheduledModel struct {
	WorkspaceID string         `json:"workspaceId"`
	DatasetID   string         `json:"datasetId"`
	NextStart   time.Time      `json:"nextStartDateTime,omitzero"` // the next slot with spread and jitter
	Last        *ScheduledSlot `json:"last,omitempty"`
}

// ScheduledSlot is what became of the newest slot that was dealt with.
type ScheduledSlot struct {
	Slot      time.Time        `json:"slotDateTime"`
	Decided   time.Time        `json:"decidedDateTime"`
	Outcome   schedule.Outcome `json:"outcome"`                       // started, refused, missed
	Missed    int              `json:"missedBefore,omitempty"`        // slots before it for which nothing was started
	Status    machine.Status   `json:"refreshStatus,omitempty"`       // of the refresh, now
	Ended     time.Time        `json:"refreshEndedDateTime,omitzero"` // of the refresh
	Error     *errorBody       `json:"error,omitempty"`               // why it was not started, or failed
	StatusURL string           `json:"statusUrl,omitempty"`           // of the refresh; wants the key that the list wants
}

// scheduleListing puts a listing into the words of the wire.
func scheduleListing(l schedule.Listing, receipts map[string]refresh.Receipt, url func(id string) string) SchedulesDocument {
	d := SchedulesDocument{
		Source:    ScheduleSource{Name: l.Source, Version: l.Version, Since: utc(l.Since), Problem: scheduleProblem(l.Trouble)},
		Schedules: []ScheduleEntry{},
	}
	for _, listed := range l.Entries {
		d.Schedules = append(d.Schedules, scheduleEntry(listed, receipts, url))
	}
	return d
}

func scheduleProblem(t *schedule.Trouble) *errorBody {
	if t == nil {
		return nil
	}
	e := &errorBody{Code: t.Code, Message: t.Message}
	for _, p := range t.Problems {
		e.Details = append(e.Details, Detail{Code: t.Code, Message: p.String(), Target: p.Path})
	}
	return e
}

func scheduleEntry(l schedule.Listed, receipts map[string]refresh.Receipt, url func(id string) string) ScheduleEntry {
	e := ScheduleEntry{
		Name: l.Entry.Name, Enabled: l.Entry.Enabled, Timing: l.Entry.Timing.String(), CatchUp: l.Entry.CatchUp,
		Capacity: l.Entry.Capacity, Labels: l.Entry.Labels, Next: append([]time.Time{}, l.Next...),
	}
	for _, t := range l.Targets {
		e.Models = append(e.Models, ScheduledModel{
			WorkspaceID: t.Model.WorkspaceID, DatasetID: t.Model.DatasetID,
			NextStart: utc(t.Start), Last: scheduledSlot(t.Last, receipts, url),
		})
	}
	return e
}

func scheduledSlot(last *schedule.Result, receipts map[string]refresh.Receipt, url func(id string) string) *ScheduledSlot {
	if last == nil {
		return nil
	}
	s := &ScheduledSlot{Slot: utc(last.Slot), Decided: utc(last.At), Outcome: last.Outcome, Missed: last.Missed}
	if last.Code != "" {
		s.Error = &errorBody{Code: last.Code, Message: machine.Sentences(last.Message)}
	}
	if _, err := refresh.ParseID(last.ID); err != nil { // none, or of a version before ids had this form
		return s
	}
	s.StatusURL = url(last.ID)
	if receipt, found := receipts[last.ID]; found {
		op := receipt.View.Operation
		s.Status, s.Ended, s.Error = receipt.View.Status, endTime(op.EndedAtPowerBI(), op.Ended), failure(op.Fault)
	}
	return s
}

// utc is a time in whole seconds, and nothing if there is none.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return sec(t)
}
