package checks

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pbirefresh/infra/checks/config"
)

// block is a fenced block of docs/deploy.md.
type block struct{ kind, text string }

var fence = regexp.MustCompile("(?ms)^```([a-z ]+)\n(.*?)^```$")

func blocks(t *testing.T, kind string) []block {
	t.Helper()
	var found []block
	for _, m := range fence.FindAllStringSubmatch(string(tree(t)["docs/deploy.md"]), -1) {
		if m[1] == kind {
			found = append(found, block{m[1], m[2]})
		}
	}
	if len(found) == 0 {
		t.Fatalf("docs/deploy.md has no block %q", kind)
	}
	return found
}

// stub stands for a tool of the cloud: it writes down how it was called, one argument a
// line, and answers what the next command needs.
const stub = `#!/bin/sh
{ echo "== $(basename "$0")"; for a in "$@"; do printf '%s\n' "$a" | head -1; done; } >>"$CALLS"
case "$(basename "$0") $*" in
*"output -raw PBIREFRESH_PLAN"*) echo "$STUB_PLAN" ;;
*"output -raw "*) echo "value-of-${4}" ;;
*) echo stubbed ;;
esac
`

// desk is a folder with the files that a reader has, and stubs in front of the real tools.
func desk(t *testing.T) (folder, path string) {
	t.Helper()
	folder, path = t.TempDir(), t.TempDir()
	for name, content := range tree(t) {
		put(t, filepath.Join(folder, filepath.FromSlash(name)), content)
	}
	put(t, filepath.Join(folder, "build", "pbirefresh-linux-amd64.zip"), []byte("zip"))
	put(t, filepath.Join(folder, "build", "SHA256SUMS"), nil)
	for _, tool := range []string{"az", "azd", "azcopy", "tofu", "terraform", "gh", "curl", "make", "go", "git", "vi", "date", "sha256sum"} {
		put(t, filepath.Join(path, tool), []byte(stub))
	}
	return folder, path
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o700); err != nil {
		t.Fatal(err)
	}
}

// follow runs a script as a reader would and returns the calls of the stubs.
func follow(t *testing.T, script string, settings ...string) (calls [][]string, out string, err error) {
	t.Helper()
	folder, path := desk(t)
	record := filepath.Join(t.TempDir(), "calls")
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = folder
	cmd.Env = []string{
		"PATH=" + path + string(os.PathListSeparator) + os.Getenv("PATH"), "CALLS=" + record, "STUB_PLAN=flex", "EDITOR=vi", "HOME=" + folder,
		"POWERBI_TENANT_ID=t", "POWERBI_CLIENT_ID=c", "ALERT_EMAIL=a@example.com", "WORKSPACE_ID=w", "DATASET_ID=d", "SP_OBJECT_ID=o",
		"GITHUB_REPOSITORY=o/r", "PREVIOUS=v1.0.0", "OLD_ACCOUNT=old", "NEW_ACCOUNT=new",
		"AZURE_RESOURCE_GROUP=rg", "AZURE_FUNCTION_APP_NAME=func", "PBIREFRESH_PLAN=flex", "PBIREFRESH_PACKAGE_ACCOUNT=st",
	}
	cmd.Env = append(cmd.Env, settings...)
	b, err := cmd.CombinedOutput()
	text, _ := os.ReadFile(record)
	for _, call := range strings.Split(string(text), "== ")[1:] {
		calls = append(calls, strings.Split(strings.TrimSuffix(call, "\n"), "\n"))
	}
	return calls, string(b), err
}

// TestReadersCanFollow runs every shell block of docs/deploy.md with stand-ins for the
// tools, and looks at what they were asked.
func TestReadersCanFollow(t *testing.T) {
	t.Parallel()
	plan := plans(t)["examples/minimal.tfvars"]
	total := 0
	for _, b := range blocks(t, "sh") {
		calls, out, err := follow(t, b.text)
		if err != nil {
			t.Errorf("%v\n%s\n%s", err, b.text, out)
		}
		for _, call := range calls {
			total++
			if problem := wrongCall(t, plan, call); problem != "" {
				t.Errorf("%s: %s", strings.Join(call, " "), problem)
			}
		}
	}
	if total < 40 {
		t.Errorf("only %d calls were made", total)
	}
}

