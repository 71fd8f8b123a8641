package e2e

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"pbirefresh/lease/bloblease"
	"pbirefresh/local/sim"
)

func containsAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// Bad input changes nothing: no document is written, nothing is sent to Power BI.
func TestBadInputChangesNothing(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	settings := onAzurite(t)
	a := startApp(t, world, settings)
	good := body(sim.Sales())
	codes := map[string]int{"content type": http.StatusUnsupportedMediaType, "larger than 64 KiB": http.StatusRequestEntityTooLarge}
	for name, tt := range map[string]struct{ body, contentType, target string }{
		"empty":              {"", "application/json", "body"},
		"not JSON":           {"{", "application/json", "body"},
		"an array":           {"[]", "application/json", "body"},
		"content type":       {good, "text/plain", "Content-Type"},
		"no ids":             {"{}", "application/json", "workspaceId"},
		"not a GUID":         {`{"workspaceId":"sales","datasetId":"` + sim.SalesModel + `"}`, "application/json", "workspaceId"},
		"unknown field":      {strings.Replace(good, "{", `{"tables":["A"],`, 1), "application/json", "tables"},
		"twice":              {strings.Replace(good, "{", `{"datasetId":"x",`, 1), "application/json", "datasetId"},
		"objects no array":   {strings.Replace(good, "{", `{"options":{"objects":"Sales"},`, 1), "application/json", "options.objects"},
		"a partition alone":  {strings.Replace(good, "{", `{"options":{"objects":[{"partition":"P"}]},`, 1), "application/json", "options.objects[0]"},
		"timeout x retries":  {strings.Replace(good, "{", `{"options":{"timeout":"23:00:00","retryCount":3},`, 1), "application/json", "options."},
		"larger than 64 KiB": {strings.Replace(good, "{", `{"x":"`+strings.Repeat("x", 65<<10)+`",`, 1), "application/json", "body"},
		"no notifyOption":    {strings.Replace(good, "{", `{"options":{"notifyOption":"MailSometimes"},`, 1), "application/json", "options.notifyOption"},
	} {
		resp, text := a.call("POST", "/api/refreshes", tt.body, "Content-Type", tt.contentType)
		var answer struct {
			Error struct {
				Code, Message, Target string
				Details               []struct{ Target string }
			}
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Errorf("%s: %v in %s", name, err, text)
		}
		e := answer.Error
		want := cmp.Or(codes[name], http.StatusBadRequest)
		if resp.StatusCode != want || !strings.HasPrefix(e.Target, tt.target) || e.Message == "" || e.Code == "" || (len(e.Details) == 0) != (codes[name] != 0) {
			t.Errorf("%s: %s %s", name, resp.Status, text)
		}
	}
	for _, e := range world.Journal.Entries(0) {
		if e.Service == "powerbi" {
			t.Errorf("Power BI was asked: %s", e)
		}
	}
	store, err := bloblease.New(bloblease.Options{ConnectionString: settings["STATE_STORAGE"], Container: settings["STATE_CONTAINER"]})
	if err != nil {
		t.Fatal(err)
	}
	if page, err := store.List(t.Context(), "models/", "", 10); err != nil || len(page.Entries) > 0 {
		t.Errorf("written: %v (%v)", page.Entries, err)
	}
}

// Wrong settings do not end the process: every call answers with the cause.
func TestWrongSettingsAreToldAndDoNotEndTheProcess(t *testing.T) {
	t.Parallel()
	settings := inMemory()
	settings["POWERBI_TENANT_ID"] = ""
	settings["KEY_VAULT_URL"] = "http://vault"
	settings["SETTLE_WINDOW"] = "soon"
	a := startApp(t, newWorld(t), settings)
	resp, text := a.call("POST", "/api/refreshes", body(sim.Sales()))
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("%s %s", resp.Status, text)
	}
	for _, name := range []string{"POWERBI_TENANT_ID", "KEY_VAULT_URL", "SETTLE_WINDOW"} {
		if !strings.Contains(text, name) {
			t.Errorf("%s is not named: %s", name, text)
		}
	}
	if a.host.HandlerPID() == 0 || a.host.Err() != nil {
		t.Errorf("the handler is gone: %v", a.host.Err())
	}
}

func TestKeysGuardAllButStatusAndHealth(t *testing.T) {
	t.Parallel()
	a := startApp(t, newWorld(t), inMemory())
	for path, want := range map[string]int{
		"POST /api/refreshes":                   http.StatusUnauthorized,
		"GET /api/operations/x":                 http.StatusUnauthorized,
		"POST /api/operations/x/cancel":         http.StatusUnauthorized,
		"DELETE /api/operations/x/cancel":       http.StatusUnauthorized,
		"POST /api/operations/x/cancel-all":     http.StatusUnauthorized,
		"POST /api/operations/x/cancel-for-all": http.StatusUnauthorized,
		"GET /api/health/ready":                 http.StatusUnauthorized,
		"POST /api/operations/x/rerun":          http.StatusUnauthorized,
		"GET /api/operations":                   http.StatusUnauthorized,
		"GET /api/models":                       http.StatusUnauthorized,
		"GET /api/schedules":                    http.StatusUnauthorized,
		"GET /api/doctor":                       http.StatusUnauthorized,
		"GET /api/refreshes/x":                  http.StatusNotFound,
		"GET /api/health":                       http.StatusOK,
	} {
		method, path, _ := strings.Cut(path, " ")
		if resp, text := a.call(method, path, "{}", "x-functions-key", "wrong"); resp.StatusCode != want {
			t.Errorf("%s %s without a key: %s %s", method, path, resp.Status, text)
		}
	}
	// Cancelling for everybody is a right of its own.
	if resp, text := a.call("POST", "/api/operations/x/cancel-all", ""); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("cancel-all with a function key: %s %s", resp.Status, text)
	}
	if resp, text := a.call("POST", "/api/operations/x/cancel-all", "", "x-functions-key", a.host.MasterKey()); resp.StatusCode != http.StatusNotFound {
		t.Errorf("cancel-all with the master key: %s %s", resp.Status, text)
	}
}

func TestReadinessNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	a := startApp(t, world, inMemory())
	if resp, text := a.call("GET", "/api/health/ready", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("ready: %s %s", resp.Status, text)
	}
	other := newWorld(t)
	if err := other.Vault.Delete(sim.SecretName); err != nil {
		t.Fatal(err)
	}
	b := startApp(t, other, inMemory())
	resp, text := b.call("GET", "/api/health/ready", "")
	if resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, sim.SecretName) || !strings.Contains(text, "POWERBI_CLIENT_SECRET_NAME") {
		t.Errorf("not ready: %s %s", resp.Status, text)
	}
	doc := b.finish(b.trigger(body(sim.Sales())).StatusURL)
	if doc.Error == nil || !strings.Contains(doc.Error.Message, sim.SecretName) {
		t.Errorf("a refresh without the secret: %s %+v", doc.Status, doc.Error)
	}
}
