package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pbirefresh/doctor"
	"pbirefresh/handler"
	"pbirefresh/local/sim"
)

// examined asks the doctor of an app about the first model, and returns the checks by name.
func (a *app) examined() map[string]doctor.Check {
	a.t.Helper()
	resp, text := a.call("GET", "/api/doctor?workspaceId="+sim.WorkspaceID+"&datasetId="+sim.SalesModel, "")
	var doc handler.DoctorDocument
	if err := json.Unmarshal([]byte(text), &doc); err != nil || resp.StatusCode != http.StatusOK {
		a.t.Fatalf("%s %s: %v", resp.Status, text, err)
	}
	checks := map[string]doctor.Check{}
	for _, c := range doc.Checks {
		checks[c.Name] = c
	}
	return checks
}

// A staged app on Azurite behind the host: every link of the chain is looked at by the real
// clients, and the self-test calls the routes of another app, as the host has them.
func TestTheDoctorOfAStagedApp(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	settings := onAzurite(t)
	settings["PUBLIC_BASE_URL"] = startApp(t, newWorld(t), inMemory()).host.URL()
	a := startApp(t, world, settings)
	for name, c := range a.examined() {
		want := doctor.OK
		if name == "capacity" { // the service principal has no right on it
			want = doctor.Unknown
		}
		if c.State != want {
			t.Errorf("%s: got %+v, want %s", name, c, want)
		}
	}
	if resp, text := a.call("GET", "/api/doctor", "", "Accept", "text/plain"); !strings.Contains(text, "ok       tenantSetting  ") || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("as text: %s %s", resp.Header.Get("Content-Type"), text)
	}
	if c := counters(t, world, sim.Sales()); c.Posts != 0 {
		t.Errorf("the doctor started %d refreshes", c.Posts)
	}
}

// A function whose key was taken away is found by the call, not by its file.
func TestTheDoctorFindsOpenRoutes(t *testing.T) {
	t.Parallel()
	for _, function := range []string{"RefreshTrigger", "HealthReady", "OperationCancelAll"} {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			settings := inMemory()
			settings["PUBLIC_BASE_URL"] = startAppFrom(t, opened(t, function), newWorld(t), inMemory(), "").host.URL()
			if c := startApp(t, newWorld(t), settings).examined()["routes"]; c.State != doctor.Problem || !strings.Contains(c.Detail, "is open") {
				t.Errorf("%s is anonymous: got %+v, want a problem", function, c)
			}
		})
	}
}

// opened is a copy of the app one of whose functions needs no key.
func opened(t *testing.T, function string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "dist")
	if err := os.CopyFS(root, os.DirFS(dist)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, function, "function.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	open := strings.NewReplacer(`"authLevel": "function"`, `"authLevel": "anonymous"`, `"authLevel": "admin"`, `"authLevel": "anonymous"`).Replace(string(text))
	if err := os.WriteFile(file, []byte(open), 0o600); err != nil || open == string(text) {
		t.Fatalf("%s was not opened: %v", function, err)
	}
	return root
}

// With wrong settings the doctor says so, to callers with a key.
func TestTheDoctorOfWrongSettings(t *testing.T) {
	t.Parallel()
	settings := inMemory()
	settings["KEY_VAULT_URL"] = "http://vault"
	a := startApp(t, newWorld(t), settings)
	checks := a.examined()
	if c := checks["settings"]; c.State != doctor.Problem || !strings.Contains(c.Detail, "KEY_VAULT_URL is wrong") {
		t.Errorf("got %+v of %d checks, want KEY_VAULT_URL", c, len(checks))
	}
	if resp, _ := a.call("GET", "/api/doctor", "", "x-functions-key", "wrong"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("with a wrong key: %s, want 401", resp.Status)
	}
}
