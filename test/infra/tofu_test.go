//go:build tofu

package checks

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"pbirefresh/test/infra/config"
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
	if out, err := b.run(t, "init"); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
	return b
}

// standIn is the stand-in, built once.
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

// placeStandIn puts the stand-in where a mirror has a provider, with that one's schema.
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

// made is what one resource of OpenTofu's plan says, as `test -json -verbose` has it.
type made struct {
	Address string         `json:"address"`
	Mode    string         `json:"mode"`
	Values  map[string]any `json:"values"`
}

// plan lets OpenTofu plan one set of variables.
func (b *bench) plan(t *testing.T, variables map[string]cty.Value) map[string]made {
	t.Helper()
	file := filepath.Join(b.folder, "variant.tfvars.json")
	text := map[string]json.RawMessage{}
	for name, v := range variables {
		j, err := ctyjson.Marshal(v, v.Type())
		if err != nil {
			t.Fatal(err)
		}
		text[name] = j
	}
	j, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, j)
	out, err := b.run(t, "test", "-json", "-verbose", "-test-directory=tests/example", "-var-file="+file)
	if err != nil {
		t.Fatalf("%v\n%.4000s", err, out)
	}
	return planned(t, out)
}

func planned(t *testing.T, out []byte) map[string]made {
	t.Helper()
	all := map[string]made{}
	for line := range bytes.Lines(out) {
		var message struct {
			Type string `json:"type"`
			Plan struct {
				Values struct {
					Root struct {
						Resources []made `json:"resources"`
					} `json:"root_module"`
				} `json:"planned_values"`
			} `json:"test_plan"`
		}
		if json.Unmarshal(line, &message) != nil || message.Type != "test_plan" {
			continue
		}
		for _, r := range message.Plan.Values.Root.Resources {
			if r.Mode == "managed" {
				all[r.Address] = r
			}
		}
	}
	return all
}

// TestTofuPlansTheSame: package config works out what the real OpenTofu works out, for
// every example and every switch. So what the rules say of the one holds for the other.
func TestTofuPlansTheSame(t *testing.T) {
	t.Parallel()
	b := newBench(t, tree(t))
	variants, err := tree(t).Variants()
	if err != nil {
		t.Fatal(err)
	}
	ours := plans(t)
	for _, name := range slices.Sorted(maps.Keys(variants)) {
		theirs := b.plan(t, variants[name])
		var ourAddresses []string
		for _, i := range ours[name].Instances {
			if !strings.HasPrefix(i.Address, "data.") {
				ourAddresses = append(ourAddresses, i.Address)
				compareBodies(t, name+": "+i.Address, i.Body, theirs[i.Address].Values)
			}
		}
		slices.Sort(ourAddresses)
		if got := slices.Sorted(maps.Keys(theirs)); !slices.Equal(got, ourAddresses) {
			t.Errorf("%s: OpenTofu makes\n%v\nand we say\n%v", name, got, ourAddresses)
		}
	}
}

func compareBodies(t *testing.T, where string, ours config.Body, theirs map[string]any) {
	t.Helper()
	for name, v := range ours.Attributes {
		if v.IsNull() {
			continue // a mock fills in what the provider would
		}
		compare(t, where+"."+name, plain(v), theirs[name])
	}
	for name, blocks := range ours.Blocks {
		list, _ := theirs[name].([]any)
		if one, single := theirs[name].(map[string]any); single {
			list = []any{one}
		}
		if len(list) != len(blocks) {
			t.Errorf("%s: OpenTofu has %d blocks %s, we have %d", where, len(list), name, len(blocks))
			continue
		}
		if len(blocks) == 1 { // the order of sets is anybody's
			inner, _ := list[0].(map[string]any)
			compareBodies(t, where+"."+name, blocks[0], inner)
		}
	}
}

// compare holds two values together. What contains a placeholder of ours is a mock's
// word there; the month of a budget is not compared.
func compare(t *testing.T, where string, ours, theirs any) {
	t.Helper()
	switch ours := ours.(type) {
	case string:
		if strings.Contains(ours, "<") || ours == "(unknown)" || strings.HasSuffix(where, "start_date") {
			return
		}
	case map[string]any:
		other, _ := theirs.(map[string]any)
		for name := range ours {
			compare(t, where+"."+name, ours[name], other[name])
		}
		if len(other) != len(ours) {
			t.Errorf("%s: OpenTofu has %v, we have %v", where, slices.Sorted(maps.Keys(other)), slices.Sorted(maps.Keys(ours)))
		}
		return
	case []any:
		other, _ := theirs.([]any)
		if len(other) != len(ours) {
			t.Errorf("%s: OpenTofu has %v, we have %v", where, theirs, ours)
			return
		}
		for i := range ours {
			compare(t, fmt.Sprintf("%s[%d]", where, i), ours[i], other[i])
		}
		return
	}
	if fmt.Sprint(ours) != fmt.Sprint(theirs) {
		t.Errorf("%s: OpenTofu has %v, we have %v", where, theirs, ours)
	}
}
