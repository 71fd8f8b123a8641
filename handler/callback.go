package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"pbirefresh/callback"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// Callbacks checks, stores and sends callbacks; [*callback.Service] is one.
type Callbacks interface {
	Check(raw string) (callback.URL, error)
	Admit(ctx context.Context, owner, model string) error
	Register(ctx context.Context, r callback.Registration) (callback.Report, error)
	Sweep(ctx context.Context) (callback.SweepReport, error)
}

// checkCallback reports whether a URL may be called back.
func (s *server) checkCallback(raw string) (callback.URL, error) {
	if s.Callbacks == nil {
		return callback.URL{}, &callback.Error{Code: callback.CodeForbidden, Message: "This app sends no callbacks. Leave the field out, and poll the status URL."}
	}
	return s.Callbacks.Check(raw)
}

// callback reads where the caller wants to be called back: callBackUri is what the
// WebHook activity of Data Factory, Synapse and Fabric adds to the body (documented),
// callbackUrl what Microsoft's examples of the Logic Apps HTTP Webhook name it. It returns
// the zero URL if there is none.
func (f *fields) callback(check func(string) (callback.URL, error)) callback.URL {
	uri, url := f.Get("callBackUri"), f.Get("callbackUrl")
	switch {
	case !uri.Missing() && !url.Missing():
		f.Report("callbackUrl", "InvalidCombination", "and callBackUri mean the same: send one of them")
	case !uri.Missing():
		return f.checked("callBackUri", check)
	case !url.Missing():
		return f.checked("callbackUrl", check)
	}
	return callback.URL{}
}

// checked reads a URL.
func (f *fields) checked(name string, check func(string) (callback.URL, error)) callback.URL {
	text := f.Text(name)
	if strings.TrimSpace(text) == "" {
		return callback.URL{} // reported, if it is no string
	}
	u, err := check(text)
	var problem *callback.Error
	if errors.As(err, &problem) {
		f.problems.add(problem.Code, name, name+": "+problem.Message)
	}
	return u
}

// refusalRecords is how often refusals of one caller are put on record, in a process.
var refusalRecords = Rate{Count: 1, Per: time.Minute}

// admitCallback rejects a request whose callback would be one too many, before anything is
// started.
func (s *server) admitCallback(w http.ResponseWriter, r *http.Request, t triggering) error {
	if t.callBack == (callback.URL{}) {
		return nil
	}
	model := t.request.Model
	err := s.Callbacks.Admit(r.Context(), t.caller.Owner(), model.String())
	var full *callback.FullError
	if !errors.As(err, &full) {
		return err
	}
	refusal := tooManyCallbacks(full)
	s.recordRefusal(w, r, t.caller, model, refusal.Code)
	return refusal
}

func tooManyCallbacks(full *callback.FullError) *Error {
	cause := fmt.Sprintf("%d callbacks of this caller are not delivered yet, which is the limit", full.Limit)
	remedy := "Find out why their receivers do not answer: each is retried for 24 hours, and the log has a line for each attempt."
	if full.PerOperation {
		cause = fmt.Sprintf("%d callbacks of this caller already wait for one refresh of this model, which is the limit", full.Limit)
		remedy = "The limit is free again when that refresh has ended."
	}
	return &Error{Status: http.StatusTooManyRequests, Code: "TooManyCallbacks", RetryAfter: time.Minute, err: full,
		Message: "Nothing was started: " + cause + ". " + remedy + " Send the request again later, or without a callback, and poll the status URL."}
}

// promised answers a caller who will be called back: 200, because a 202 with a Location
// would be polled as well. wait has no effect, because such callers need the answer within a
// minute. The callback is saved before the answer.
func (s *server) promised(w http.ResponseWriter, r *http.Request, receipt refresh.Receipt, t triggering) error {
	to := s.links(r, receipt.Link())
	report, err := s.Callbacks.Register(r.Context(), callback.Registration{
		Owner: t.caller.Owner(), Model: receipt.View.Model.String(), URL: t.callBack,
		Operation: callback.Operation{ID: receipt.ID, Caller: receipt.Caller(), Base: s.base(r)},
	})
	if err != nil {
		return &Error{Status: http.StatusServiceUnavailable, Code: "CallbackNotSaved", RetryAfter: 5 * time.Second, err: err,
			Message: "The refresh was accepted, but its callback could not be saved, and will not come. Send the request again: it shares the refresh if that has not begun."}
	}
	w.Header().Set("Operation-Location", to.status)
	w.Header().Set("Operation-Id", receipt.ID)
	d := document(receipt, to, t.warnings...)
	d.Callback = &report
	return writeJSON(w, http.StatusOK, d)
}

