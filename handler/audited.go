package handler

import (
	"context"
	"net/http"
	"time"

	"pbirefresh/access"
	"pbirefresh/audit"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// Auditor puts requests on record; [*audit.Trail] is one.
type Auditor interface {
	Ready() error
	Write(ctx context.Context, r audit.Record) error
}

// mayTrigger holds a request against the policy and the model's limit, and sees to it
// that it is put on record as soon as it is admitted.
func (s *server) mayTrigger(w http.ResponseWriter, r *http.Request, caller access.Caller, request *refresh.Request, labels []string) error {
	if err := s.guard.admit(r, caller, request.Model); err != nil || s.Audit == nil {
		return err
	}
	if err := s.Audit.Ready(); err != nil {
		return notOnRecord(err)
	}
	record := s.recordOf(w, r, caller, refresh.ID{Model: request.Model})
	record.Event, record.Ask = audit.Asked, AuditedAsk(*request)
	record.Ask.Labels = labels
	request.Admitted = func(ctx context.Context, a refresh.Admission) error {
		return s.keep(ctx, AuditedAdmission(record, request.Model, a))
	}
	return nil
}

// mayCancel holds a cancel against the policy, and puts it on record before it is tried.
func (s *server) mayCancel(w http.ResponseWriter, r *http.Request, caller access.Caller, action access.Action, id refresh.ID) error {
	if err := s.guard.permit(r, caller, action, id.Model); err != nil || s.Audit == nil {
		return err
	}
	record := s.recordOf(w, r, caller, id)
	record.Event, record.Cancel = audit.CancelAsked, &audit.Cancel{Everybody: action == access.CancelAll}
	return s.keep(r.Context(), record)
}

// recordRefusal puts on record that a caller has reached a limit, at most once a minute for
// a caller. The refusal stands also if it cannot be written, which the trail logs.
func (s *server) recordRefusal(w http.ResponseWriter, r *http.Request, caller access.Caller, m machine.Model, code string) {
	if s.Audit == nil {
		return
	}
	if _, first := s.refusals.take(caller.Owner(), time.Now()); !first {
		return
	}
	record := s.recordOf(w, r, caller, refresh.ID{Model: m})
	record.Event, record.ID, record.Refusal = audit.Refused, "", &audit.Refusal{Code: code}
	_ = s.Audit.Write(r.Context(), record)
}

func (s *server) keep(ctx context.Context, r audit.Record) error {
	if err := s.Audit.Write(ctx, r); err != nil {
		return notOnRecord(err)
	}
	return nil
}

// recordOf is what every record has.
func (s *server) recordOf(w http.ResponseWriter, r *http.Request, caller access.Caller, id refresh.ID) audit.Record {
	return audit.Record{
		Time: time.Now().UTC(), ID: id.String(),
		WorkspaceID: id.Model.WorkspaceID, DatasetID: id.Model.DatasetID, Epoch: id.Epoch, Operation: id.Number,
		Caller: caller.String(), Name: caller.Name, Address: s.guard.address(r.Header), Request: w.Header().Get("x-ms-request-id"),
	}
}

// AuditedAdmission returns the record of an ask, with the operation that it has.
func AuditedAdmission(record audit.Record, m machine.Model, a refresh.Admission) audit.Record {
	record.Epoch, record.Operation, record.Created = a.Epoch, a.Number, a.Created
	record.ID = refresh.ID{Model: m, Epoch: a.Epoch, Number: a.Number}.String()
	return record
}

// AuditedAsk is what a request asks for, as the records have it.
func AuditedAsk(request refresh.Request) *audit.Ask {
	shape := request.Ask.Shape
	ask := &audit.Ask{Kind: string(shape.Kind), Type: shape.Type, WhenBusy: string(request.Ask.WhenBusy), ObjectCount: len(shape.Objects)}
	for _, o := range shape.Objects[:min(len(shape.Objects), audit.MaxObjects)] {
		name := o.Table
		if o.Partition != "" {
			name += "/" + o.Partition
		}
		ask.Objects = append(ask.Objects, name)
	}
	return ask
}

func notOnRecord(err error) error {
	return &Error{Status: http.StatusServiceUnavailable, Code: "AuditUnavailable", RetryAfter: 10 * time.Second, err: err,
		Message: "The request could not be put on record, so it is not answered for. A refresh may have been started all the same. Send the request again."}
}
