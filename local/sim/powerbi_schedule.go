package sim

import (
	"fmt"
	"net/http"
)

// RefreshSchedule is a model's own schedule, which Power BI keeps (documented: swagger). The simulator does not run it.
type RefreshSchedule struct {
	Days     []string `json:"days"`
	Times    []string `json:"times"`
	Enabled  bool     `json:"enabled"`
	TimeZone string   `json:"localTimeZoneId"` // a name of Windows
	Notify   string   `json:"notifyOption"`
}

// SetSchedule sets the schedule of a model.
func (s *PowerBI) SetSchedule(ref Ref, schedule RefreshSchedule) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.workspaces[key(ref.Workspace)]
	if sp == nil || sp.models[key(ref.Model)] == nil {
		return fmt.Errorf("sim: no model %s/%s: add it first", ref.Workspace, ref.Model)
	}
	sp.models[key(ref.Model)].schedule = schedule
	return nil
}

// schedule answers GET .../refreshSchedule. unverified: the answer of a model that never had one; here disabled,
// without days and times.
func (s *PowerBI) schedule(req request) Answer {
	own := req.model.schedule
	if own.TimeZone == "" {
		own = RefreshSchedule{Days: []string{}, Times: []string{}, TimeZone: "UTC", Notify: "MailOnFailure"}
	}
	return jsonAnswer(http.StatusOK, struct {
		Context string `json:"@odata.context"`
		RefreshSchedule
	}{homeCluster + "v1.0/myorg/groups/$metadata#refreshSchedule", own})
}
