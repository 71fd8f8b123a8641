package funchost

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/internal/stage"
)

// loadRealApp stages the repository's own app files and loads them.
func loadRealApp(t *testing.T) *App {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "built")
	writeFiles(t, filepath.Dir(exe), map[string]string{"built": "not run here"})
	dist := filepath.Join(t.TempDir(), "dist")
	if err := stage.Stage(filepath.Join("..", ".."), dist, exe); err != nil {
		t.Fatal(err)
	}
	app, err := Load(dist, exampleSettings(t))
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// exampleSettings are the app settings of local.settings.json.example.
func exampleSettings(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "local.settings.json.example"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		IsEncrypted *bool
		Values      map[string]string
	}
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	if file.IsEncrypted == nil || *file.IsEncrypted {
		t.Error("IsEncrypted must be false")
	}
	return file.Values
}

func TestOurHostJSON(t *testing.T) {
	t.Parallel()
	app := loadRealApp(t)
	s := app.Settings
	if strings.TrimSuffix(filepath.Base(s.Executable), ".exe") != "refresher" || !s.Forwarding || !s.ErrorsOnly || s.RoutePrefix != "api" {
		t.Errorf("settings: %+v", s)
	}
	// The sweep ends itself after 25 s and HTTP is cut at 230 s: a time-out must
	// not reach either, as it kills the process and all that it does.
	if s.FunctionTimeout != 5*time.Minute || s.InitializationTimeout > 30*time.Second {
		t.Errorf("time-outs: %v, %v", s.FunctionTimeout, s.InitializationTimeout)
	}
	content, err := os.ReadFile(filepath.Join(app.Root, "host.json"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := parseConfig(content)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"customHandler:description:defaultExecutablePath":          "refresher",
		"customHandler:description:useStdErrorStreamForErrorsOnly": "true",
		"logging:logLevel:Host.Function.Console":                   "Information",
	} {
		if got := c.text(path); got != want {
			t.Errorf("%s = %q, want %q", path, got, want)
		}
	}
	if c.has("extensionBundle") {
		t.Error("HTTP and timers need no extension bundle")
	}
}

func TestOurFunctions(t *testing.T) {
	t.Parallel()
	app := loadRealApp(t)
	const every = "[GET HEAD POST PUT PATCH DELETE OPTIONS]" // with a key, the app answers the others 405
	const id = "{id:regex(^[A-Za-z0-9_-]+$)}"
	want := []string{
		"Dashboard anonymous [GET HEAD] api/dashboard",
		"Doctor function [GET HEAD] api/doctor",
		"Health anonymous [GET HEAD] api/health",
		"HealthReady function [GET HEAD] api/health/ready",
		"Models function [GET HEAD] api/models",
		"OpenAPI anonymous [GET HEAD] api/openapi.json",
		"Operation function [GET HEAD] api/operations/" + id,
		"OperationCancel function " + every + " api/operations/" + id + "/cancel",
		"OperationCancelAll admin " + every + " api/operations/" + id + "/cancel-all",
		"OperationCancelForAll function " + every + " api/operations/" + id + "/cancel-for-all",
		"OperationRerun function " + every + " api/operations/" + id + "/rerun",
		"Operations function [GET HEAD] api/operations",
		"RefreshSchedule 3 * * * * *",
		"RefreshStatus anonymous [GET HEAD] api/refreshes/" + id,
		"RefreshSweep */30 * * * * *",
		"RefreshTrigger function " + every + " api/refreshes",
		"Schedules function [GET HEAD] api/schedules",
	}
	var got []string
	for _, f := range app.Functions {
		line := []string{f.Name}
		if f.HTTP != nil {
			line = append(line, string(f.HTTP.AuthLevel), "["+strings.Join(f.HTTP.Methods, " ")+"]", f.HTTP.Route)
		} else {
			line = append(line, f.Timer.Schedule)
			if f.Timer.UseMonitor || f.Timer.RunOnStartup {
				t.Errorf("%s: useMonitor and runOnStartup must be off", f.Name)
			}
		}
		if f.Disabled {
			line = append(line, "disabled")
		}
		got = append(got, strings.Join(line, " "))
	}
	if !slices.Equal(got, want) {
		t.Errorf("functions\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for request, name := range map[string]string{
		"POST /api/refreshes": "RefreshTrigger", "GET /api/refreshes/x_y-1": "RefreshStatus",
		"POST /api/operations/x/cancel": "OperationCancel", "DELETE /api/operations/x/cancel": "OperationCancel",
		"POST /api/operations/x/cancel-all": "OperationCancelAll", "GET /api/operations/x": "Operation",
		"GET /api/health": "Health", "GET /api/health/ready": "HealthReady",
	} {
		method, path, _ := strings.Cut(request, " ")
		if f := app.route(method, path); f == nil || f.Name != name {
			t.Errorf("%s goes to %v, want %s", request, f, name)
		}
	}
}

// TestOurSettings: the example names every setting that a person may set.
func TestOurSettings(t *testing.T) {
	t.Parallel()
	settings := exampleSettings(t)
	for _, name := range []string{
		"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage", "SWEEP_SCHEDULE",
		"POWERBI_TENANT_ID", "POWERBI_CLIENT_ID", "KEY_VAULT_URL", "POWERBI_CLIENT_SECRET_NAME", "POWERBI_AUTH", "POWERBI_CLOUD",
		"POWERBI_API_URL", "POWERBI_SCOPE", "AZURE_AUTHORITY_HOST", "AZURE_CLIENT_ID",
		"STATE_STORAGE", "STATE_STORAGE__blobServiceUri", "STATE_CONTAINER", "SETTLE_WINDOW", "DEFAULT_TIMEOUT", "MAX_WAIT",
		"ALLOWED_MODELS", "PUBLIC_BASE_URL", "PUBLIC_HOSTS",
	} {
		if _, found := settings[name]; !found {
			t.Errorf("local.settings.json.example lacks %s", name)
		}
	}
	if settings["FUNCTIONS_WORKER_RUNTIME"] != "custom" {
		t.Error("FUNCTIONS_WORKER_RUNTIME must be custom")
	}
	if _, found := settings["FUNCTIONS_CUSTOMHANDLER_PORT"]; found {
		t.Error("the port is the host's to set")
	}
	delete(settings, "SWEEP_SCHEDULE")
	if _, err := Load(filepath.Join("..", ".."), settings); err == nil {
		t.Error("the repository's root is no staged app, but loads")
	}
}
