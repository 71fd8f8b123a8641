package cli

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pbirefresh/doctor"
	"pbirefresh/handler"
	"pbirefresh/powerbi"
)

// examined is an app whose doctor finds the given checks.
func examined(t *testing.T, checks ...doctor.Check) map[string]string {
	t.Helper()
	server := httptest.NewServer(handler.New(handler.Config{Doctor: func(_ context.Context, _ string, d powerbi.Dataset) []doctor.Check {
		return append([]doctor.Check{{Name: "model", State: doctor.OK, Detail: d.DatasetID}}, checks...)
	}}))
	t.Cleanup(server.Close)
	return map[string]string{"PBIREFRESH_URL": server.URL, "PBIREFRESH_KEY": theKey}
}

func TestDoctorOfAnApp(t *testing.T) {
	t.Parallel()
	bad := doctor.Check{Name: "role", State: doctor.Problem, Detail: "a Viewer", Remedy: "grant it", Fix: []string{"pbirefresh workspace grant"}}
	runCommand(t, examined(t), "doctor", workspace, dataset).exits(0).prints("ok       model          " + dataset + "\n")
	runCommand(t, examined(t), "doctor", "-o", "json").exits(0).shows("{\n  \"state\": \"ok\"")
	runCommand(t, examined(t, bad), "doctor").exits(1).shows("problem  role           a Viewer\n").says("--fix prints the steps")
	runCommand(t, examined(t, bad), "doctor", "--fix").exits(1).shows("\n    pbirefresh workspace grant\n")
	runCommand(t, examined(t), "doctor", "x", dataset).exits(exitRefused).says("must be a GUID")
	runCommand(t, map[string]string{"PBIREFRESH_URL": examined(t)["PBIREFRESH_URL"]}, "doctor").exits(exitRefused).says("needs a function key")
	runCommand(t, nil, "doctor").exits(2).says("PBIREFRESH_URL")
	runCommand(t, examined(t), "doctor", workspace).exits(2).says("or neither")
}

// With --local the app's own program looks, with the settings of a file.
func TestDoctorOnThisMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program, settings, encrypted := filepath.Join(dir, "refresher"), filepath.Join(dir, "local.settings.json"), filepath.Join(dir, "encrypted.json")
	for name, text := range map[string]string{
		program:           "#!/bin/sh\necho \"$POWERBI_CLOUD: $*\"\n[ \"$POWERBI_CLOUD\" != china ] || exit 1\n",
		settings:          `{"IsEncrypted":false,"Values":{"POWERBI_CLOUD":"usgov"}}`,
		encrypted:         `{"IsEncrypted":true,"Values":{"POWERBI_CLOUD":"usgov"}}`,
		settings + ".bad": `{"Values":{"POWERBI_CLOUD":"china"}}`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o700); err != nil { //nolint:gosec // one of them is a program
			t.Fatal(err)
		}
	}
	with := []string{"doctor", "--refresher", program, "--local"}
	runCommand(t, nil, append(with, settings, "--fix", workspace, dataset)...).exits(0).prints("usgov: doctor -fix " + workspace + " " + dataset + "\n")
	runCommand(t, nil, append(with, settings+".bad")...).exits(1).says("--fix prints the steps")
	runCommand(t, nil, append(with, encrypted)...).exits(1).says("func settings decrypt")
	runCommand(t, nil, append(with, program)...).exits(1).says("it must be JSON")
	runCommand(t, nil, append(with, settings, "-o", "json")...).exits(2).says("without --local")
	runCommand(t, nil, "doctor", "--local", settings, "--refresher", filepath.Join(dir, "none")).exits(1).says("there is no such program")
}

func TestLookupsWithWrongArguments(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		says string
	}{
		{[]string{"models"}, "accepts 1 arg(s), received 0"},
		{[]string{"users", workspace, dataset}, "accepts 1 arg(s), received 2"},
		{[]string{"workspaces", workspace}, "accepts 0 arg(s)"},
		{[]string{"workspace", "grant", workspace}, "accepts between 2 and 3 arg(s)"},
		{[]string{"workspace", workspace, dataset}, "unknown command"},
		{[]string{"workspace", "grant", workspace, "pbirefresh"}, "not the application id"},
		{[]string{"workspace", "grant", workspace, dataset, "Owner"}, "the role must be Viewer, Contributor, Member, Admin"},
		{[]string{"workspaces", "--cloud", "mars"}, "--cloud must be public"},
	} {
		runCommand(t, nil, tc.args...).exits(2).says(tc.says)
	}
}

// shows checks that standard output has some words.
func (r ran) shows(words string) ran {
	r.t.Helper()
	if !strings.Contains(r.stdout, words) {
		r.t.Errorf("stdout %q, want %q in it", r.stdout, words)
	}
	return r
}
