package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pbirefresh/cli"
)

// The command line of a release is the same bytes from another copy of the sources, and
// so is its bill of materials. For the app, .ci/run shows it.
func TestCommandLineIsReproducible(t *testing.T) {
	t.Parallel()
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	first, second := commandLineFrom(t, root, "linux/amd64"), commandLineFrom(t, copyOf(t, root), "linux/amd64")
	want := []string{"pbirefresh-cli-linux-amd64", "pbirefresh-cli-linux-amd64.cdx.json"}
	if got := slices.Sorted(maps.Keys(first)); !slices.Equal(got, want) {
		t.Fatalf("a release has %v, want %v", got, want)
	}
	for name := range first {
		if len(first[name]) == 0 || !bytes.Equal(first[name], second[name]) {
			t.Errorf("%s: %d and %d bytes, which differ", name, len(first[name]), len(second[name]))
		}
	}
	if text := string(first[want[0]]); strings.Contains(text, root) {
		t.Errorf("%s has the path %s of the sources in it", want[0], root)
	}
}

func commandLineFrom(t *testing.T, root, platform string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	p := &packaging{root: root, out: t.TempDir(), stamp: "v1.2.3", env: cli.Environment{Environ: os.Environ(), Stdout: io.Discard, Stderr: os.Stderr}}
	if err := p.commandLine(t.Context(), platform, files); err != nil {
		t.Fatal(err)
	}
	return files
}

// copyOf copies the sources, without what is installed or built beside them.
func copyOf(t *testing.T, root string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "node_modules", "build", "dist"}, d.Name()) {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another test's, gone by now
		}
		name, relErr := filepath.Rel(root, path)
		if err := errors.Join(err, relErr); err != nil {
			return err
		}
		writeIn(t, dir, name, string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
