package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"help"}, {"-h"}, {"-help"}, {"--help"}} {
		r := runCommand(t, nil, args...).exits(0)
		for _, c := range commands() {
			if !strings.Contains(r.stdout, "pbirefresh "+c.name) || !strings.Contains(r.stdout, c.summary) {
				t.Errorf("%v: no word about %s in\n%s", args, c.name, r.stdout)
			}
		}
		if r.stderr != "" {
			t.Errorf("stderr %q", r.stderr)
		}
	}
}

func TestHelpOfEachCommand(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		r := runCommand(t, nil, c.name, "-h").exits(0)
		if !strings.Contains(r.stdout, "usage: pbirefresh "+c.name) || r.stderr != "" {
			t.Errorf("%s -h says %q %q", c.name, r.stdout, r.stderr)
		}
		runCommand(t, nil, "help", c.name).exits(0).prints(r.stdout)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"version", "-version", "--version"} {
		runCommand(t, nil, arg).exits(0).prints(version + "\n")
	}
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	app := map[string]string{"PBIREFRESH_URL": "http://127.0.0.1:1"}
	for _, tc := range []struct {
		args []string
		env  map[string]string
		says string
	}{
		{[]string{"refresh"}, nil, `there is no command "refresh"`},
		{[]string{"-v"}, nil, `there is no command "-v"`},
		{[]string{"trigger"}, app, "WORKSPACE_ID DATASET_ID"},
		{[]string{"trigger", workspace}, app, "WORKSPACE_ID DATASET_ID"},
		{[]string{"trigger", workspace, dataset, "-watch=false"}, app, `options come first, also "-watch=false": pbirefresh trigger [options] WORKSPACE_ID DATASET_ID`},
		{[]string{"help", "refresh"}, nil, `there is no command "refresh"`},
		{[]string{"trigger", workspace, dataset}, nil, "PBIREFRESH_URL"},
		{[]string{"trigger", "-wait", "1", workspace, dataset}, app, "flag provided but not defined: -wait"},
		{[]string{"trigger", "-watch=maybe", workspace, dataset}, app, "invalid boolean value"},
		{[]string{"watch"}, nil, "STATUS_URL"},
		{[]string{"watch", "a", "b"}, nil, "STATUS_URL"},
		{[]string{"cancel"}, app, "STATUS_URL"},
		{[]string{"cancel", "a", "b"}, app, "STATUS_URL"},
		{[]string{"cancel", "a"}, nil, "PBIREFRESH_URL"},
		{[]string{"dev", "-fast"}, nil, "-fast"},
		{[]string{"sim", "-length", "soon"}, nil, "soon"},
		{[]string{"dev", "once"}, nil, `"once" is no option; pbirefresh dev -h`},
		{[]string{"sim", "9000"}, nil, `"9000" is no option`},
		{[]string{"audit", "24h"}, nil, `"24h" is no option`},
		{[]string{"package", "linux/arm64"}, nil, `"linux/arm64" is no option`},
		{[]string{"release", "v1.2.3"}, nil, `"v1.2.3" is no option`},
		{[]string{"schedule", "check", "schedules.json", "-zone", "UTC"}, nil, "options come first"},
		{[]string{"package", "-version", "v", "-platforms", "linux"}, nil, "linux/amd64"},
	} {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			t.Parallel()
			runCommand(t, tc.env, tc.args...).exits(2).says(tc.says).prints("")
		})
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		code int
		says string
	}{
		{nil, 0, ""},
		{flag.ErrHelp, 0, ""},
		{fmt.Errorf("parse: %w", flag.ErrHelp), 0, ""},
		{usageError{context.Canceled}, 2, "pbirefresh: context canceled\n"},
		{fmt.Errorf("x: %w", usageError{context.Canceled}), 2, "pbirefresh: x: context canceled\n"},
		{context.Canceled, 1, "pbirefresh: context canceled\n"},
	} {
		var stderr strings.Builder
		if code := exitCode(tc.err, &stderr); code != tc.code || stderr.String() != tc.says {
			t.Errorf("%v: %d %q", tc.err, code, stderr.String())
		}
	}
}

// The stand-ins print what another program needs to be pointed at them.
func TestStandInsAlone(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	r := runWith(ctx, t, nil, "sim").exits(0)
	for _, name := range []string{"POWERBI_TENANT_ID", "POWERBI_CLIENT_ID", "KEY_VAULT_URL", "POWERBI_API_URL", "AZURE_AUTHORITY_HOST", "SSL_CERT_FILE"} {
		if !strings.Contains(r.stdout, "export "+name+"='") {
			t.Errorf("no %s in\n%s", name, r.stdout)
		}
	}
}

// The key comes from the environment; a usage text that shows defaults would show it.
func TestHelpDoesNotShowTheKey(t *testing.T) {
	t.Parallel()
	env := map[string]string{"PBIREFRESH_KEY": "the-key-itself", "PBIREFRESH_URL": "https://app"}
	for _, args := range [][]string{{"trigger", "-h"}, {"cancel", "-h"}, {"trigger", "-nonsense"}, {"cancel"}} {
		var stdout, stderr strings.Builder
		err := run(t.Context(), args, environment{getenv: func(name string) string { return env[name] }, stdout: &stdout, stderr: &stderr})
		exitCode(err, &stderr)
		if strings.Contains(stdout.String()+stderr.String(), "the-key-itself") {
			t.Errorf("%v shows the key", args)
		}
		if strings.HasSuffix(strings.Join(args, " "), "-h") && !strings.Contains(stdout.String(), "-key") {
			t.Errorf("%v tells no options on standard output: %s", args, stdout.String())
		}
	}
}
