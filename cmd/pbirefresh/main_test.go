package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"pbirefresh/cli"
)

const (
	workspaceID = "f089354e-8366-4e18-aea3-4cb4a3a50b48"
	datasetID   = "cfafbeb1-8037-4d0c-896e-a46fb27ff229"
)

// runCommand runs a command line as main does.
func runCommand(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, talk bytes.Buffer
	env := cli.Environment{Getenv: func(string) string { return "" }, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &talk, Version: version}
	code = cli.Run(ctx, commands(env), args, env)
	return code, out.String(), talk.String()
}

func TestDevelopersCommandsRejectWrongUse(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"dev --fast":                            "unknown flag: --fast",
		"dev -once":                             "flag -once has two dashes: --once",
		"dev once":                              `unknown command "once"`,
		"sim --length soon":                     "soon",
		"sim 9000":                              `unknown command "9000"`,
		"package linux/arm64":                   `unknown command "linux/arm64"`,
		"release v1.2.3":                        `unknown command "v1.2.3"`,
		"package --version v --platforms linux": "linux/amd64",
	} {
		code, stdout, stderr := runCommand(t.Context(), strings.Fields(line)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q; want code 2 and one line with %q", line, code, stdout, stderr, want)
		}
	}
}

// The emulators print the settings of a program that uses them.
func TestSimPrintsSettings(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	code, stdout, stderr := runCommand(ctx, "sim")
	if code != 0 {
		t.Errorf("exit code %d, want 0: %s", code, stderr)
	}
	for _, name := range []string{"POWERBI_TENANT_ID", "POWERBI_CLIENT_ID", "KEY_VAULT_URL", "POWERBI_API_URL", "AZURE_AUTHORITY_HOST", "SSL_CERT_FILE"} {
		if !strings.Contains(stdout, "export "+name+"='") {
			t.Errorf("no %s in\n%s", name, stdout)
		}
	}
}