func wrongCall(t *testing.T, plan *config.Plan, call []string) string {
	t.Helper()
	switch call[0] {
	case "az":
		return wrongAz(call[1:])
	case "tofu":
		return wrongTofu(t, plan, call[1:])
	case "make":
		if !strings.Contains(string(tree(t)["Makefile"]), "\n"+call[1]+":") {
			return "there is no such target"
		}
	case "go":
		if call[1] != "run" || call[2] != "./cmd/pbirefresh" || !slices.Contains([]string{"trigger", "package"}, call[3]) {
			return "there is no such command"
		}
	}
	return ""
}

func wrongTofu(t *testing.T, plan *config.Plan, args []string) string {
	t.Helper()
	if args[0] != "-chdir=infra" {
		return "it must be told -chdir=infra"
	}
	switch args[1] {
	case "init", "apply", "plan", "destroy":
	case "output":
		if _, ok := plan.Outputs[args[3]]; !ok || args[2] != "-raw" {
			return "there is no such output"
		}
	case "state":
		if _, ok := at(plan, args[3]); !ok || args[2] != "rm" {
			return "there is no such resource"
		}
	default:
		return "there is no such command"
	}
	return ""
}

// wrongAz: the commands of the Azure CLI that are used, with their options, from its
// reference (documented), written down here a second time.
func wrongAz(args []string) string {
	known := map[string]string{
		"ad app create":                            "--display-name --query --output",
		"ad app credential reset":                  "--id --append --display-name --years --query --output",
		"ad app federated-credential create":       "--id --parameters",
		"ad sp create":                             "--id",
		"ad sp show":                               "--id --query --output",
		"ad group create":                          "--display-name --mail-nickname",
		"ad group member add":                      "--group --member-id",
		"rest":                                     "--method --resource --url --body",
		"keyvault secret set":                      "--vault-name --name --value --expires --output",
		"functionapp keys list":                    "--resource-group --name --query --output",
		"functionapp stop":                         "--resource-group --name",
		"functionapp start":                        "--resource-group --name",
		"functionapp restart":                      "--resource-group --name",
		"functionapp deployment source config-zip": "--resource-group --name --src",
		"storage blob upload":                      "--auth-mode --account-name --container-name --name --file --overwrite",
	}
	var command []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "--") {
		command, args = append(command, args[0]), args[1:]
	}
	options, ok := known[strings.Join(command, " ")]
	if !ok {
		return "the reference has no such command"
	}
	for _, a := range args {
		if strings.HasPrefix(a, "--") && !slices.Contains(strings.Fields(options), a) {
			return "the reference has no option " + a
		}
	}
	for _, needed := range strings.Fields(strings.ReplaceAll(options, "--query", "")) {
		if slices.Contains([]string{"--resource-group", "--name", "--src", "--file", "--vault-name", "--id"}, needed) && !slices.Contains(args, needed) {
			return needed + " is missing"
		}
	}
	return ""
}

// TestJSONInTheDocs: what is quoted for az is JSON once the shell has read it.
func TestJSONInTheDocs(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, b := range blocks(t, "sh") {
		calls, _, err := follow(t, b.text)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range calls {
			for i, a := range call {
				if a != "--parameters" && a != "--body" {
					continue
				}
				seen++
				var object map[string]any
				if err := json.Unmarshal([]byte(call[i+1]), &object); err != nil || len(object) < 3 {
					t.Errorf("%v: %s", err, call[i+1])
				}
			}
		}
	}
	if seen != 3 {
		t.Errorf("%d JSON arguments, want 3", seen)
	}
}

