package handler

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pbirefresh/access"
	"pbirefresh/doctor"
	"pbirefresh/internal/guid"
	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

// Examine walks the chain to a model, or without one to Power BI. hostVersion is what the
// Functions host says of itself.
type Examine func(ctx context.Context, hostVersion string, model powerbi.Dataset) []doctor.Check

// doctorRate is for the process: each walk reads the vault, gets a token, and calls Power BI
// and the app itself about twenty times.
var doctorRate = Rate{Count: 3, Per: time.Minute}

// DoctorDocument is the answer: the worst state, and each check.
type DoctorDocument struct {
	State   doctor.State   `json:"state"`
	Version string         `json:"version"`
	Checks  []doctor.Check `json:"checks"`
}

// examine: GET /api/doctor?workspaceId=&datasetId=. The answer is 200 whatever was found.
func (s *server) examine(w http.ResponseWriter, r *http.Request) error {
	caller, err := s.guard.enter(r)
	if err != nil {
		return err
	}
	model, err := s.patient(r, caller)
	if err != nil {
		return err
	}
	if wait, ok := s.walks.take("", time.Now()); !ok {
		return &Error{Status: http.StatusTooManyRequests, Code: "TooManyRequests", RetryAfter: wait,
			Message: "The checks of this app run " + strconv.Itoa(doctorRate.Count) + " times a minute at most. Send the request again after the time in Retry-After."}
	}
	checks := s.Doctor(r.Context(), r.Header.Get("X-Azure-Functions-HostVersion"), model)
	if strings.Contains(r.Header.Get("Accept"), "text/plain") {
		return writeLines(w, checks)
	}
	return writeJSON(w, http.StatusOK, DoctorDocument{doctor.Overall(checks), s.Version, checks})
}

// patient is the model that a request names, if the caller may read about it; the zero Dataset
// without one.
func (s *server) patient(r *http.Request, caller access.Caller) (powerbi.Dataset, error) {
	query := r.URL.Query()
	ids := map[string]string{}
	var problems []Detail
	for _, name := range []string{"workspaceId", "datasetId"} {
		ids[name] = strings.ToLower(query.Get(name))
		if (query.Has("workspaceId") || query.Has("datasetId")) && !guid.Valid(ids[name]) {
			problems = append(problems, Detail{Code: "InvalidValue", Target: name, Message: name + " must be a GUID: name both workspaceId and datasetId, once each, or neither."})
		}
	}
	m := machine.Model{WorkspaceID: ids["workspaceId"], DatasetID: ids["datasetId"]}
	switch {
	case len(problems) > 0:
		return powerbi.Dataset{}, badRequest(problems)
	case m == machine.Model{}:
		return powerbi.Dataset{}, nil
	case !s.Allowed.permits(m):
		return powerbi.Dataset{}, modelNotAllowed()
	}
	return powerbi.Dataset{WorkspaceID: m.WorkspaceID, DatasetID: m.DatasetID}, s.guard.permit(r, caller, access.Read, m)
}

func writeLines(w http.ResponseWriter, checks []doctor.Check) error {
	var text strings.Builder
	doctor.Print(&text, checks, true)
	return writeBody(w, http.StatusOK, "text/plain", []byte(text.String()))
}
