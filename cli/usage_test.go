package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"pbirefresh/handler"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"help"}, {"-h"}, {"--help"}} {
		r := runCommand(t, nil, args...).exits(0)
		for _, c := range New(Environment{}).Commands() {
			if !c.Hidden && (!strings.Contains(r.stdout, "\n  "+c.Name()) || !strings.Contains(r.stdout, c.Short)) {
				t.Errorf("%v: no %s in\n%s", args, c.Name(), r.stdout)
			}
		}
		if r.stderr != "" {
			t.Errorf("%v: stderr %q", args, r.stderr)
		}
	}
	runCommand(t, nil, "--version").exits(0).prints("v1.2.3\n")
	if r := runCommand(t, nil, "completion", "bash").exits(0); !strings.Contains(r.stdout, "__start_pbirefresh") {
		t.Errorf("completion bash prints %q", r.stdout)
	}
	dir := t.TempDir()
	runCommand(t, nil, "man", dir).exits(0)
	if page, err := os.ReadFile(filepath.Join(dir, "pbirefresh-refresh.1")); err != nil || !strings.Contains(string(page), "idempotency-key") {
		t.Errorf("the manual page of refresh: %v\n%s", err, page)
	}
}

// Help never shows the key, although it is set.
func TestHelpDoesNotShowTheKey(t *testing.T) {
	t.Parallel()
	env := map[string]string{"PBIREFRESH_KEY": theKey, "PBIREFRESH_URL": "https://app"}
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		path := strings.Fields(c.CommandPath())[1:]
		r := runCommand(t, env, append(path, "--help")...).exits(0)
		if strings.Contains(r.stdout+r.stderr, theKey) || !strings.Contains(r.stdout, "Usage:\n  "+c.CommandPath()) {
			t.Errorf("%s --help prints %q and %q", c.CommandPath(), r.stdout, r.stderr)
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(New(Environment{}))
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	t.Run("args", func(t *testing.T) {
		for line, want := range map[string]string{
			"trigger x":                 "did you mean refresh?",
			"refesh":                    `unknown command "refesh" for pbirefresh; did you mean refresh?`,
			"help refesh":               `unknown command "refesh"`,
			"refesh --help":             `unknown command "refesh"`,
			"schedule chk -h":           `unknown command "chk" for pbirefresh schedule`,
			"-v1":                       "unknown shorthand flag",
			"refresh":                   "WORKSPACE_ID and DATASET_ID are missing",
			"refresh " + workspace:      "WORKSPACE_ID and DATASET_ID are missing",
			"refresh a b --wait 1":      "unknown flag: --wait",
			"refresh a b -timeout 1h":   "flag -timeout has two dashes: --timeout",
			"refresh a b -o yaml":       "table or json",
			"refresh a b --partition x": `--partition "x" is not TABLE/PARTITION`,
			"refresh -f - --key-stdin":  "not both",
			"refresh a b --profile p":   `there is no profile "p"`,
			"refresh a b --url https://x --profile p": "none of the others can be",
			"watch":                "accepts 1 arg(s), received 0",
			"watch a b":            "accepts 1 arg(s), received 2",
			"status - --key-stdin": "not both",
			"cancel":               "accepts 1 arg(s)",
			"audit 24h":            `unknown command "24h"`,
			"profile":              "needs a command",
			"profile set x":        "--url is missing",
			"profile set x --url https://a --auth token": "neither key nor azure",
			"profile set x --url https://a --auth azure": "--resource goes with",
			"profile set x --url https://a":              "standard input has no key",
			"profile use x":                              `there is no profile "x"`,
			"schedule check s --zone":                    "flag needs an argument",
		} {
			runCommand(t, map[string]string{}, strings.Fields(line)...).exits(exitUsage).says(want).prints("")
		}
	})
}

// apiMembers are what the API reads of a request: members of the body, and headers.
func apiMembers(t *testing.T) (names []string) {
	t.Helper()
	b, err := os.ReadFile("../handler/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Components struct {
			Schemas    map[string]struct{ Properties map[string]any }
			Parameters map[string]struct{ Name, In string }
		}
		Paths map[string]map[string]struct {
			Parameters []struct {
				Ref string `json:"$ref"`
			}
		}
	}
	if err := json.Unmarshal(b, &api); err != nil {
		t.Fatal(err)
	}
	for name := range api.Components.Schemas["TriggerRequest"].Properties {
		names = append(names, name)
	}
	for name := range api.Components.Schemas["RefreshOptions"].Properties {
		names = append(names, "options."+name)
	}
	for _, p := range api.Paths["/api/refreshes"]["post"].Parameters {
		if p := api.Components.Parameters[p.Ref[strings.LastIndex(p.Ref, "/")+1:]]; p.In == "header" {
			names = append(names, p.Name)
		}
	}
	return names
}

