package powerbi

import (
	"context"
	"net/http"
	"strings"
)

// RefreshSchedule is the schedule that Power BI itself keeps for a model (documented:
// Get Refresh Schedule In Group).
type RefreshSchedule struct {
	Days         []string `json:"days"`  // Sunday to Saturday
	Times        []string `json:"times"` // hh:mm, on the half hour
	Enabled      bool     `json:"enabled"`
	TimeZone     string   `json:"localTimeZoneId"` // a name of Windows
	NotifyOption string   `json:"notifyOption"`
}

// RefreshSchedule reads a model's own schedule. A DirectQuery model has another kind,
// which this does not read.
func (c *Client) RefreshSchedule(ctx context.Context, d Dataset) (RefreshSchedule, error) {
	k := &call{op: "read refresh schedule", endpoint: others}
	path, err := d.path()
	if err != nil {
		return RefreshSchedule{}, invalid(k, err)
	}
	path = strings.TrimSuffix(path, "/refreshes") + "/refreshSchedule"
	resp, err := c.do(ctx, k, request{method: http.MethodGet, path: path}, http.StatusOK)
	if err != nil {
		return RefreshSchedule{}, err
	}
	var s struct {
		Days, Times  []text
		Enabled      flag
		TimeZone     text `json:"localTimeZoneId"`
		NotifyOption text
	}
	if err := decode(k, resp, &s); err != nil {
		return RefreshSchedule{}, err
	}
	return RefreshSchedule{texts(s.Days), texts(s.Times), bool(s.Enabled), string(s.TimeZone), string(s.NotifyOption)}, nil
}

func texts(list []text) []string {
	var all []string
	for _, t := range list {
		all = append(all, string(t))
	}
	return all
}
