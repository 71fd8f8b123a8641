package powerbi

import (
	"slices"
	"strings"
	"testing"
)

func TestRefreshSchedule(t *testing.T) {
	t.Parallel()
	// The reference's sample, with a member that came later and one of another type.
	w := always(200, `{"days":["Sunday","Friday"],"times":["05:00","11:30"],"enabled":"true","localTimeZoneId":"UTC","notifyOption":"MailOnFailure","more":1}`)
	s, err := newClient(t, w, nil).RefreshSchedule(t.Context(), model())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Days, []string{"Sunday", "Friday"}) || !slices.Equal(s.Times, []string{"05:00", "11:30"}) || !s.Enabled || s.TimeZone != "UTC" || s.NotifyOption != "MailOnFailure" {
		t.Errorf("%+v", s)
	}
	if sent := w.requests(); len(sent) != 1 || sent[0].method != "GET" || !strings.HasSuffix(sent[0].url, "/datasets/"+datasetID+"/refreshSchedule") {
		t.Errorf("%+v", sent)
	}
}

func TestRefreshScheduleThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		body   string
		code   Code
	}{
		{404, shape2Body("PowerBIEntityNotFound"), CodeNotFound},
		{401, "", CodeNotAuthorized},
		{200, "<html>", CodeNotPowerBI},
	} {
		_, err := newClient(t, always(tt.status, tt.body), nil).RefreshSchedule(t.Context(), model())
		if e := asError(t, err); e.Code != tt.code || e.Op != "read refresh schedule" {
			t.Errorf("%d: %+v", tt.status, e)
		}
	}
	_, err := newClient(t, always(200, "{}"), nil).RefreshSchedule(t.Context(), Dataset{WorkspaceID: "x", DatasetID: datasetID})
	if e := asError(t, err); e.Outcome != NotSent {
		t.Errorf("%+v", e)
	}
}
