package refresh

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

// workspaceTTL is how long it is believed that a workspace is, or is not, on a
// dedicated capacity.
const workspaceTTL = 15 * time.Minute

// powerBI is the real Upstream: it translates between the words of the state
// machine and those of the API.
type powerBI struct {
	client     *powerbi.Client
	workspaces *powerbi.Workspaces
	log        *slog.Logger
}

// NewUpstream returns Power BI behind the client.
func NewUpstream(client *powerbi.Client, log *slog.Logger) Upstream {
	return &powerBI{
		client:     client,
		workspaces: powerbi.NewWorkspaces(client.Workspace, workspaceTTL),
		log:        log,
	}
}

// Warm implements Upstream.
func (p *powerBI) Warm(ctx context.Context) error { return p.client.Warm(ctx) }

// Post implements Upstream.
func (p *powerBI) Post(ctx context.Context, m machine.Model, post machine.Post, sendBy time.Time) machine.Answer {
	if err := p.token(ctx, post.Renew, sendBy); err != nil {
		return answerOf(err)
	}
	kind, refused := p.kind(ctx, m, post, sendBy)
	if refused != nil {
		return *refused
	}
	ctx = powerbi.WithRequestID(powerbi.WithSendBy(ctx, sendBy), post.Txn)
	started, err := p.client.StartRefresh(ctx, dataset(m), body(post, kind))
	if err != nil {
		answer := answerOf(err)
		answer.Sent = kind
		return answer
	}
	return machine.Answer{Kind: machine.Accepted, RefreshID: started.RefreshID, Sent: kind}
}

// token sees to it that the POST need not wait for one.
func (p *powerBI) token(ctx context.Context, renew bool, sendBy time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, sendBy)
	defer cancel()
	if renew {
		return p.client.RenewToken(ctx)
	}
	return p.client.Warm(ctx)
}

// kind decides between standard and enhanced, or says why neither can be asked for.
func (p *powerBI) kind(ctx context.Context, m machine.Model, post machine.Post, sendBy time.Time) (machine.Kind, *machine.Answer) {
	ctx, cancel := context.WithDeadline(ctx, sendBy)
	defer cancel()
	switch {
	case post.Check:
		return p.confirmStandard(ctx, m)
	case post.Kind != machine.Auto:
		return post.Kind, nil
	case !post.Shape.Plain() || post.Tuning != (machine.Tuning{}):
		return machine.Enhanced, nil
	}
	w, err := p.workspaces.Get(ctx, m.WorkspaceID)
	if err != nil {
		return "", noWorkspace(err, m.WorkspaceID)
	}
	if w.OnDedicatedCapacity {
		return machine.Enhanced, nil
	}
	return machine.Standard, nil
}

// confirmStandard allows the fall-back to a standard refresh only where the
// workspace itself says that it has no dedicated capacity.
func (p *powerBI) confirmStandard(ctx context.Context, m machine.Model) (machine.Kind, *machine.Answer) {
	w, err := p.workspaces.Fresh(ctx, m.WorkspaceID)
	switch {
	case err != nil:
		return "", noWorkspace(err, m.WorkspaceID)
	case w.OnDedicatedCapacity:
		return "", &machine.Answer{Kind: machine.Unsent, Fault: &machine.Fault{Code: machine.CodeEnhancedOnly,
			Message: "Power BI refused an enhanced refresh, and yet the workspace is on a dedicated capacity.",
			Remedy:  "Look at the state of the capacity, or ask with kind: standard."}}
	}
	return machine.Standard, nil
}

// noWorkspace answers for a POST that was not sent because kind auto needs to know the
// workspace, and it could not be read. A refusal there is final.
func noWorkspace(err error, id string) *machine.Answer {
	a := answerOf(err)
	if a.Fault == nil {
		a.Fault = faultOf(err, true)
	}
	if a.Kind == machine.Throttled || a.Kind == machine.Paused {
		return &a
	}
	if a.Kind == machine.Refused && workspaceRight(err) {
		a.Fault.Message = "The workspace " + id + " could not be read, which kind auto needs. " + a.Fault.Message
		a.Fault.Remedy = machine.Sentences(a.Fault.Remedy, "or ask with kind standard or enhanced, which need no look at the workspace")
	}
	a.Kind = machine.Unsent
	return &a
}

// workspaceRight reports whether an id or a right is missing, and no token.
func workspaceRight(err error) bool {
	return powerbi.HasCode(err, powerbi.CodeNotAuthorized, powerbi.CodeForbidden, powerbi.CodeAPINotAccessible, powerbi.CodeNotFound,
		powerbi.CodeWorkspaceNotFound, powerbi.CodeBadRequest)
}

