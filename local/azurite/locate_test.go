package azurite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindMain(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	write(t, filepath.Join(deep, "x"))
	if _, err := findMainAbove(deep); err == nil || !strings.Contains(err.Error(), "inside the repository") {
		t.Errorf("no tools folder: %v", err)
	}
	write(t, filepath.Join(root, "tools", "package-lock.json"))
	if _, err := findMainAbove(deep); err == nil || !strings.Contains(err.Error(), "run: make tools") {
		t.Errorf("nothing installed: %v", err)
	}
	want := filepath.Join(root, "tools", filepath.FromSlash(entry))
	write(t, want)
	for _, dir := range []string{deep, root, filepath.Join(root, "tools")} {
		if got, err := findMainAbove(dir); err != nil || got != want {
			t.Errorf("from %s: %s, %v; want %s", dir, got, err, want)
		}
	}
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
