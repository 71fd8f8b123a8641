package handler

import (
	"time"

	"pbirefresh/callback"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// StatusDocument is how an operation stands, for its caller. Times are UTC.
type StatusDocument struct {
	ID          string         `json:"id"`
	Status      machine.Status `json:"status"` // NotStarted, Running, Succeeded, Failed, Canceled
	Error       *errorBody     `json:"error,omitempty"`
	Phase       machine.Phase  `json:"phase"` // the same, in more detail
	WorkspaceID string         `json:"workspaceId"`
	DatasetID   string         `json:"datasetId"`
	*About                     // only in the answer of /api/operations/{id}

	Created    time.Time `json:"createdDateTime"`
	Started    time.Time `json:"startedDateTime,omitzero"`
	LastAction time.Time `json:"lastActionDateTime"`
	Ended      time.Time `json:"endedDateTime,omitzero"`   // at Power BI; if it never ran there, when the app ended it
	EndSeen    time.Time `json:"endSeenDateTime,omitzero"` // when the app saw the end

	Attempts  []Attempt `json:"attempts"`
	Progress  *Progress `json:"progress,omitempty"`
	BlockedBy *Blocked  `json:"blockedBy,omitempty"`
	Settling  *Settling `json:"settling,omitempty"`
	LastLook  *LastLook `json:"lastLook,omitempty"`
	Result    *Result   `json:"result,omitempty"`

	Callback *callback.Report `json:"callback,omitempty"` // only in the answer to who asked for one
	Warnings []Detail         `json:"warnings,omitempty"` // only in the answer to a POST: what of it has no effect

	StatusURL string `json:"statusUrl"` // with the caller's signature: a secret
	// The names of Durable Functions, for callers that use its recipes. Terminating is a
	// POST; its ?reason= is not used, and it wants the function key besides, which none
	// of these URLs has.
	StatusQueryGetURI string `json:"statusQueryGetUri"`
	TerminatePostURI  string `json:"terminatePostUri"`
	RuntimeStatus     string `json:"runtimeStatus"` // Pending, Running, Completed, Failed, Terminated
}

// About is what people want to know of an operation besides how it stands.
type About struct {
	WorkspaceName string   `json:"workspaceName,omitempty"`
	ModelName     string   `json:"modelName,omitempty"`
	Caller        string   `json:"caller,omitempty"` // the first one
	CallerName    string   `json:"callerName,omitempty"`
	Callers       int      `json:"callers,omitempty"` // requests that share the operation
	Labels        []string `json:"labels,omitempty"`
}

// Attempt is one refresh that was asked for at Power BI.
type Attempt struct {
	RefreshID string          `json:"refreshId,omitempty"` // Power BI's requestId
	Kind      machine.Kind    `json:"kind"`
	Requested time.Time       `json:"requestedDateTime"`
	Started   time.Time       `json:"startedDateTime,omitzero"`
	Ended     time.Time       `json:"endedDateTime,omitzero"`
	Outcome   machine.Outcome `json:"outcome"`
	Adopted   bool            `json:"adopted,omitempty"` // recognised in the history
	Error     *errorBody      `json:"error,omitempty"`
}

// Progress is how far the refresh is, as far as it is known.
type Progress struct {
	Percent     *int               `json:"percent,omitempty"` // estimated from earlier refreshes
	ExpectedEnd time.Time          `json:"expectedEndDateTime,omitzero"`
	Objects     []machine.Progress `json:"objects,omitempty"`
}

// Blocked is what the operation waits for.
type Blocked struct {
	Reason    string    `json:"reason"` // operation, foreignRefresh, throttled, capacityPaused, conflict, notSent, notReadable
	Message   string    `json:"message,omitempty"`
	RefreshID string    `json:"refreshId,omitempty"`
	Type      string    `json:"refreshType,omitempty"`
	Since     time.Time `json:"sinceDateTime,omitzero"`
	Until     time.Time `json:"untilDateTime,omitzero"`
}

// Settling is how far it is known what became of a request to Power BI whose answer was
// lost. A second refresh may follow.
type Settling struct {
	Since   time.Time    `json:"sinceDateTime"`
	Until   time.Time    `json:"untilDateTime,omitzero"` // at the earliest
	Seen    machine.Seen `json:"seen"`                   // notRead, nothing, atWork, ended
	Message string       `json:"message"`
}

// LastLook is the latest look at the model at Power BI, if it failed.
type LastLook struct {
	At      time.Time `json:"dateTime"`
	Since   time.Time `json:"sinceDateTime"` // of the first that failed since one succeeded
	Code    string    `json:"code"`
	Message string    `json:"message"`                    // Power BI's words, if it had any
	PowerBI string    `json:"powerBIErrorCode,omitempty"` // Power BI's own code
}

// Result is what a refresh that succeeded came to.
type Result struct {
	RefreshID string       `json:"refreshId"`
	Kind      machine.Kind `json:"kind"`
	Started   time.Time    `json:"startedDateTime,omitzero"`
	Ended     time.Time    `json:"endedDateTime"`
	Attempts  int          `json:"attempts"`
}

// document puts a receipt into the words of the wire.
func document(r refresh.Receipt, to links, warnings ...Detail) StatusDocument {
	op := r.View.Operation
	d := StatusDocument{
		ID: r.ID, Status: r.View.Status, Phase: op.Phase,
		WorkspaceID: r.View.Model.WorkspaceID, DatasetID: r.View.Model.DatasetID,
		Created: sec(op.Created), Started: sec(op.Started), LastAction: sec(op.Changed), Ended: endTime(op.EndedAtPowerBI(), op.Ended), EndSeen: sec(op.Ended),
		Warnings: warnings, Attempts: []Attempt{}, Progress: progress(r.View), BlockedBy: blocked(op.Blocked), Error: failure(op.Fault),
		Settling: settling(r.View.Settling), LastLook: lastLook(r.View.LastLook),
		StatusURL: to.status, StatusQueryGetURI: to.status, TerminatePostURI: to.cancel, RuntimeStatus: runtimeStatus(r.View.Status),
	}
	if d.Error == nil && (d.Status == machine.StatusFailed || d.Status == machine.StatusCanceled) {
		// Clients of the Azure SDKs print "undefined" for an end without a reason.
		d.Error = &errorBody{Code: machine.CodeOutcomeUnknown, Message: "The operation ended as " + string(d.Status) + ", and nothing says why."}
	}
	for _, try := range op.Tries {
		d.Attempts = append(d.Attempts, Attempt{
			RefreshID: try.RefreshID, Kind: try.Kind, Requested: sec(try.Intent), Started: ms(try.Started),
			Ended: ms(try.Ended), Outcome: try.Outcome, Adopted: try.Adopted, Error: failure(try.Fault),
		})
	}
	if r.View.Status == machine.StatusSucceeded && len(op.Tries) > 0 {
		last := op.Tries[len(op.Tries)-1]
		d.Result = &Result{RefreshID: last.RefreshID, Kind: last.Kind, Started: ms(last.Started), Ended: ms(last.Ended), Attempts: len(op.Tries)}
	}
	return d
}

// runtimeStatus is a status as Durable Functions calls it (documented: its HTTP API,
// get instance status). Pipelines made for it loop until it is none of the first two.
// What failed or was terminated is a 409 all the same: for Durable Functions it is a 200
// (seen: azure-functions-durable-extension, 2024) or a 400 (documented, 2019). There is no
// output, input or customStatus, so a recipe that reads them fails and is not misled.
func runtimeStatus(s machine.Status) string {
	switch s {
	case machine.StatusNotStarted:
		return "Pending"
	case machine.StatusSucceeded:
		return "Completed"
	case machine.StatusFailed:
		return "Failed"
	case machine.StatusCanceled:
		return "Terminated"
	case machine.StatusRunning:
	}
	return "Running"
}

func progress(v machine.View) *Progress {
	p := Progress{ExpectedEnd: sec(v.ExpectedEnd), Objects: v.Operation.Objects}
	if v.Percent >= 0 {
		p.Percent = &v.Percent
	}
	if p.Percent == nil && len(p.Objects) == 0 {
		return nil
	}
	return &p
}

func blocked(b *machine.Blocked) *Blocked {
	if b == nil {
		return nil
	}
	return &Blocked{Reason: b.Reason, Message: waitsFor(*b), RefreshID: b.RefreshID, Type: b.Type, Since: sec(b.Since), Until: sec(b.Until)}
}

func settling(s *machine.Settlement) *Settling {
	if s == nil {
		return nil
	}
	seen := map[machine.Seen]string{
		machine.SeenNotRead: "The history was not read yet.",
		machine.SeenNothing: "The history shows no refresh that may be this one.",
		machine.SeenAtWork:  "The history shows a refresh at work, which may be this one.",
		machine.SeenEnded:   "The history shows refreshes that have ended and may be this one.",
	}[s.Seen]
	return &Settling{Since: sec(s.Since), Until: sec(s.Until), Seen: s.Seen, Message: "Power BI gave no definite answer to the request. " +
		"Whether it started a refresh is read from the refresh history. " + seen + " If none is recognised, a second refresh follows."}
}

func lastLook(l *machine.LastLook) *LastLook {
	if l == nil {
		return nil
	}
	return &LastLook{At: sec(l.At), Since: sec(l.Since), Code: l.Code, Message: l.Message, PowerBI: l.PowerBI}
}

// waitsFor is a reason in words.
func waitsFor(b machine.Blocked) string {
	switch b.Reason {
	case string(machine.HoldPaused):
		return machine.Fault{Message: "The capacity of the workspace is paused.", Detail: b.Detail,
			Remedy: "Resume the capacity: Power BI is asked again every 5 minutes."}.Text()
	case string(machine.HoldConflict):
		return machine.Fault{Message: "Power BI refuses a refresh because something else is being done with the model. It is asked again.", Detail: b.Detail}.Text()
	case "operation":
		return or(b.Detail, "An earlier operation of this model comes first.")
	case "foreignRefresh":
		return or(b.Detail, "A refresh that this service did not start occupies the model.")
	case "notReadable":
		return "Power BI refuses to show the refresh. It is read again; nothing is concluded from that."
	case string(machine.HoldThrottled):
		return "Power BI is throttling requests. The next request follows at the time that it named."
	default:
		return machine.Fault{Message: machine.Sentences("Nothing could be sent to Power BI", b.Detail), Detail: b.Words,
			Remedy: "It is tried again"}.Text()
	}
}

// failure puts a fault into the error format of the Azure guidelines: what happened,
// Power BI's own words and what to do; inside, Power BI's code and words by themselves.
func failure(f *machine.Fault) *errorBody {
	if f == nil {
		return nil
	}
	e := &errorBody{Code: f.Code, Message: f.Text()}
	if f.Class != "" {
		e.Details = []Detail{{Code: f.Class, Message: or(machine.Sentences(f.Remedy), e.Message), Target: "class"}}
	}
	if f.Detail != "" || f.PowerBI != "" || f.Support != "" {
		e.Inner = &innerError{Code: or(f.PowerBI, f.Code), Message: or(f.Detail, f.Message), Support: f.Support}
	}
	return e
}

// sec is a time of the storage service's clock, which reports whole seconds.
func sec(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// ms is a time of Power BI, cut to what people read.
func ms(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}