// TestOfflineBlocksRun runs the blocks that need no cloud, as they stand, in a copy of the
// project.
func TestOfflineBlocksRun(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	files, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(files)) {
		name = strings.TrimSpace(name)
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(folder, filepath.FromSlash(name)), content)
	}
	for _, b := range blocks(t, "sh offline") {
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", b.text)
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, b.text, out)
		}
	}
}

func TestDeployScript(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		settings []string
		want     string // of the calls, or of what is said
		fails    bool
	}{
		{"flex", []string{"PBIREFRESH_PLAN=flex"}, "az functionapp deployment source config-zip --resource-group rg --name func --src build/pbirefresh-linux-amd64.zip", false},
		{"premium", []string{"PBIREFRESH_PLAN=premium"}, "az storage blob upload --auth-mode login --account-name st --container-name deployment --name pbirefresh.zip --file build/pbirefresh-linux-amd64.zip --overwrite; az functionapp restart --resource-group rg --name func", false},
		{"another plan", []string{"PBIREFRESH_PLAN=y1"}, "must be flex, premium or dedicated", true},
		{"no plan", []string{"PBIREFRESH_PLAN="}, "PBIREFRESH_PLAN: is not set", true},
		{"no package", []string{"PBIREFRESH_ZIP=nowhere.zip"}, "there is no nowhere.zip: run make package", true},
		{"no account", []string{"PBIREFRESH_PLAN=premium", "PBIREFRESH_PACKAGE_ACCOUNT="}, "PBIREFRESH_PACKAGE_ACCOUNT", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			calls, out, err := follow(t, "./infra/deploy.sh", tc.settings...)
			var made []string
			for _, c := range calls {
				if c[0] == "az" {
					made = append(made, strings.Join(c, " "))
				}
			}
			got := strings.Join(made, "; ")
			if tc.fails {
				got = out
			}
			if (err != nil) != tc.fails || tc.fails && !strings.Contains(got, tc.want) || !tc.fails && got != tc.want {
				t.Errorf("%v, %q, want %q", err, got, tc.want)
			}
			if tc.fails && len(made) > 0 {
				t.Errorf("it did something all the same: %v", made)
			}
		})
	}
}

var pinned = regexp.MustCompile(`uses: [A-Za-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$`)

// TestWorkflowsArePinned: infra.yml, and the workflow that docs/deploy.md shows.
func TestWorkflowsArePinned(t *testing.T) {
	t.Parallel()
	shown := blocks(t, "yaml")[0].text
	infra := string(tree(t)[".github/workflows/infra.yml"])
	for name, workflow := range map[string]string{"docs/deploy.md": shown, "infra.yml": infra} {
		uses := 0
		for line := range strings.Lines(workflow) {
			if line = strings.TrimSuffix(line, "\n"); strings.Contains(line, "uses:") {
				uses++
				if !pinned.MatchString(line) {
					t.Errorf("%s: not pinned by commit with its version: %s", name, line)
				}
			}
		}
		if uses < 2 || strings.Count(workflow, "persist-credentials: false") != strings.Count(workflow, "actions/checkout@") {
			t.Errorf("%s: %d actions, or a checkout that keeps its token", name, uses)
		}
		if strings.Contains(workflow, "secrets.") {
			t.Errorf("%s uses a stored secret", name)
		}
	}
	if !strings.Contains(infra, "\npermissions:\n  contents: read\n\n") || strings.Contains(infra, "write") {
		t.Error("infra.yml may read the repository, and nothing else")
	}
	if !strings.Contains(shown, "\npermissions: {}\n") {
		t.Error("the shown workflow's jobs say what they may do")
	}
	for _, name := range regexp.MustCompile(`\$\{\{ vars\.([A-Z_]+) \}\}`).FindAllStringSubmatch(shown, -1) {
		if !strings.Contains(string(tree(t)["docs/deploy.md"]), fmt.Sprintf("`%s`", name[1])) {
			t.Errorf("the variable %s is not described", name[1])
		}
	}
}