// sweepCallbacks sends what is due, and returns what the timer's log is told.
func (s *server) sweepCallbacks(ctx context.Context) ([]string, error) {
	if s.Callbacks == nil {
		return nil, nil
	}
	report, err := s.Callbacks.Sweep(ctx)
	if err != nil {
		return nil, &Error{Status: http.StatusServiceUnavailable, Code: machine.CodeUnavailable, RetryAfter: 5 * time.Second, err: err,
			Message: "The callbacks could not be listed. The next sweep tries again; GET /api/health/ready names the cause."}
	}
	return []string{sweepLine("callbacks", report.Seen, report.Due, report.Failed, report.Complete)}, nil
}

// callbackDocument is what the WebHook activity reads. The status is a string in its
// documentation; 400 and above fails the activity if reportStatusOnCallBack is set.
type callbackDocument struct {
	Output     any
	Error      *callbackError `json:",omitempty"`
	StatusCode string
}

type callbackError struct{ ErrorCode, Message string }

// Operations reads an operation as one of its callers sees it; [*refresh.Coordinator]
// is one.
type Operations interface {
	ReadAs(ctx context.Context, id refresh.ID, nonce string) (refresh.Receipt, error)
	OpenSealed(ctx context.Context, sealed string) (refresh.ID, string, error)
}

// CallbackOutcome returns what callbacks ask for: how operations stand. See
// [callback.Config]. With keyed, status URLs want a key: see [Config].
func CallbackOutcome(ops Operations, keyed bool) func(context.Context, callback.Operation) (callback.Outcome, error) {
	return func(ctx context.Context, op callback.Operation) (callback.Outcome, error) {
		receipt, err := readCallback(ctx, ops, op)
		var refusal *refresh.Refusal
		switch {
		case errors.Is(err, refresh.ErrBadID), errors.As(err, &refusal):
			return ended(lost(linksTo(op.Base, refresh.Link{ID: op.ID}, keyed)))
		case err != nil:
			return callback.Outcome{}, err
		case !receipt.View.Status.Terminal():
			return callback.Outcome{}, nil
		}
		return ended(result(document(receipt, linksTo(op.Base, receipt.Link(), keyed))))
	}
}

// readCallback reads the operation of a callback. One that was registered before ids
// and signatures were apart has a sealed id.
func readCallback(ctx context.Context, ops Operations, op callback.Operation) (refresh.Receipt, error) {
	id, err := refresh.ParseID(op.ID)
	nonce := op.Caller
	if nonce == "" {
		id, nonce, err = ops.OpenSealed(ctx, op.ID)
	}
	if err != nil {
		return refresh.Receipt{}, err
	}
	return ops.ReadAs(ctx, id, nonce)
}

func ended(d callbackDocument) (callback.Outcome, error) {
	body, err := json.Marshal(d)
	return callback.Outcome{Ended: true, Body: body}, err
}

// result is the callback of an operation that has ended. A cancelled one is reported like
// a failed one, so that its receiver continues.
func result(d StatusDocument) callbackDocument {
	if d.Status == machine.StatusSucceeded {
		return callbackDocument{Output: d, StatusCode: "200"}
	}
	c := callbackDocument{Output: d, StatusCode: "409", Error: &callbackError{ErrorCode: string(d.Status), Message: "The refresh did not succeed."}}
	if d.Error != nil {
		c.Error = &callbackError{d.Error.Code, d.Error.Message}
	}
	return c
}

// lost is the callback of an operation whose state, or whose key, was deleted: its
// receiver still waits.
func lost(to links) callbackDocument {
	return callbackDocument{
		Output:     map[string]string{"statusUrl": to.status},
		StatusCode: "409",
		Error: &callbackError{machine.CodeNotFound,
			"The operation is not known any more: the state of this app was deleted. Whether the refresh succeeded is in Power BI's refresh history."},
	}
}
