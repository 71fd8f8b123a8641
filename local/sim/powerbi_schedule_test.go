package sim_test

import (
	"net/http"
	"strings"
	"testing"

	"pbirefresh/local/sim"
)

func TestRefreshScheduleOfAModel(t *testing.T) {
	t.Parallel()
	cloud := sim.NewCloud(sim.Options{})
	read := func() (int, string) {
		t.Helper()
		token, _, err := cloud.Token()
		if err != nil {
			t.Fatal(err)
		}
		url := "https://" + sim.PowerBIHost + "/v1.0/myorg/groups/" + sim.WorkspaceID + "/datasets/" + sim.SalesModel + "/refreshSchedule"
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := (&http.Client{Transport: cloud.Transport()}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var b strings.Builder
		if err := resp.Write(&b); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, b.String()
	}
	if status, text := read(); status != http.StatusOK || !strings.Contains(text, `"days":[],"times":[],"enabled":false`) {
		t.Errorf("got %d %s; want HTTP 200, a text with '\"days\":[],\"times\":[],\"enabled\":false'", status, text)
	}
	if err := cloud.PowerBI.SetSchedule(sim.Sales(), sim.RefreshSchedule{Days: []string{"Monday"}, Times: []string{"07:30"}, Enabled: true, TimeZone: "UTC"}); err != nil {
		t.Fatal(err)
	}
	if status, text := read(); status != http.StatusOK || !strings.Contains(text, `"days":["Monday"],"times":["07:30"],"enabled":true,"localTimeZoneId":"UTC"`) {
		t.Errorf("got %d %s; want HTTP 200, a text with '\"days\":[\"Monday\"],\"times\":[\"07:30\"],\"enabled\":true,\"localTimeZoneId\":\"UTC\"'", status, text)
	}
	if err := cloud.PowerBI.SetSchedule(sim.Ref{Workspace: sim.WorkspaceID, Model: "none"}, sim.RefreshSchedule{}); err == nil {
		t.Error("a schedule for no model; want an error")
	}
	if err := cloud.PowerBI.Grant(sim.WorkspaceID, sim.ClientID, sim.RoleViewer); err != nil {
		t.Fatal(err)
	}
	if status, text := read(); status < http.StatusBadRequest {
		t.Errorf("a viewer: got %d %s, want an error", status, text)
	}
}
