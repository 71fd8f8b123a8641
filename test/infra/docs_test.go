package checks

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// guides are what people follow command by command.
var guides = []string{"docs/deploy.md", "docs/runbook.md"}

var fence = regexp.MustCompile("(?ms)^```([a-z ]+)\n(.*?)^```$")

// blocks are the fenced blocks of a kind.
func blocks(t *testing.T, name, kind string) (found []string) {
	t.Helper()
	for _, m := range fence.FindAllStringSubmatch(string(tree(t)[name]), -1) {
		if m[1] == kind {
			found = append(found, m[2])
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no block %q", name, kind)
	}
	return found
}

// followGuide runs all shell blocks of a guide in one session, in which only those
// variables are set that the guide says to set.
func followGuide(t *testing.T, guide string) [][]string {
	t.Helper()
	calls, out, err := follow(t, strings.Join(blocks(t, guide, "sh"), "\n"), reader(t, guide)...)
	if err != nil {
		t.Errorf("%s: %v\n%s", guide, err, out)
	}
	return calls
}

// reader returns the variables that a guide says to set, and the answers of az.
func reader(t *testing.T, guide string) []string {
	t.Helper()
	settings := []string{"STUB_AZ=00000000-0000-0000-0000-00000000000a"}
	values := map[string]string{"PBIREFRESH_NAME": "pbirefresh", "LOCATION": "westeurope", "ALERT_EMAIL": "a@example.com", "GITHUB_REPOSITORY": "owner/repository"}
	for _, name := range inputs(t, guide) {
		settings = append(settings, name+"="+cmp.Or(values[name], "of-the-reader"))
	}
	return settings
}

var inputSentence = regexp.MustCompile("(?s)\nYou set, for the blocks that have them: .*?\\.\\s")

func inputs(t *testing.T, guide string) (names []string) {
	t.Helper()
	sentence := inputSentence.FindString(string(tree(t)[guide]))
	for _, m := range regexp.MustCompile("`([A-Z_]+)`").FindAllStringSubmatch(sentence, -1) {
		names = append(names, m[1])
	}
	if len(names) < 3 {
		t.Fatalf("%s does not say what its readers set", guide)
	}
	return names
}

// stub stands for a tool of the cloud: it writes down how it was called, one argument a
// line, and answers what the next command needs.
const stub = `#!/bin/sh
call=$(echo "== $(basename "$0")"; for a in "$@"; do printf '%s\n' "$a" | head -1; done)
[ "$(basename "$0") $*" = "sleep 600" ] || printf '%s\n' "$call" >>"$CALLS"
case "$(basename "$0") $*" in
*pbirefresh-plan*) echo flex ;;
"az functionapp deployment"*)
  echo "$STUB_SAYS"
  if [ -n "$STUB_HANGS" ]; then echo >"$CALLS.hangs"; exec tail -f /dev/null; fi ;;
"az "*) echo "${STUB_AZ:-stubbed}" ;;
"sleep 600") # of deploy.sh: the time is over when az hangs, and else never
  if [ -n "$STUB_HANGS" ]; then read -r _ <"$CALLS.hangs"; else exec tail -f /dev/null; fi ;;
"curl "*) echo stubbed; exit "${STUB_CURL:-0}" ;;
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
	for _, tool := range []string{"az", "azd", "azcopy", "tofu", "terraform", "gh", "curl", "make", "go", "git", "vi", "date", "sha256sum", "sleep"} {
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
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", `mkfifo "$CALLS.hangs"`+"\n"+script)
	cmd.Dir = folder
	cmd.Env = []string{"PATH=" + path + string(os.PathListSeparator) + os.Getenv("PATH"), "CALLS=" + record, "HOME=" + folder}
	cmd.Env = append(cmd.Env, settings...)
	b, err := cmd.CombinedOutput()
	text, _ := os.ReadFile(record)
	for _, call := range strings.Split(string(text), "== ")[1:] {
		calls = append(calls, strings.Split(strings.TrimSuffix(call, "\n"), "\n"))
	}
	return calls, string(b), err
}

// outputs are what deploy.sh reads of infra/.
var outputs = []string{"AZURE_RESOURCE_GROUP=rg", "AZURE_FUNCTION_APP_NAME=func", "PBIREFRESH_PLAN=flex", "PBIREFRESH_PACKAGE_ACCOUNT=st"}

// TestReadersCanFollow runs every shell block of the guides with stand-ins for the tools,
// and looks at what they were asked.
func TestReadersCanFollow(t *testing.T) {
	t.Parallel()
	total := 0
	for _, guide := range guides {
		for _, call := range followGuide(t, guide) {
			total++
			if problem := wrongCall(t, call); problem != "" {
				t.Errorf("%s: %s: %s", guide, strings.Join(call, " "), problem)
			}
		}
	}
	if total < 70 {
		t.Errorf("only %d calls were made", total)
	}
}

// TestJSONInTheDocs: what is quoted for az is JSON once the shell has read it.
func TestJSONInTheDocs(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, call := range followGuide(t, "docs/deploy.md") {
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
	for _, step := range blocks(t, "docs/deploy.md", "sh offline") {
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", step)
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, step, out)
		}
	}
}

// TestDeployScript: what deploy.sh asks az for, and that it ends: whatever az and the app do.
func TestDeployScript(t *testing.T) {
	t.Parallel()
	const publish = "az functionapp deployment source config-zip --resource-group rg --name func --src build/pbirefresh-linux-amd64.zip"
	const url = "PBIREFRESH_URL=https://func.example"
	for _, tc := range []struct {
		name     string
		settings []string
		want     string // of the calls, or of what is said
		fails    bool
	}{
		{"flex", []string{"PBIREFRESH_PLAN=flex"}, publish, false},
		{"flex, and it answers", []string{url}, publish + "; curl --silent --show-error --fail --output /dev/null --max-time 10 --retry 30 --retry-delay 10 --retry-max-time 300 --retry-all-errors https://func.example/api/health", false},
		{"az hangs", []string{url, "STUB_HANGS=1"}, "az functionapp deployment source did not end within 600 s\ndeploy: az failed (143). Look at", true},
		{"az hangs, and says what to look at", []string{url, "STUB_HANGS=1"}, "\n- private_inbound: run this on a machine in the network", true},
		{"only az's check hangs", []string{url, "STUB_HANGS=1", "STUB_SAYS=Checking the health of the function app"}, publish + "; curl", false},
		{"the app does not answer", []string{url, "STUB_CURL=22"}, "https://func.example/api/health does not answer. Look at", true},
		{"no group", []string{"AZURE_RESOURCE_GROUP="}, "AZURE_RESOURCE_GROUP: is not set", true},
		{"premium", []string{"PBIREFRESH_PLAN=premium"}, "az storage blob upload --auth-mode login --account-name st --container-name deployment --name pbirefresh.zip --file build/pbirefresh-linux-amd64.zip --overwrite; az functionapp restart --resource-group rg --name func", false},
		{"another plan", []string{"PBIREFRESH_PLAN=y1"}, "must be flex, premium or dedicated", true},
		{"no plan", []string{"PBIREFRESH_PLAN="}, "PBIREFRESH_PLAN: is not set", true},
		{"no package", []string{"PBIREFRESH_ZIP=nowhere.zip"}, "there is no nowhere.zip: run make package", true},
		{"no account", []string{"PBIREFRESH_PLAN=premium", "PBIREFRESH_PACKAGE_ACCOUNT="}, "PBIREFRESH_PACKAGE_ACCOUNT", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			calls, out, err := follow(t, "./infra/deploy.sh", slices.Concat(outputs, tc.settings)...)
			var made []string
			for _, c := range calls {
				made = append(made, strings.Join(c, " "))
			}
			got := strings.Join(made, "; ")
			if tc.fails {
				got = out
			}
			if (err != nil) != tc.fails || !strings.Contains(got, tc.want) || tc.want == publish && got != tc.want {
				t.Errorf("got %v, %q, want %q", err, got, tc.want)
			}
			if unset := !slices.Contains(tc.settings, url); tc.fails && unset && len(made) > 0 {
				t.Errorf("it did something all the same: %v", made)
			}
		})
	}
}
