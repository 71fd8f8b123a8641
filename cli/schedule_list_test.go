package cli

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"pbirefresh/handler"
)

// answering is the environment of an app whose one route gives an answer.
func answering(t *testing.T, route, answer string) map[string]string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-functions-key") != theKey {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(answer))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return map[string]string{"PBIREFRESH_URL": server.URL, "PBIREFRESH_KEY": theKey}
}

func TestSchedulesOfTheApp(t *testing.T) {
	t.Parallel()
	model := `"workspaceId":"` + workspace + `","datasetId":"` + dataset + `"`
	env := answering(t, "GET /api/schedules", `{"source":{"name":"blob:schedules.json","problem":{"code":"FileInvalid","message":"It is\u001b wrong."}},"schedules":[
		{"name":"sales","enabled":true,"timing":"30 6 * * *","models":[{`+model+`,"nextStartDateTime":"2026-12-02T06:30:00Z",
			"last":{"slotDateTime":"2026-12-01T06:30:00Z","outcome":"started","refreshStatus":"Failed","error":{"code":"RefreshFailed","message":"x"}}}]},
		{"name":"stock","enabled":false,"timing":"every 2h","models":[{`+model+`,"nextStartDateTime":"2026-12-02T06:30:00Z"}]},
		{"name":"once","enabled":true,"timing":"every 3h","models":[{`+model+`,"last":{"slotDateTime":"2026-12-01T06:30:00Z","outcome":"missed"}}]}]}`)
	r := runCommand(t, env, "schedule", "list").exits(0).prints(
		"SCHEDULE  TIMING      NEXT START            MODEL                                                                      LAST SLOT             RESULT\n" +
			"sales     30 6 * * *  2026-12-02 06:30:00Z  " + workspace + "/" + dataset + "  2026-12-01 06:30:00Z  Failed RefreshFailed\n" +
			"stock     every 2h    disabled              " + workspace + "/" + dataset + "  -                     -\n" +
			"once      every 3h    -                     " + workspace + "/" + dataset + "  2026-12-01 06:30:00Z  missed\n")
	if want := "blob:schedules.json: FileInvalid: It is? wrong.\n"; r.stderr != want {
		t.Errorf("stderr %q, want %q", r.stderr, want)
	}
	var doc handler.SchedulesDocument
	runCommand(t, env, "schedule", "list", "-o", "json").exits(0).into(&doc)
	if len(doc.Schedules) != 3 || doc.Source.Problem == nil {
		t.Errorf("JSON has %+v, want three schedules and the problem", doc)
	}
	env["PBIREFRESH_KEY"] = ""
	runCommand(t, env, "schedule", "list").exits(exitRefused).says("set PBIREFRESH_KEY").prints("")
	runCommand(t, nil, "schedule", "list").exits(exitUsage).says("PBIREFRESH_URL").prints("")
}