// Each field of a request in the API has a flag, and each flag has a field.
func TestFlagsAreThoseOfTheAPI(t *testing.T) {
	t.Parallel()
	have := []string{"workspaceId", "datasetId", "options.objects", "options", "labels"} // arguments, --table, --partition and --label
	for _, f := range requestFlags() {
		have = append(have, f.member+f.header)
	}
	without := []string{"callBackUri", // another name of callbackUrl
		"Prefer", "Repeatability-Request-ID", "Repeatability-First-Sent", "Operation-Id"} // other spellings of waiting and of Idempotency-Key
	api := apiMembers(t)
	for _, name := range api {
		if !slices.Contains(have, name) && !slices.Contains(without, name) {
			t.Errorf("refresh has no flag for %s of the API", name)
		}
	}
	for _, name := range append(have, without...) {
		if !slices.Contains(api, name) {
			t.Errorf("the API has no %s", name)
		}
	}
}

// Every flag of a request arrives as the API wants it.
func TestFlagsMakeARequest(t *testing.T) {
	t.Parallel()
	body := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(body, []byte(`{"workspaceId":"`+workspace+`","datasetId":"x","options":{"type":"full","retryCount":2}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	app := newFakeApp(t, "succeeded")
	env := map[string]string{"PBIREFRESH_URL": app.url}
	runCommand(t, env, append([]string{"refresh", workspace, dataset}, strings.Fields("--kind enhanced --when-busy join --timeout 2h --queue-timeout 1h --max-attempts 2 "+
		"--type dataOnly --commit-mode partialBatch --apply-refresh-policy false --max-parallelism 4 --retry-count 1 --attempt-timeout 01:00:00 "+
		"--table Sales --partition Stock/2026 --idempotency-key k1 --effective-date 2026-01-01")...)...).exits(0)
	got := app.requests[0]
	if a := got.Ask; a.WhenBusy != "join" || a.Shape.Type != "DataOnly" || a.Shape.CommitMode != "PartialBatch" || len(a.Shape.Objects) != 2 || a.Shape.Objects[1].Partition != "2026" {
		t.Errorf("the app got %+v", got)
	}
	runCommand(t, env, "refresh", "-f", body, workspace, dataset, "--type", "calculate").exits(0)
	if got := jsonText(app.requests[1].Ask); !strings.Contains(got, `"Calculate"`) || !strings.Contains(got, `"retryCount":2`) {
		t.Errorf("flags over a file: the app got %s", got)
	}
	runCommand(t, env, "refresh", "-f", filepath.Join(t.TempDir(), "none")).exits(exitError).says("none").prints("")
}

// docs/cli.md lists the exit codes of the program, and its commands.
func TestDocumentedExitCodesAndCommands(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([0-9]+)` \\| ([^|]+) \\| ([^|]+) \\|$").FindAllStringSubmatch(string(text), -1)
	codes := ExitCodes()
	if len(rows) != len(codes) {
		t.Fatalf("docs/cli.md has %d exit codes, the program %d", len(rows), len(codes))
	}
	for i, c := range codes {
		want := []string{jsonText(c.Code), c.Name, c.Meaning}
		if !slices.Equal(rows[i][1:], want) {
			t.Errorf("docs/cli.md has %q, the program %q", rows[i][1:], want)
		}
	}
	for _, c := range New(Environment{}).Commands() {
		if !strings.Contains(string(text), "`pbirefresh "+c.Name()) {
			t.Errorf("docs/cli.md has no `pbirefresh %s`", c.Name())
		}
	}
}

func jsonText(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// Each exit code has a cause.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	for code, err := range map[int]error{
		exitRefused: &handler.Error{Status: 409, Code: "x"}, exitUnreachable: &handler.Error{Status: 503, Code: "x"},
		exitTimeout: ended(handler.StatusDocument{Status: "Failed"}), exitUsage: Usage(os.ErrNotExist), exitError: os.ErrNotExist,
	} {
		if code == exitTimeout {
			code = exitFailed
		}
		if got := exitCode(err); got != code {
			t.Errorf("%v: exit code %d, want %d", err, got, code)
		}
	}
}
