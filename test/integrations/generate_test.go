package integrations

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the files that are made from others")

// Files that are made from others stay equal to their source.
func TestGenerated(t *testing.T) {
	for path, want := range generated(t) {
		path = filepath.Join(templates, filepath.FromSlash(path))
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what its source makes of it (%v): go test ./test/integrations -run Generated -update", path, err)
		}
	}
}

// Every file in a generated folder is generated.
func TestNothingIsLeftOver(t *testing.T) {
	files := generated(t)
	for _, pattern := range []string{"synapse/*/*.json", "logic-apps/standard/*/*.json"} {
		for _, path := range glob(t, pattern) {
			if files[path] == nil {
				t.Errorf("%s is made from nothing", path)
			}
		}
	}
}

// generated makes them, by their paths.
func generated(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{"adf/arm-template.json": armTemplate(t)}
	for _, path := range append(glob(t, "adf/pipeline/*.json"), glob(t, "adf/linkedService/*.json")...) {
		text := strings.ReplaceAll(string(raw(t, path)), "the factory's", "the workspace's")
		files["synapse/"+strings.TrimPrefix(path, "adf/")] = []byte(text)
	}
	for _, path := range glob(t, "logic-apps/consumption/*.json") {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		files["logic-apps/standard/"+name+"/workflow.json"], files["logic-apps/standard/parameters.json"] = standard(t, raw(t, path))
	}
	script := string(raw(t, "shell/refresh.sh"))
	files["github-actions/refresh.yml"] = embedded(gitHubHead, script, "")
	files["azure-devops/azure-pipelines.yml"] = embedded(azureDevOpsHead, script, azureDevOpsTail)
	return files
}

// standard is a workflow of a Consumption app for a Standard one, whose parameters
// are in one file for all workflows, with values (documented:
// https://learn.microsoft.com/azure/logic-apps/create-parameters-workflows).
func standard(t *testing.T, consumption []byte) (workflow, parameters []byte) {
	t.Helper()
	var d struct {
		Definition struct {
			Schema     json.RawMessage `json:"$schema"`
			Version    json.RawMessage `json:"contentVersion"`
			Parameters map[string]any  `json:"parameters,omitempty"`
			Triggers   json.RawMessage `json:"triggers"`
			Actions    json.RawMessage `json:"actions"`
			Outputs    json.RawMessage `json:"outputs"`
		} `json:"definition"`
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(consumption, &d); err != nil {
		t.Fatal(err)
	}
	values := d.Definition.Parameters
	for _, p := range values {
		p := p.(map[string]any)
		p["value"] = p["defaultValue"]
		delete(p, "defaultValue")
	}
	d.Definition.Parameters, d.Kind = nil, "Stateful"
	return indented(t, d), indented(t, values)
}

// templates is the folder of the files that are shipped. Paths below are relative to it.
const templates = "../../integrations"

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := fs.Glob(os.DirFS(templates), pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v %v", pattern, paths, err)
	}
	return paths
}

func raw(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(templates, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// indented is JSON as the files have it.
func indented(t *testing.T, value any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
