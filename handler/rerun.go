package handler

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"pbirefresh/access"
	"pbirefresh/refresh"
)

// rerun: POST /api/operations/{id}/rerun starts a new operation with the options of an
// earlier one.
func (s *server) rerun(w http.ResponseWriter, r *http.Request) error {
	caller, err := s.guard.enter(r)
	if err != nil {
		return err
	}
	t, id, err := s.readRerun(r, caller)
	if err != nil {
		return t.key.refused(w.Header(), err)
	}
	earlier, err := s.Refresher.Read(r.Context(), id)
	if err != nil {
		return t.key.refused(w.Header(), err)
	}
	t.request.Ask = askAgain(earlier.View.Operation)
	t.request.Key = t.key.of(caller.Owner()+"\x00rerun\x00"+id.String(), id.Model, t.request.Ask)
	if err := s.mayTrigger(w, r, caller, &t.request, []string{rerunLabel(id.String())}); err != nil {
		return t.key.refused(w.Header(), err)
	}
	receipt, err := s.Refresher.Trigger(r.Context(), t.request)
	if err != nil {
		return t.key.refused(w.Header(), err)
	}
	return s.triggered(w, r, t, receipt)
}

// readRerun reads the request and checks all that a caller can have got wrong. The key is
// required: the host may send a request without a body up to four times (seen, see
// docs/design.md), and each would be a refresh.
func (s *server) readRerun(r *http.Request, caller access.Caller) (t triggering, id refresh.ID, err error) {
	t.caller = caller
	if id, err = refresh.ParseID(r.PathValue("id")); err != nil {
		return t, id, err
	}
	var problems, ofPrefer []Detail
	t.key, problems = readKey(r.Header)
	t.prefer, ofPrefer = s.readPreference(r)
	problems = append(problems, ofPrefer...)
	if t.key.header == "" {
		problems = append(problems, Detail{Code: "Missing", Target: idempotencyKey,
			Message: "The header Idempotency-Key is missing. Send a new text for each rerun, and the same one if you repeat the request."})
	}
	if body, err := io.ReadAll(io.LimitReader(r.Body, maxBody)); err != nil || !emptyBody(body) {
		problems = append(problems, Detail{Code: "InvalidValue", Target: "body", Message: "A rerun takes no options: send no body, or {}. POST /api/refreshes takes other options."})
	}
	if len(problems) > 0 {
		return t, id, badRequest(problems)
	}
	if !s.Allowed.permits(id.Model) {
		return t, id, modelNotAllowed()
	}
	if err := t.key.inTime(r.Header); err != nil {
		return t, id, err
	}
	t.request.Model, t.request.Owner = id.Model, caller.Owner()
	return t, id, s.guard.permit(r, caller, access.Read, id.Model)
}

// emptyBody reports whether a body is none, or an object without members, which some
// clients send with every POST.
func emptyBody(body []byte) bool {
	var object map[string]json.RawMessage
	return len(bytes.TrimSpace(body)) == 0 || json.Unmarshal(body, &object) == nil && object != nil && len(object) == 0
}
