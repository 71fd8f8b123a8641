package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pbirefresh/cli"
)

func TestVersionWithoutGit(t *testing.T) {
	t.Parallel()
	if got := gitVersion(t.Context(), t.TempDir()); got != "dev" {
		t.Errorf("%q of a folder without a repository", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if got := gitVersion(ctx, "."); got != "dev" {
		t.Errorf("%q of a git that was interrupted", got)
	}
}

// What cannot be built is told with the compiler's words, on standard error.
func TestBuildFails(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	env := cli.Environment{Environ: os.Environ(), Stdout: &stdout, Stderr: &stderr}
	err := buildProgram(t.Context(), t.TempDir(), handlerProgram, filepath.Join(t.TempDir(), "x"), "v", "linux", "amd64", env)
	if err == nil || !strings.Contains(err.Error(), "go build ./cmd/refresher") || stderr.Len() == 0 || stdout.Len() != 0 {
		t.Errorf("%v, stdout %q, stderr %q", err, &stdout, &stderr)
	}
}

// A zip that the host could not use is not written.
func TestNoZipOfAnIncompleteApp(t *testing.T) {
	t.Parallel()
	dist, name := t.TempDir(), filepath.Join(t.TempDir(), "app.zip")
	if err := os.WriteFile(filepath.Join(dist, "host.json"), []byte(`{"version":"2.0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeZip(dist, name); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is there: %v", err)
	}
}

func TestStepsAreTold(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	s := &session{env: cli.Environment{Stderr: &stderr}, timeline: newTimeline()}
	if err := s.step("build the app", func() error { return nil }); err != nil || !strings.HasPrefix(stderr.String(), "  build the app   ") {
		t.Errorf("%v, %q", err, &stderr)
	}
	stderr.Reset()
	cause := errors.New("no compiler")
	if err := s.step("build the app", func() error { return cause }); !errors.Is(err, cause) || !strings.Contains(err.Error(), "build the app") || stderr.Len() != 0 {
		t.Errorf("%v, %q", err, &stderr)
	}
	s.close() // what never started needs no end
}

// A zip is checked without building anything.
func TestCheckZip(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "app.zip")
	if code, _, stderr := runCommand(t.Context(), "package", "--check", name); code != 1 || !strings.Contains(stderr, "app.zip") {
		t.Errorf("a missing zip: exit code %d, want 1: %s", code, stderr)
	}
	if err := os.WriteFile(name, []byte("PK"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := runCommand(t.Context(), "package", "--check", name); code != 1 || stdout != "" || !strings.Contains(stderr, "not a zip") {
		t.Errorf("no zip: exit code %d, want 1: %q %q", code, stdout, stderr)
	}
}
