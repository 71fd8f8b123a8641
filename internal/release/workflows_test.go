package release_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Workflows run with the project's rights on machines of others: what they call
// is pinned by commit, and they may read unless a job says why it must write.

var pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)

func TestWorkflowsKeepTheRules(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join("..", "..", ".github", "workflows", "*.yml"))
	if err != nil || len(names) < 2 {
		t.Fatalf("%v %v", names, err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range workflowProblems(string(text)) {
			t.Errorf("%s: %s", filepath.Base(name), problem)
		}
	}
}

// A release is not published if the code calls something with a known hole: govulncheck
// runs in the job on which publishing waits, before anything is built.
func TestKnownHolesStopARelease(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", ".github", "workflows", "release.yml"))
	if err != nil {
		t.Fatal(err)
	}
	build, publish, found := strings.Cut(string(b), "\n  publish:\n")
	check, ci := strings.Index(build, "- run: go run golang.org/x/vuln/cmd/govulncheck@v"), strings.Index(build, "- run: .ci/run")
	if !found || !strings.Contains(publish, "needs: build\n") || check < 0 || check > ci {
		t.Errorf("release.yml: govulncheck at %d, .ci/run at %d, publish waits for build: %t; want it before, and waiting", check, ci, strings.Contains(publish, "needs: build\n"))
	}
}

// The rules can fail.
func TestWorkflowProblems(t *testing.T) {
	t.Parallel()
	good := "on: push\npermissions:\n  contents: read\njobs:\n  a:\n    steps:\n      - uses: a/b@" + strings.Repeat("0", 40) + " # v1.2.3\n      - run: make test\n"
	if p := workflowProblems(good); len(p) > 0 {
		t.Errorf("%q", p)
	}
	for what, change := range map[string][2]string{
		"pinned by tag":      {"@" + strings.Repeat("0", 40) + " # v1.2.3", "@v1"},
		"no version said":    {" # v1.2.3", ""},
		"may write all":      {"  contents: read", "  contents: write"},
		"no permissions":     {"permissions:\n  contents: read\n", ""},
		"runs foreign code":  {"on: push", "on: pull_request_target"},
		"text becomes shell": {"make test", "echo ${{ github.event.issue.title }}"},
	} {
		if p := workflowProblems(strings.Replace(good, change[0], change[1], 1)); len(p) == 0 {
			t.Errorf("%s: nothing found", what)
		}
	}
}

func workflowProblems(text string) []string {
	var problems []string
	if !slices.ContainsFunc([]string{"\npermissions: {}\n", "\npermissions:\n  contents: read\n\n", "\npermissions:\n  contents: read\njobs"}, func(p string) bool { return strings.Contains(text, p) }) {
		problems = append(problems, "the default permissions are not {} or contents: read alone")
	}
	if strings.Contains(text, "pull_request_target") {
		problems = append(problems, "pull_request_target runs with rights on foreign code")
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "- "))
		if action, ok := strings.CutPrefix(line, "uses: "); ok && !pinned.MatchString(action) && !strings.HasPrefix(action, "./") {
			problems = append(problems, action+" is not pinned by commit with its version")
		}
		if run, ok := strings.CutPrefix(line, "run: "); ok && strings.Contains(run, "${{") {
			problems = append(problems, "an expression inside a script is an injection: give it as env: "+run)
		}
	}
	return problems
}
