package integrations

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pbirefresh/local/sim"
)

// A way to run the shell script: what starts it, and the script as that gets it.
type shell struct {
	command []string // the script's path is added
	script  string
	path    string // PATH; empty: the test's own
}

// shells are all ways: by hand with and without jq, and as the services start a step
// (documented: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax,
// "bash --noprofile --norc -eo pipefail {0}"; seen: microsoft/azure-pipelines-tasks
// BashV3, "bash --noprofile --norc").
func shells(t *testing.T) map[string]shell {
	t.Helper()
	type steps = []struct{ Run, Bash string }
	var gitHub struct {
		Jobs struct{ Refresh struct{ Steps steps } }
	}
	var azureDevOps struct {
		Jobs []struct{ Steps steps }
	}
	yaml(t, "github-actions/refresh.yml", &gitHub)
	yaml(t, "azure-devops/azure-pipelines.yml", &azureDevOps)
	script := string(raw(t, "shell/refresh.sh"))
	return map[string]shell{
		"sh":             {[]string{"sh"}, script, ""},
		"sh without jq":  {[]string{"sh"}, script, without(t, "jq")},
		"GitHub Actions": {[]string{"bash", "--noprofile", "--norc", "-eo", "pipefail"}, gitHub.Jobs.Refresh.Steps[0].Run, ""},
		"Azure DevOps":   {[]string{"bash", "--noprofile", "--norc"}, azureDevOps.Jobs[0].Steps[0].Bash, ""},
	}
}

// without is a PATH with what the script needs but one tool.
func without(t *testing.T, tool string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"sh", "curl", "awk", "sed", "date", "sleep", "jq"} {
		found, err := exec.LookPath(name)
		if name == tool || name == "jq" && err != nil {
			continue
		}
		if err == nil {
			wrapper := "#!/bin/sh\nexec '" + found + "' \"$@\"\n"
			err = os.WriteFile(filepath.Join(dir, name), []byte(wrapper), 0o700)
		}
		if err != nil {
			t.Fatalf("%v (the tests need sh, bash and curl; Git for Windows has them)", err)
		}
	}
	return dir
}

// run runs the script for a model and returns its exit code and what it wrote to
// standard error. The address ends as it does when it is copied from a browser.
func (s shell) run(t *testing.T, a *app, key string, ref sim.Ref, env ...string) (int, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "refresh.sh")
	if err := os.WriteFile(path, []byte(s.script), 0o700); err != nil {
		t.Fatal(err)
	}
	command, err := exec.LookPath(s.command[0])
	if err != nil {
		t.Fatalf("%v (the tests need sh, bash and curl; Git for Windows has them)", err)
	}
	cmd := exec.CommandContext(patience(t), command, append(s.command[1:], path)...)
	cmd.Env = append(os.Environ(), "PBIREFRESH_URL="+a.host.URL()+"/", "PBIREFRESH_KEY="+key, "WORKSPACE_ID="+ref.Workspace, "DATASET_ID="+ref.Model, "POLL_SECONDS=1")
	cmd.Env = append(cmd.Env, env...)
	if s.path != "" {
		cmd.Env = append(cmd.Env, "PATH="+s.path)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	_ = cmd.Run() // the caller checks the exit code
	return cmd.ProcessState.ExitCode(), stderr.String()
}

func yaml(t *testing.T, path string, into any) {
	t.Helper()
	document := node[map[string]any](t, "main.mjs", "yaml="+path)[path]
	if err := decodeInto(document, into); err != nil {
		t.Fatal(err)
	}
}

func TestShell(t *testing.T) {
	t.Parallel()
	a := startApp(t)
	for name, s := range shells(t) {
		t.Run(name+" succeeds", func(t *testing.T) {
			t.Parallel()
			ref := a.model(t, sim.Knobs{})
			if code, said := s.run(t, a, a.host.FunctionKey(), ref); code != 0 {
				t.Errorf("exit %d: %s", code, said)
			}
			a.once(t, ref)
		})
		t.Run(name+" fails", func(t *testing.T) {
			t.Parallel()
			ref := a.failing(t)
			code, said := s.run(t, a, a.host.FunctionKey(), ref)
			if code != 1 || !strings.Contains(said, "RefreshFailed: ") || !strings.Contains(said, reason) || strings.Contains(said, "{") {
				t.Errorf("exit %d: %s", code, said)
			}
			a.once(t, ref)
		})
		t.Run(name+" refused", func(t *testing.T) {
			t.Parallel()
			if code, said := s.run(t, a, a.host.FunctionKey(), sim.Ref{Workspace: `no "GUID"`, Model: "x"}); code != 1 || !strings.Contains(said, "request was refused: InvalidRequest: ") {
				t.Errorf("exit %d: %s", code, said)
			}
			if code, said := s.run(t, a, a.host.FunctionKey(), sim.Ref{Workspace: "no GUID", Model: "x"}); code != 1 || s.path == "" && !strings.Contains(said, "datasetId must be") {
				t.Errorf("two wrong ids: got exit %d, want 1 and a text about datasetId: %s", code, said)
			}
			if code, said := s.run(t, a, "wrong", a.model(t, sim.Knobs{})); code != 1 || !strings.Contains(said, "refused: HTTP 401: PBIREFRESH_KEY") {
				t.Errorf("exit %d: %s", code, said)
			}
		})
		t.Run(name+" hears nothing", func(t *testing.T) {
			t.Parallel()
			code, said := s.run(t, a, "any", sim.Ref{Workspace: "x", Model: "x"}, "PBIREFRESH_URL=http://127.0.0.1:1", "POLL_SECONDS=0")
			if code != 2 || strings.Count(said, "curl: ") != 1 || strings.Count(said, "asking again") != 1 || !strings.HasSuffix(said, "not followed to its end: no answer\n") {
				t.Errorf("exit %d: %s", code, said)
			}
		})
	}
}

// The script needs no more than a POSIX shell: each that is here reads it.
func TestShellIsPlain(t *testing.T) {
	t.Parallel()
	read := 0
	for _, name := range []string{"sh", "dash", "bash", "ksh", "zsh", "busybox"} {
		args := []string{"-n", "shell/refresh.sh"}
		if name == "busybox" {
			args = append([]string{"sh"}, args...)
		}
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		read++
		cmd := exec.CommandContext(t.Context(), path, args...)
		cmd.Dir = templates
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
	if read == 0 {
		t.Error("there is no shell")
	}
}
