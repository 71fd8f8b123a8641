package main

import (
	"context"
	"time"

	"pbirefresh/audit"
	"pbirefresh/handler"
	"pbirefresh/history"
	"pbirefresh/lease"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
	"pbirefresh/schedule"
)

// openAudit returns the trail, and its store where it has one of its own.
func (a *app) openAudit(s settings, open func(storageSettings) (lease.Store, error)) (err error) {
	store := a.store
	if own := s.storage.forAudit(); own.container != s.storage.container {
		if store, err = open(own); err != nil {
			return err
		}
		a.auditStore = store
	}
	a.history = history.New(a.store)
	a.trail = audit.New(store, a.history, a.log)
	return nil
}

// seen puts ends on record right after they are saved.
func (a *app) seen(s machine.State) {
	for _, op := range s.Recent {
		if audit.Prompt(op.Ended, time.Now()) {
			a.trail.End(endOf(s.Model, s.Epoch, op))
		}
	}
}

// leaving puts an end on record before the operation leaves the state document, in
// case the process that saved it died before it could.
func (a *app) leaving(ctx context.Context, m machine.Model, epoch string, op machine.Operation) error {
	return a.trail.EndNow(ctx, endOf(m, epoch, op))
}

// evidence keeps in the records which refreshes this app started. It is worth something
// only if the records have a container of their own.
type evidence struct{ trail *audit.Trail }

func (a *app) evidence() refresh.Evidence {
	if a.auditStore == nil {
		return nil
	}
	return evidence{a.trail}
}

func (e evidence) Keep(m machine.Model, refreshID string) {
	e.trail.Started(audit.Refresh{WorkspaceID: m.WorkspaceID, DatasetID: m.DatasetID, RefreshID: refreshID})
}

func (e evidence) Has(ctx context.Context, m machine.Model, refreshID string) (bool, error) {
	return e.trail.HasStarted(ctx, audit.Refresh{WorkspaceID: m.WorkspaceID, DatasetID: m.DatasetID, RefreshID: refreshID})
}

// endOf is the same in every process: all of it is in the state document.
func endOf(m machine.Model, epoch string, op machine.Operation) audit.Record {
	state := machine.State{Model: m}
	end := &audit.End{Status: string(state.View(op, "", op.Ended).Status), Created: op.Created.UTC().Format(time.RFC3339)}
	if !op.Started.IsZero() {
		end.Started = op.Started.UTC().Format(time.RFC3339)
	}
	if op.Fault != nil {
		end.Code, end.Reason, end.Cause, end.Words, end.Remedy = op.Fault.Code, op.Fault.Text(), op.Fault.Class, op.Fault.Words(), op.Fault.Remedy
	}
	end.Attempts = len(op.Tries)
	if at := op.EndedAtPowerBI(); !at.IsZero() {
		end.Completed = at.UTC().Format(time.RFC3339Nano)
	}
	for _, try := range op.Tries {
		if try.RefreshID != "" {
			end.RefreshID = append(end.RefreshID, try.RefreshID)
		}
	}
	return audit.Record{
		Time: op.Ended.UTC(), Event: audit.Ended, WorkspaceID: m.WorkspaceID, DatasetID: m.DatasetID, Epoch: epoch, Operation: op.Number,
		ID: refresh.ID{Model: m, Epoch: epoch, Number: op.Number}.String(), End: end,
	}
}

// starter asks for a refresh under the key of a schedule's slot.
type starter func(ctx context.Context, key string, r refresh.Request) (refresh.Receipt, error)

// onRecord puts what the schedules ask for on record, as that of callers is: where no
// record can be written, nothing is started, and the next tick asks again.
func (a *app) onRecord(start starter) starter {
	return func(ctx context.Context, key string, r refresh.Request) (refresh.Receipt, error) {
		if err := a.trail.Ready(); err != nil {
			return refresh.Receipt{}, err
		}
		record := audit.Record{
			Time: time.Now().UTC(), Event: audit.Asked, WorkspaceID: r.Model.WorkspaceID, DatasetID: r.Model.DatasetID,
			Caller: "schedule:" + schedule.EntryOf(key), Request: key, Ask: handler.AuditedAsk(r),
		}
		r.Admitted = func(ctx context.Context, admission refresh.Admission) error {
			return a.trail.Write(ctx, handler.AuditedAdmission(record, r.Model, admission))
		}
		return start(ctx, key, r)
	}
}
