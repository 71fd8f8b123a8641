package stage

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestExecutableName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, host, want, refused string }{
		{"plain", hostJSON, "handler", ""},
		{"with an ending", strings.Replace(hostJSON, `"handler"`, `"handler.exe"`, 1), "handler.exe", ""},
		{"members in another case", `{"CustomHandler":{"Description":{"DefaultExecutablePath":"h"}}}`, "h", ""},
		{"absent", `{"customHandler":{}}`, "", `is ""`},
		{"no string", `{"customHandler":{"description":{"defaultExecutablePath":1}}}`, "", "host.json is not valid"},
		{"no object", `[]`, "", "host.json is not valid"},
		{"parent", strings.Replace(hostJSON, `"handler"`, `".."`, 1), "", "plain name"},
		{"Windows path", strings.Replace(hostJSON, `"handler"`, `"bin\\handler"`, 1), "", "plain name"},
		{"drive", strings.Replace(hostJSON, `"handler"`, `"C:handler"`, 1), "", "plain name"},
		{"schedules", strings.Replace(hostJSON, `"handler"`, `"schedules.json"`, 1), "", "plain name"},
		{"local settings", strings.Replace(hostJSON, `"handler"`, `"local.settings.json"`, 1), "", "plain name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := executableName([]byte(tt.host))
			if tt.refused != "" {
				wantError(t, err, tt.refused)
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	a := app{host: []byte("h"), functions: map[string][]byte{"B": []byte("b"), "A": []byte("a")}}
	if got, want := slices.Sorted(maps.Keys(a.files())), []string{"A/function.json", "B/function.json", "host.json"}; !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	a.schedules, a.policy = []byte("s"), []byte("p")
	if got := string(a.files()["policy.json"]); got != "p" {
		t.Errorf("policy = %q", got)
	}
	if got := string(a.files()["schedules.json"]); got != "s" {
		t.Errorf("schedules = %q", got)
	}
}

// TestReadTreeAgreesWithSources: what is staged reads back as what was staged.
func TestReadTreeAgreesWithSources(t *testing.T) {
	t.Parallel()
	root, dist := mustStage(t, sources())
	want, err := readSources(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readTree(dist)
	if err != nil {
		t.Fatal(err)
	}
	sameBytes := func(a, b []byte) bool { return string(a) == string(b) }
	if got.executable != want.executable || !maps.EqualFunc(got.files(), want.files(), sameBytes) {
		t.Errorf("read back %v", got)
	}
}

func TestStageRefusesLinks(t *testing.T) {
	t.Parallel()
	root, dist := mustStage(t, sources())
	target := filepath.Join(root, "target")
	writeTree(t, root, map[string]string{"target": "x"})
	if err := os.Remove(filepath.Join(dist, "handler")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(dist, "handler")); err != nil {
		if runtime.GOOS != "windows" { // links need a right there
			t.Fatal(err)
		}
		return
	}
	wantError(t, Zip(dist, new(strings.Builder)), "is not part of a staged app")
	wantError(t, Stage(root, dist, filepath.Join(root, "build", "handler-linux")), "refusing to replace")
}

func TestStageOverAFile(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	writeTree(t, root, sources())
	writeTree(t, root, map[string]string{"dist": "a file"})
	wantError(t, Stage(root, filepath.Join(root, "dist"), filepath.Join(root, "build", "handler-linux")), "stage: ")
	if got := listTree(t, root)["dist"]; got != "a file" {
		t.Errorf("the file is now %q", got)
	}
}

func TestStageIsDirectory(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	writeTree(t, root, sources())
	// What `go build -o handler` beside a folder of that name leads to.
	wantError(t, Stage(root, filepath.Join(root, "dist"), filepath.Join(root, "handler")), "not a regular file")
	noLeftovers(t, root)
}

func FuzzExecutableName(f *testing.F) {
	f.Add(hostJSON)
	f.Add(`{"customHandler":{"description":{"defaultExecutablePath":"../x"}}}`)
	f.Fuzz(func(t *testing.T, host string) {
		name, err := executableName([]byte(host))
		if err == nil && (name == "" || filepath.Base(name) != name) {
			t.Errorf("%q is no name of a file beside host.json", name)
		}
	})
}