// body is the request as the API takes it. A whole-model enhanced refresh says
// type Full: that is what a standard refresh does, while the API's own default,
// automatic, skips what was processed before. notifyOption is for standard refreshes: it
// is to be left out of an enhanced one, on which it has no effect (documented).
func body(post machine.Post, kind machine.Kind) powerbi.RefreshRequest {
	if kind == machine.Standard {
		return powerbi.RefreshRequest{NotifyOption: post.Notify}
	}
	s := post.Shape
	r := powerbi.RefreshRequest{
		Type: s.Type, CommitMode: s.CommitMode, ApplyRefreshPolicy: s.ApplyPolicy, EffectiveDate: s.EffectiveDate,
		MaxParallelism: post.Tuning.MaxParallelism, RetryCount: post.Tuning.RetryCount, Timeout: post.Tuning.Timeout, Extra: powerbi.ExtraOf(s.Extra),
	}
	if r.Type == "" {
		r.Type = "Full"
	}
	for _, o := range s.Objects {
		r.Objects = append(r.Objects, powerbi.Object{Table: o.Table, Partition: o.Partition})
	}
	return r
}

// Look implements Upstream. Only enhanced refreshes are asked for by id; the
// history shows every kind.
func (p *powerBI) Look(ctx context.Context, m machine.Model, l machine.Look) Observation {
	if l.RefreshID == "" || l.Kind == machine.Standard {
		h, err := p.client.Refreshes(ctx, dataset(m), 0)
		if err != nil {
			return p.blind(ctx, m, err)
		}
		return p.history(h)
	}
	s, err := p.client.Observe(ctx, dataset(m), l.RefreshID)
	switch {
	case err != nil:
		return p.blind(ctx, m, err)
	case s.History != nil:
		return p.history(*s.History)
	}
	row := p.row(s.Detail.Row)
	row.ID = l.RefreshID // a detail does not repeat it
	row.Asked = machine.Asked{Type: s.Detail.Type, CommitMode: s.Detail.CommitMode}
	for _, o := range s.Detail.Objects {
		row.Objects = append(row.Objects, machine.Progress{Table: o.Table, Partition: o.Partition, Status: string(o.Status)})
	}
	return Observation{Detail: true, Rows: []machine.Row{row}, Date: s.Detail.Date}
}

func (p *powerBI) history(h powerbi.History) Observation {
	s := Observation{Date: h.Date}
	for _, r := range h.Rows {
		s.Rows = append(s.Rows, p.row(r))
	}
	return s
}

func (p *powerBI) row(r powerbi.Row) machine.Row {
	if !r.Status.Known() {
		p.log.Warn("Power BI has a new status word; it is taken for in progress until the row has an end", "status", string(r.Status))
	}
	row := machine.Row{ID: r.RequestID, Type: r.RefreshType, Start: r.Start, End: r.End, State: rowState(r.Status), Word: string(r.Status)}
	if f := r.Failure; f != nil && row.State == machine.RowFailed {
		row.Fault = &machine.Fault{Code: machine.CodeRefreshFailed, Message: machine.Sentences(f.Cause), Remedy: f.Remedy,
			Class: string(f.Class), Detail: f.Message, PowerBI: f.Code,
			Support: f.Support, Transient: f.Transient, Late: f.Late}
	}
	if !r.Status.Known() && !r.End.IsZero() {
		row.State, row.Fault = machine.RowFailed, endedOddly(row.Word)
	}
	return row
}

// endedOddly: a row with an end occupies the model no more, whatever it says.
func endedOddly(word string) *machine.Fault {
	return &machine.Fault{Code: machine.CodeOutcomeUnknown,
		Message: "Power BI ended the refresh with the status " + word + ", which this version does not know.",
		Remedy:  "Look at the refresh history of the model in the Power BI portal, and report the word."}
}

func rowState(s powerbi.Status) machine.RowState {
	if s == powerbi.StatusDisabled {
		return machine.RowDisabled
	}
	switch s.Result() {
	case powerbi.Succeeded:
		return machine.RowCompleted
	case powerbi.Failed:
		return machine.RowFailed
	case powerbi.Cancelled:
		return machine.RowCancelled
	case powerbi.InProgress:
		return machine.RowInProgress
	default:
		return machine.RowInProgress
	}
}

// Delete implements Upstream.
func (p *powerBI) Delete(ctx context.Context, m machine.Model, d machine.Delete) error {
	return p.client.CancelRefresh(ctx, dataset(m), d.RefreshID)
}

func dataset(m machine.Model) powerbi.Dataset {
	return powerbi.Dataset{WorkspaceID: m.WorkspaceID, DatasetID: m.DatasetID}
}

// blind is a look that failed. Where the history is not there, the model is asked for.
func (p *powerBI) blind(ctx context.Context, m machine.Model, err error) Observation {
	s := Observation{Err: faultOf(err, !refusedRead(err))}
	var e *powerbi.Error
	if errors.As(err, &e) {
		s.RetryAfter = e.RetryAfter
	}
	if notThere(err) {
		_, err = p.client.Model(ctx, dataset(m))
		s.Gone, s.There = notThere(err), err == nil
	}
	return s
}

// refusedRead reports whether Power BI said no, and not only for now.
func refusedRead(err error) bool {
	return powerbi.OutcomeOf(err) == powerbi.Refused && !powerbi.HasCode(err, powerbi.CodeThrottled, powerbi.CodeCapacityThrottled)
}

// notThere reports whether Power BI has, or shows us, no such thing (seen:
// DevScope/powerbi-powershell-modules#66).
func notThere(err error) bool {
	var e *powerbi.Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound && e.PowerBICode == "PowerBIEntityNotFound"
}
