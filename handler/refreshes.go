package handler

import (
	"context"
	"net/http"
	"slices"
	"time"

	"pbirefresh/access"
	"pbirefresh/callback"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// triggering is a request for a refresh, read.
type triggering struct {
	parsed
	caller access.Caller
	key    clientKey
	prefer waitPreference
}

// trigger: POST /api/refreshes.
func (s *server) trigger(w http.ResponseWriter, r *http.Request) error {
	caller, err := s.guard.enter(r)
	if err != nil {
		return err
	}
	t, err := s.readTrigger(w, r, caller)
	if err == nil {
		err = s.mayTrigger(w, r, caller, &t.request, t.labels)
	}
	if err == nil {
		err = t.key.inTime(r.Header)
	}
	if err == nil {
		err = s.admitCallback(w, r, t)
	}
	var receipt refresh.Receipt
	if err == nil {
		receipt, err = s.Refresher.Trigger(r.Context(), t.request)
	}
	if err != nil {
		return t.key.refused(w.Header(), err)
	}
	return s.triggered(w, r, t, receipt)
}

// readTrigger reads a trigger and checks all that a caller can have got wrong. The key
// is there also with an error.
func (s *server) readTrigger(w http.ResponseWriter, r *http.Request, caller access.Caller) (t triggering, err error) {
	t.caller = caller
	var ofKey, ofPrefer, ofBody []Detail
	t.key, ofKey = readKey(r.Header)
	t.prefer, ofPrefer = s.readPreference(r)
	body, err := readBody(w, r)
	if err != nil {
		return t, err
	}
	if t.parsed, ofBody, err = s.parse(r.Context(), body); err != nil {
		return t, err
	}
	if problems := slices.Concat(ofBody, ofKey, ofPrefer); len(problems) > 0 {
		return t, badRequest(problems)
	}
	if !s.Allowed.permits(t.request.Model) {
		return t, modelNotAllowed()
	}
	t.request.Owner = caller.Owner()
	t.request.Key = t.key.of(caller.Owner(), t.request.Model, t.said)
	return t, nil
}

// parse reads a body once there is a place for it: what a body costs in memory, a multiple of
// its size, is paid for few at a time, however many arrive.
func (s *server) parse(ctx context.Context, body []byte) (parsed, []Detail, error) {
	select {
	case s.parsing <- struct{}{}:
	case <-ctx.Done():
		return parsed{}, nil, ctx.Err()
	}
	defer func() { <-s.parsing }()
	p, problems := bodyReader{s.DefaultTimeout, s.ExtraOptions, s.checkCallback}.parse(body)
	return p, problems, nil
}

// triggered answers a request that was admitted as its status URL does. An operation
// that has ended, at once or before a replay, is a 200 or a 409: azure-core for Python
// takes a 202 whose body says Failed for success (seen: azure-core 1.41.0, LROBasePolling).
func (s *server) triggered(w http.ResponseWriter, r *http.Request, t triggering, receipt refresh.Receipt) error {
	t.key.result(w.Header(), "accepted")
	if receipt.Replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	if t.callBack != (callback.URL{}) {
		return s.promised(w, r, receipt, t)
	}
	receipt = s.wait(r.Context(), t.prefer, receipt)
	t.prefer.writeApplied(w.Header(), receipt)
	return s.stands(w, receipt, s.describe(r, receipt, t.warnings...))
}

// status: GET /api/refreshes/{id}?sig=, without a key.
func (s *server) status(w http.ResponseWriter, r *http.Request) error {
	if s.StatusKeyed {
		return refresh.ErrBadID
	}
	return s.polled(w, r, nil, func() (refresh.Receipt, error) { return s.Refresher.Status(r.Context(), linkOf(r)) })
}

// operation: GET /api/operations/{id}, for who has a key. With a signature it shows the
// caller's share, as the status URL does.
func (s *server) operation(w http.ResponseWriter, r *http.Request) error {
	caller, err := s.guard.identify(r)
	if err != nil {
		return err
	}
	id, err := refresh.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.guard.permit(r, caller, access.Read, id.Model); err != nil {
		return err
	}
	if r.URL.Query().Has("sig") { // a poll, which costs no more than at the status URL
		return s.polled(w, r, nil, func() (refresh.Receipt, error) { return s.Refresher.Status(r.Context(), linkOf(r)) })
	}
	return s.polled(w, r, s.about, func() (refresh.Receipt, error) { return s.Refresher.Read(r.Context(), id) })
}

// addition adds to the document of an operation.
type addition func(ctx context.Context, d *StatusDocument, created time.Time)

// polled answers with how an operation stands, after the wait that the caller prefers.
func (s *server) polled(w http.ResponseWriter, r *http.Request, add addition, read func() (refresh.Receipt, error)) error {
	prefer, problems := s.readPreference(r)
	if len(problems) > 0 {
		return badRequest(problems)
	}
	receipt, err := read()
	if err != nil {
		return err
	}
	receipt = s.wait(r.Context(), prefer, receipt)
	prefer.writeApplied(w.Header(), receipt)
	d := s.describe(r, receipt)
	if add != nil {
		add(r.Context(), &d, receipt.View.Operation.Created)
	}
	return s.stands(w, receipt, d)
}

// describe is the document of an operation for that caller.
func (s *server) describe(r *http.Request, receipt refresh.Receipt, warnings ...Detail) StatusDocument {
	return document(receipt, s.links(r, receipt.Link()), warnings...)
}

// stands answers with how an operation stands.
func (s *server) stands(w http.ResponseWriter, receipt refresh.Receipt, d StatusDocument) error {
	switch receipt.View.Status {
	case machine.StatusSucceeded:
		return writeJSON(w, http.StatusOK, d)
	case machine.StatusFailed, machine.StatusCanceled:
		// A 4xx, because callers such as Data Factory's Web activity know no other
		// way to hear of a failure; 409, because none of them retries it.
		w.Header().Set("x-ms-error-code", d.Error.Code)
		return writeJSON(w, http.StatusConflict, d)
	case machine.StatusNotStarted, machine.StatusRunning:
		return accepted(w, receipt, d)
	default:
		return accepted(w, receipt, d)
	}
}

// cancel: POST or DELETE /api/operations/{id}/cancel?sig=, one caller's share.
func (s *server) cancel(w http.ResponseWriter, r *http.Request) error {
	caller, err := s.guard.enter(r)
	if err != nil {
		return err
	}
	link := linkOf(r)
	id, err := s.Refresher.Open(r.Context(), link)
	if err == nil {
		err = s.mayCancel(w, r, caller, access.Cancel, id)
	}
	if err != nil {
		return err
	}
	receipt, err := s.Refresher.Cancel(r.Context(), link)
	return s.cancelled(w, r, receipt, err)
}

// cancelAll: POST /api/operations/{id}/cancel-all, for every caller of a shared
// operation. It is a right of its own: the host demands the master key.
func (s *server) cancelAll(w http.ResponseWriter, r *http.Request) error {
	caller, err := s.guard.enter(r)
	if err != nil {
		return err
	}
	id, err := refresh.ParseID(r.PathValue("id"))
	if err == nil {
		err = s.mayCancel(w, r, caller, access.CancelAll, id)
	}
	if err != nil {
		return err
	}
	receipt, err := s.Refresher.CancelAll(r.Context(), id)
	return s.cancelled(w, r, receipt, err)
}

// cancelForAll: POST /api/operations/{id}/cancel-for-all, the same for a caller to whom
// the policy gives that right. Without a policy no caller has it.
func (s *server) cancelForAll(w http.ResponseWriter, r *http.Request) error {
	if s.guard.Gate.Policy == nil {
		return &Error{Status: http.StatusForbidden, Code: "CallerNotAllowed",
			Message: "Only a policy (POLICY_FILE) gives the right cancel-all, and this app has none. Use /cancel-all with the master key."}
	}
	return s.cancelAll(w, r)
}

func (s *server) cancelled(w http.ResponseWriter, r *http.Request, receipt refresh.Receipt, err error) error {
	if err != nil {
		return err
	}
	return accepted(w, receipt, s.describe(r, receipt))
}

// accepted answers 202 with where to look and when.
func accepted(w http.ResponseWriter, receipt refresh.Receipt, d StatusDocument) error {
	h := w.Header()
	h.Set("Location", d.StatusURL)
	h.Set("Operation-Location", d.StatusURL)
	h.Set("Operation-Id", receipt.ID)
	h.Set("Retry-After", seconds(receipt.View.RetryAfter))
	return writeJSON(w, http.StatusAccepted, d)
}
