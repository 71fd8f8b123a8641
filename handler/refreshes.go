package handler

import (
	"net/http"

	"pbirefresh/callback"
	"pbirefresh/refresh"
)

// trigger: POST /api/refreshes.
func (s *server) trigger(w http.ResponseWriter, r *http.Request) error {
	caller, err := s.guard.enter(r)
	if err != nil {
		return err
	}
	key, problems := readKey(r.Header)
	request, callBack, err := s.readTrigger(w, r, key, problems)
	if err == nil {
		err = s.mayTrigger(w, r, caller, &request)
	}
	if err == nil {
		err = key.inTime(r.Header)
	}
	var receipt refresh.Receipt
	if err == nil {
		receipt, err = s.Refresher.Trigger(r.Context(), request)
	}
	if err != nil {
		return key.refused(w.Header(), err)
	}
	key.result(w.Header(), "accepted")
	if receipt.Replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	if callBack != (callback.URL{}) {
		return s.promised(w, r, receipt, callBack)
	}
	if receipt, waited := s.wait(w, r, receipt); waited {
		return s.stands(w, r, receipt)
	}
	return s.accepted(w, r, receipt)
}

// readTrigger reads a trigger and checks all that a caller can have got wrong.
func (s *server) readTrigger(w http.ResponseWriter, r *http.Request, key clientKey, problems []Detail) (none refresh.Request, nowhere callback.URL, _ error) {
	if err := checkWait(r); err != nil {
		return none, nowhere, err
	}
	body, err := readBody(w, r)
	if err != nil {
		return none, nowhere, err
	}
	request, callBack, more := parseRequest(body, s.DefaultTimeout, s.checkCallback)
	if problems = append(more, problems...); len(problems) > 0 {
		return none, nowhere, badRequest(problems)
	}
	if !s.Allowed.permits(request.Model) {
		return none, nowhere, &Error{Status: http.StatusForbidden, Code: "ModelNotAllowed", Target: "datasetId",
			Message: "This app may not refresh that model: the setting ALLOWED_MODELS does not list it."}
	}
	request.Key = key.of(request, body)
	return request, callBack, nil
}

// status: GET /api/refreshes/{id}.
func (s *server) status(w http.ResponseWriter, r *http.Request) error {
	if err := checkWait(r); err != nil {
		return err
	}
	receipt, err := s.Refresher.Status(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	receipt, _ = s.wait(w, r, receipt)
	return s.stands(w, r, receipt)
}

// stands answers with how an operation stands.
func (s *server) stands(w http.ResponseWriter, r *http.Request, receipt refresh.Receipt) error {
	switch receipt.View.Status {
	case refresh.StatusSucceeded:
		return writeJSON(w, http.StatusOK, document(receipt, s.statusURL(r, receipt.ID)))
	case refresh.StatusFailed, refresh.StatusCanceled:
		// A 4xx, because callers such as Data Factory's Web activity know no other
		// way to hear of a failure; 409, because none of them retries it.
		d := document(receipt, s.statusURL(r, receipt.ID))
		w.Header().Set("x-ms-error-code", d.Error.Code)
		return writeJSON(w, http.StatusConflict, d)
	case refresh.StatusNotStarted, refresh.StatusRunning:
		return s.accepted(w, r, receipt)
	default:
		return s.accepted(w, r, receipt)
	}
}

// cancel: POST or DELETE /api/refreshes/{id}/cancel.
func (s *server) cancel(w http.ResponseWriter, r *http.Request) error {
	return s.cancelled(w, r, false)
}

// cancelAll: POST /api/refreshes/{id}/cancel-all, also for the other callers of a
// shared operation. It is a right of its own: the host wants the master key.
func (s *server) cancelAll(w http.ResponseWriter, r *http.Request) error {
	return s.cancelled(w, r, true)
}

func (s *server) cancelled(w http.ResponseWriter, r *http.Request, force bool) error {
	if err := s.mayCancel(w, r, force); err != nil {
		return err
	}
	receipt, err := s.Refresher.Cancel(r.Context(), r.PathValue("id"), force)
	if err != nil {
		return err
	}
	return s.accepted(w, r, receipt)
}

// accepted answers 202 with where to look and when.
func (s *server) accepted(w http.ResponseWriter, r *http.Request, receipt refresh.Receipt) error {
	location := s.statusURL(r, receipt.ID)
	h := w.Header()
	h.Set("Location", location)
	h.Set("Operation-Location", location)
	h.Set("Operation-Id", receipt.ID)
	h.Set("Retry-After", seconds(receipt.View.RetryAfter))
	return writeJSON(w, http.StatusAccepted, document(receipt, location))
}
