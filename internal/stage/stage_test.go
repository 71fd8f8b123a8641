package stage

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const hostJSON = `{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"handler"}}}`

// sources is a small good app; tests change a copy of it.
func sources() map[string]string {
	return map[string]string{
		"host.json":                      hostJSON,
		"schedules.json":                 "// comments are fine\n{}",
		"policy.json":                    `{}`,
		"functions/Sweep/function.json":  `{"bindings":[]}`,
		"functions/Health/function.json": `{"bindings":[1]}`,
		"build/handler-linux":            "\x7fELF...",
		"handler/handler.go":             "package handler", // a folder of the executable's name
	}
}

func writeTree(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func listTree(t *testing.T, root string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		files[filepath.ToSlash(name)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// stageNew stages files into a new tree and returns root and dist.
func stageNew(t *testing.T, files map[string]string) (root, dist string, err error) {
	t.Helper()
	root = t.TempDir()
	writeTree(t, root, files)
	dist = filepath.Join(root, "dist")
	return root, dist, Stage(root, dist, filepath.Join(root, "build", "handler-linux"))
}

func mustStage(t *testing.T, files map[string]string) (root, dist string) {
	t.Helper()
	root, dist, err := stageNew(t, files)
	if err != nil {
		t.Fatal(err)
	}
	return root, dist
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Fatalf("error = %v, want one that says %q", err, text)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error has more than one line: %v", err)
	}
}

// noLeftovers fails if a working folder is still beside dist.
func noLeftovers(t *testing.T, root string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(root, ".stage-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestStage(t *testing.T) {
	t.Parallel()
	root, dist := mustStage(t, sources())
	want := map[string]string{
		"host.json":            hostJSON,
		"schedules.json":       "// comments are fine\n{}",
		"policy.json":          `{}`,
		"Sweep/function.json":  `{"bindings":[]}`,
		"Health/function.json": `{"bindings":[1]}`,
		"handler":              "\x7fELF...",
	}
	if got := listTree(t, dist); !maps.Equal(got, want) {
		t.Errorf("staged %v, want %v", got, want)
	}
	info, err := os.Stat(filepath.Join(dist, "handler"))
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o755 {
		t.Errorf("executable has mode %v", info.Mode())
	}
	noLeftovers(t, root)
}

func TestStageReplacesWhatNoLongerBelongs(t *testing.T) {
	t.Parallel()
	root, dist := mustStage(t, sources())
	writeTree(t, dist, map[string]string{"local.settings.json": `{"Values":{}}`})
	for _, gone := range []string{"functions/Health", "schedules.json", "policy.json"} {
		if err := os.RemoveAll(filepath.Join(root, gone)); err != nil {
			t.Fatal(err)
		}
	}
	writeTree(t, root, map[string]string{
		"host.json":                   strings.Replace(hostJSON, `"handler"`, `"refresher"`, 1),
		"functions/New/function.json": `{}`,
	})
	if err := Stage(root, dist, filepath.Join(root, "build", "handler-linux")); err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(maps.Keys(listTree(t, dist)))
	want := []string{"New/function.json", "Sweep/function.json", "host.json", "local.settings.json", "refresher"}
	if !slices.Equal(got, want) {
		t.Errorf("staged %v, want %v", got, want)
	}
	noLeftovers(t, root)
}

func TestStageFromInsideDist(t *testing.T) {
	t.Parallel()
	root, dist := mustStage(t, sources())
	if err := Stage(root, dist, filepath.Join(dist, "handler")); err != nil {
		t.Fatalf("staging the executable that is staged already: %v", err)
	}
	if got := listTree(t, dist)["handler"]; got != "\x7fELF..." {
		t.Errorf("executable = %q", got)
	}
}

func TestStageWindowsExecutable(t *testing.T) {
	t.Parallel()
	files := sources()
	files["build/handler.exe"] = "MZ"
	root, dist := mustStage(t, files)
	exe := filepath.Join(root, "build", "handler.exe")
	for range 2 { // the second replaces a tree whose executable has the ending
		if err := Stage(root, dist, exe); err != nil {
			t.Fatal(err)
		}
	}
	staged := listTree(t, dist)
	if _, plain := staged["handler"]; plain || staged["handler.exe"] != "MZ" {
		t.Errorf("staged %v, want handler.exe only", slices.Sorted(maps.Keys(staged)))
	}
	wantError(t, Zip(dist, new(strings.Builder)), `host.json names "handler"`)
}

func TestStageRefusesSources(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		edit func(files map[string]string)
		want string
	}{
		{"no host.json", func(f map[string]string) { delete(f, "host.json") }, "host.json"},
		{"bad host.json", func(f map[string]string) { f["host.json"] = `{` }, "host.json is not valid"},
		{"no executable named", func(f map[string]string) { f["host.json"] = `{}` }, "defaultExecutablePath"},
		{"executable in a folder", func(f map[string]string) { f["host.json"] = strings.Replace(hostJSON, `"handler"`, `"bin/handler"`, 1) }, "plain name"},
		{"executable is host.json", func(f map[string]string) { f["host.json"] = strings.Replace(hostJSON, `"handler"`, `"host.json"`, 1) }, "plain name"},
		{"executable is a variable", func(f map[string]string) { f["host.json"] = strings.Replace(hostJSON, `"handler"`, `"%EXE%"`, 1) }, "plain name"},
		{"executable is a function", func(f map[string]string) { f["functions/Handler/function.json"] = `{}` }, "one name where case does not count"},
		{"two names that differ in case only", func(f map[string]string) { f["functions/SWEEP/function.json"] = `{}` }, "one name where case does not count"},
		{"bad function name", func(f map[string]string) { f["functions/9lives/function.json"] = `{}` }, `"9lives" is no function name`},
		{"function called host", func(f map[string]string) { f["functions/Host/function.json"] = `{}` }, `"Host" is no function name`},
		{"bad function.json", func(f map[string]string) { f["functions/Sweep/function.json"] = `{,}` }, "Sweep/function.json is not valid JSON"},
		{"nested function", func(f map[string]string) { f["functions/Sweep/Inner/function.json"] = `{}` }, "holds only its function.json"},
		{"stray file in a function", func(f map[string]string) { f["functions/Sweep/run.csx"] = `x` }, "holds only its function.json"},
		{"folder without function.json", func(f map[string]string) { f["functions/Empty/.keep"] = `` }, "function.json"},
		{"file among functions", func(f map[string]string) { f["functions/README.md"] = `x` }, "is not a folder"},
		{"no functions", func(f map[string]string) {
			maps.DeleteFunc(f, func(k, _ string) bool { return strings.HasPrefix(k, "functions/") })
			f["functions/.keep"] = ``
		}, "no function"},
		{"bad policy.json", func(f map[string]string) { f["policy.json"] = `x` }, "policy.json"},
		{"no executable", func(f map[string]string) { delete(f, "build/handler-linux") }, "handler-linux"},
		{"empty executable", func(f map[string]string) { f["build/handler-linux"] = `` }, "is empty or not a regular file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := sources()
			tt.edit(files)
			root, dist, err := stageNew(t, files)
			wantError(t, err, tt.want)
			if _, err := os.Stat(dist); err == nil {
				t.Error("a refused staging made dist")
			}
			noLeftovers(t, root)
		})
	}
}

func TestStageKeepsTheOldAppOnFailure(t *testing.T) {
	t.Parallel()
	root, dist := mustStage(t, sources())
	before := listTree(t, dist)
	if err := Stage(root, dist, filepath.Join(root, "nothing")); err == nil {
		t.Fatal("no executable, no error")
	}
	if got := listTree(t, dist); !maps.Equal(got, before) {
		t.Errorf("a failed staging changed dist: %v", got)
	}
	noLeftovers(t, root)
}

// TestStageRefusesToReplace: a wrong path must not cost anybody their files.
func TestStageRefusesToReplace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		dist  string
		files map[string]string // in dist, before
		want  string
	}{
		{"the sources", ".", nil, "holds the sources"},
		{"above the sources", "..", nil, "holds the sources"},
		{"a home directory", "dist", map[string]string{"letter.txt": "dear"}, "refusing to replace"},
		{"a foreign file beside an app", "dist", map[string]string{"host.json": hostJSON, "handler": "x", "F/function.json": "{}", "notes": "x"}, "notes is not part of a staged app"},
		{"a foreign file in a function", "dist", map[string]string{"host.json": hostJSON, "handler": "x", "F/function.json": "{}", "F/data": "x"}, "refusing to replace"},
		{"a foreign folder", "dist", map[string]string{"host.json": hostJSON, "handler": "x", ".git/config": "x"}, "refusing to replace"},
		{"half an app", "dist", map[string]string{"host.json": hostJSON, "F/function.json": "{}"}, "refusing to replace"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := filepath.Join(t.TempDir(), "repo")
			writeTree(t, root, sources())
			dist := filepath.Join(root, tt.dist)
			if tt.files != nil {
				writeTree(t, dist, tt.files)
			}
			before := listTree(t, root)
			wantError(t, Stage(root, dist, filepath.Join(root, "build", "handler-linux")), tt.want)
			if got := listTree(t, root); !maps.Equal(got, before) {
				t.Errorf("files changed: %v", slices.Sorted(maps.Keys(got)))
			}
		})
	}
}

func TestStageIntoEmptyFolder(t *testing.T) {
	t.Parallel()
	root, dist := t.TempDir(), t.TempDir()
	writeTree(t, root, sources())
	if err := Stage(root, dist, filepath.Join(root, "build", "handler-linux")); err != nil {
		t.Fatal(err)
	}
	if listTree(t, dist)["host.json"] != hostJSON {
		t.Error("nothing staged")
	}
}

// redate gives every file of a tree another time and mode.
func redate(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		when := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
		if err := os.Chtimes(path, when, when); err != nil {
			return err
		}
		return os.Chmod(path, 0o640)
	})
	if err != nil {
		t.Fatal(err)
	}
}
