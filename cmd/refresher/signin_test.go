package main

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/keyvault"
)

// Each way in needs its own settings, and no more; what is missing is told together.
func TestWhatEachWayInNeeds(t *testing.T) {
	t.Parallel()
	names := []string{"POWERBI_TENANT_ID", "POWERBI_CLIENT_ID", "KEY_VAULT_URL", "AZURE_CLIENT_ID"}
	for method, needs := range map[string][]string{
		"":                     names[:3],
		"keyvault-secret":      names[:3],
		"keyvault-certificate": names[:3],
		"managed-identity":     nil,
		"federated":            {"POWERBI_TENANT_ID", "POWERBI_CLIENT_ID", "AZURE_CLIENT_ID"},
	} {
		bare := map[string]string{"POWERBI_AUTH": method}
		for _, name := range names {
			bare[name] = "-"
		}
		_, err := readSettings(environ(t, bare).get)
		for _, name := range names {
			told := err != nil && strings.Contains(err.Error(), name+" is not set")
			if told != slices.Contains(needs, name) {
				t.Errorf("%q without anything: %v; want told about %v", method, err, needs)
			}
		}
		complete := map[string]string{"POWERBI_AUTH": method, "AZURE_CLIENT_ID": aGUID}
		if s := mustRead(t, complete); method != "" && string(s.method) != method {
			t.Errorf("%s became %s", method, s.method)
		}
	}
}

// Readiness looks at what the way in rests on.
func TestChecksOfEachWayIn(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{
		"keyvault-secret":      "storage keyVault powerBI sweep",
		"keyvault-certificate": "storage keyVault powerBI sweep",
		"managed-identity":     "storage powerBI sweep",
		"federated":            "storage managedIdentity powerBI sweep",
	} {
		s := mustRead(t, map[string]string{"POWERBI_AUTH": method, "AZURE_CLIENT_ID": aGUID})
		a, err := newApp(s, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range a.checks(s) {
			names = append(names, c.Name)
			if (c.Expires != nil) != (c.Name == "keyVault") {
				t.Errorf("%s: %s tells when it ends: %v", method, c.Name, c.Expires != nil)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s, want %s", method, got, want)
		}
	}
}

// The line that alert rules look for.
func TestExpiryIsLogged(t *testing.T) {
	t.Parallel()
	for days, level := range map[int]string{30: "WARN", 7: "WARN", 1: "ERROR", 0: "ERROR", -1: "ERROR", -3: "ERROR"} {
		when := "expires soon"
		if days < 0 {
			when = "has expired"
		}
		var b bytes.Buffer
		logExpiring(slog.New(slog.NewJSONHandler(&b, nil)), keyvault.Expiring{Version: "v1", At: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC), Days: days})
		for _, want := range []string{`"event":"secret.expiring"`, `"level":"` + level + `"`, `"days":`, `"expires":"2027-01-02T03:04:05Z"`, when} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%d days: %s, want %s", days, &b, want)
			}
		}
	}
}
