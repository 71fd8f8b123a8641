package main

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pbirefresh/access"
)

func policyFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const forEverybody = `{"version":1,"rules":[{"callers":[{"anyone":true}],"may":["trigger"],"models":["` + aGUID + `"]}]}`

// A policy that is wrong is not taken for none: every call answers 503 with all that
// is wrong with it, and no value of it.
func TestABadPolicyStopsEverything(t *testing.T) {
	t.Parallel()
	bad := strings.NewReplacer(`"trigger"`, `"s3cret"`, `"anyone":true`, `"role":""`).Replace(forEverybody)
	address, _, stderr := started(t, map[string]string{"POLICY_FILE": policyFile(t, bad)})
	for _, path := range []string{"/api/refreshes", "/api/health/ready"} {
		code, word, message := ask(t, http.MethodPost, address+path)
		if code != http.StatusServiceUnavailable || word != "SettingsInvalid" || !strings.Contains(message, "rules[0].may[0]") || !strings.Contains(message, "rules[0].callers[0].role") {
			t.Errorf("HTTP %d %s %s", code, word, message)
		}
		if strings.Contains(message+stderr.String(), "s3cret") || strings.Contains(message, t.TempDir()) {
			t.Errorf("a value is shown: %s", message)
		}
	}
	if _, err := readSettings(environ(t, map[string]string{"POLICY_FILE": policyFile(t, strings.Repeat(" ", access.MaxPolicy+1))}).get); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a huge file: %v", err)
	}
}

// A good one is the gate of the routes.
func TestAGoodPolicyIsUsed(t *testing.T) {
	t.Parallel()
	s := mustRead(t, map[string]string{"POLICY_FILE": policyFile(t, forEverybody)})
	if !s.guard.Gate.Permits(access.Caller{}, access.Trigger, aGUID, anotherGUID) || s.guard.Gate.Permits(access.Caller{}, access.Cancel, aGUID, anotherGUID) {
		t.Error("what the file says is not what counts")
	}
	a, err := newApp(s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if cfg := a.handlerConfig(s); cfg.Guard.Gate.Policy == nil {
		t.Error("the routes have no guard")
	}
}

// Rules that can match nobody are told.
func TestAPolicyWithoutAuthenticationIsToldAbout(t *testing.T) {
	t.Parallel()
	byRole := strings.Replace(forEverybody, `"anyone":true`, `"role":"Refresher"`, 1)
	for _, on := range []string{"", "True"} {
		stderr := newLines()
		s := mustRead(t, map[string]string{"POLICY_FILE": policyFile(t, byRole), "WEBSITE_AUTH_ENABLED": on})
		if _, err := newApp(s, slog.New(slog.NewTextHandler(stderr, nil))); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(stderr.String(), "authentication is off") != (on == "") {
			t.Errorf("WEBSITE_AUTH_ENABLED=%s: %s", on, stderr)
		}
	}
}
