//go:build tofu

package checks

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"pbirefresh/test/infra/schema"
)

// The real OpenTofu on a copy of infra/, with stand-ins for the providers: make infra-check.
var tofuFlag = flag.String("tofu", "", "the tofu program")

// bench is a folder with a configuration that `tofu init` has prepared.
type bench struct{ tofu, folder, rc string }

// newBench lays out the stand-ins as a mirror of the registry, copies the configuration,
// and initialises it. Nothing is downloaded.
func newBench(t *testing.T, from Tree) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{tofu: *tofuFlag, folder: filepath.Join(dir, "infra"), rc: filepath.Join(dir, "tofurc")}
	if b.tofu == "" {
		t.Fatal("-tofu names no program: run make infra-check")
	}
	mirror := filepath.Join(dir, "mirror")
	for _, source := range []string{"hashicorp/azurerm/5.2.0", "azure/azapi/2.12.0"} {
		placeStandIn(t, mirror, source)
	}
	write(t, b.rc, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(mirror)))
	for name, content := range from {
		if inner, ok := strings.CutPrefix(name, "infra/"); ok {
			write(t, filepath.Join(b.folder, filepath.FromSlash(inner)), content)
		}
	}
	write(t, filepath.Join(b.folder, "locals_of_checks.tf"), []byte(localsOfChecks))
	if out, err := b.run(t, "init"); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
	return b
}

// standIn is the program of the schema-only provider, built once.
var standIn = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "standin-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program := filepath.Join(dir, "standin.exe")
	if out, err := exec.Command("go", "build", "-o", program, "./standin").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return os.ReadFile(program)
})

// placeStandIn puts the schema-only provider where a mirror has the real one, with its schema.
func placeStandIn(t *testing.T, mirror, source string) {
	t.Helper()
	name, version := strings.Split(source, "/")[1], filepath.Base(source)
	folder := filepath.Join(mirror, "registry.opentofu.org", filepath.FromSlash(source), runtime.GOOS+"_"+runtime.GOARCH)
	program := filepath.Join(folder, "terraform-provider-"+name+"_v"+version)
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	content, err := standIn()
	if err != nil {
		t.Fatal(err)
	}
	write(t, program, content)
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	recorded, err := os.ReadFile(filepath.Join(root, "infra", "testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "schema.json"), recorded)
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) run(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	if args[0] != "fmt" {
		args = slices.Insert(args, 1, "-no-color")
	}
	cmd := exec.CommandContext(t.Context(), b.tofu, args...)
	cmd.Dir = b.folder
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+b.rc, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	return cmd.CombinedOutput()
}

func TestTofuAgrees(t *testing.T) {
	t.Parallel()
	b := newBench(t, tree(t))
	for _, args := range [][]string{{"fmt", "-check", "-recursive", "-diff"}, {"validate"}, {"test"}} {
		if out, err := b.run(t, args...); err != nil {
			t.Errorf("tofu %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// plan lets OpenTofu plan infra/ with variables: files in the form of .tfvars, later ones first.
func (b *bench) plan(t *testing.T, variables ...string) (*Plan, error) {
	t.Helper()
	args := []string{"plan", "-input=false", "-lock=false", "-refresh=false", "-out=plan"}
	for i, v := range variables {
		name := fmt.Sprintf("given-%d.tfvars", i)
		write(t, filepath.Join(b.folder, name), []byte(v))
		args = append(args, "-var-file="+name)
	}
	if out, err := b.run(t, args...); err != nil {
		return nil, fmt.Errorf("%w: %s", err, said(out))
	}
	out, err := b.run(t, "show", "-json", "plan")
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return readPlan(out, providers(t))
}

func (b *bench) mustPlan(t *testing.T, variables ...string) *Plan {
	t.Helper()
	p, err := b.plan(t, variables...)
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(variables, "\n"))
	}
	return p
}

// said joins the lines that OpenTofu draws in a frame.
func said(out []byte) string {
	return strings.Join(strings.FieldsFunc(string(out), func(r rune) bool { return strings.ContainsRune(" \n\u2502\u2575\u2577", r) }), " ")
}

var recorded = sync.OnceValues(func() (map[string]schema.Provider, error) { return schema.Read(root + "/infra/testdata") })

func providers(t *testing.T) map[string]schema.Provider {
	t.Helper()
	all, err := recorded()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The variants that [TreeRules] look at.
const easyAuth = "easy auth"

// TestTofuPlansByTheRules plans every example and every switch, and holds each plan to the rules.
func TestTofuPlansByTheRules(t *testing.T) {
	t.Parallel()
	b, plans := newBench(t, tree(t)), map[string]*Plan{}
	for name, variables := range tree(t).Variants() {
		p := b.mustPlan(t, variables...)
		if plans[name] = p; len(p.Instances) < 20 {
			t.Errorf("%s: got %d resources, want at least 20", name, len(p.Instances))
		}
		for rule, f := range Rules() {
			for _, problem := range f(p) {
				t.Errorf("%s, %s: %s", name, rule, problem)
			}
		}
	}
	if len(plans) < 15 {
		t.Errorf("got %d variants, want at least 15", len(plans))
	}
	for name, rule := range TreeRules() {
		for _, problem := range rule(tree(t), plans[minimal], plans[easyAuth]) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}
