package checks

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var pinned = regexp.MustCompile(`uses: [A-Za-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$`)

// TestWorkflowsArePinned: infra.yml, and the workflow that docs/deploy.md shows.
func TestWorkflowsArePinned(t *testing.T) {
	t.Parallel()
	shown := blocks(t, "docs/deploy.md", "yaml")[0]
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

var (
	runLine  = regexp.MustCompile(`(?m)^      - run: ([^|#\n]+)`)
	runBlock = regexp.MustCompile(`(?m)^      - run: \|\n((?:          .*\n?)+)`)
)

// TestInfraWorkflow runs the steps of infra.yml with a fake of OpenTofu: the real
// providers are initialised and judge the configuration, the tests and every example.
func TestInfraWorkflow(t *testing.T) {
	t.Parallel()
	workflow := string(tree(t)[".github/workflows/infra.yml"])
	script := "mkdir -p build/tools && cp \"$(command -v tofu)\" build/tools/tofu-v1\n"
	for _, m := range runLine.FindAllStringSubmatch(workflow, -1) {
		step := strings.Trim(strings.TrimSpace(m[1]), "'")
		if step == ".ci/infra" {
			continue // make infra-check is this; it builds what the rest calls
		}
		script += step + "\n"
	}
	for _, m := range runBlock.FindAllStringSubmatch(workflow, -1) {
		script += m[1]
	}
	calls, out, err := follow(t, script, "RUNNER_TEMP="+t.TempDir())
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	var made []string
	for _, call := range calls {
		made = append(made, strings.Join(call, " "))
	}
	want := []string{"tofu -chdir=infra init -backend=false", "tofu -chdir=infra version", "tofu -chdir=infra validate", "tofu -chdir=infra test"}
	examples, err := filepath.Glob(filepath.Join(root, "infra", "examples", "*.tfvars"))
	if err != nil || len(examples) < 4 {
		t.Fatal(examples, err)
	}
	for _, e := range examples {
		want = append(want, fmt.Sprintf("tofu -chdir=infra test -test-directory=tests/example -var-file=examples/%s", filepath.Base(e)))
	}
	if got := strings.Join(made, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("infra.yml calls\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if !strings.Contains(workflow, "- run: .ci/infra") {
		t.Error("infra.yml does not run .ci/infra")
	}
}
