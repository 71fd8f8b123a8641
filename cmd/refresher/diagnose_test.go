package main

import (
	"bytes"
	"strings"
	"testing"

	"pbirefresh/local/sim"
)

// inSim is an environment whose cloud is a simulator.
func inSim(t *testing.T, w *sim.World, changes map[string]string) func(string) string {
	t.Helper()
	all := w.Env()
	for name, value := range changes {
		all[name] = value
	}
	return environ(t, all).get
}

// The doctor at a shell has the app's own parser, and the app's own clients.
func TestDoctorAtAShell(t *testing.T) {
	w, err := sim.Start(sim.WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	for name, value := range w.Env() {
		t.Setenv(name, value) // azidentity and crypto/x509 read their own
	}
	for _, tt := range []struct {
		name    string
		args    []string
		changes map[string]string
		code    int
		want    string
	}{
		{"a wrong setting", nil, map[string]string{"KEY_VAULT_URL": "http://vault", "SETTLE_WINDOW": "soon"}, 1, "problem  settings       KEY_VAULT_URL is wrong"},
		{"all wrong settings", []string{"-fix"}, map[string]string{"KEY_VAULT_URL": "http://vault", "SETTLE_WINDOW": "soon"}, 1, "    az functionapp config appsettings set"},
		{"one id", []string{sim.WorkspaceID}, nil, 2, "two GUIDs"},
		{"no ids", []string{"a", "b"}, nil, 2, "two GUIDs"},
		{"an unknown flag", []string{"-x"}, nil, 2, "usage: refresher doctor"},
		{"the secret's name", nil, map[string]string{"POWERBI_CLIENT_SECRET_NAME": "another"}, 1, "problem  secret         SecretNotFound"},
		{"all is well", []string{sim.WorkspaceID, sim.SalesModel}, nil, 0, "ok       model          Sales"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			code := diagnose(t.Context(), tt.args, inSim(t, w, tt.changes), &out, &out)
			if code != tt.code || !strings.Contains(out.String(), tt.want) || strings.Contains(out.String(), sim.SecretValue) {
				t.Errorf("%v with %v: got code %d and\n%s\nwant %d and %q", tt.args, tt.changes, code, &out, tt.code, tt.want)
			}
		})
	}
}
