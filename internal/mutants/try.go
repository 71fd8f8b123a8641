package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// try puts the bug in, runs the tests, and takes it out again. It fails unless they
// fail as they should.
func (m mutant) try(ctx context.Context, dir string) (out string, err error) {
	path := filepath.Join(dir, filepath.FromSlash(m.file))
	good, err := os.ReadFile(path) //nolint:gosec // a file of the project's copy
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(good), m.old); n != 1 {
		return "", fmt.Errorf("the text is in %s %d times, not once:\n%s", m.file, n, m.old)
	}
	bad := strings.Replace(string(good), m.old, m.now, 1)
	if err := os.WriteFile(path, []byte(bad), 0o600); err != nil { //nolint:gosec // likewise
		return "", err
	}
	defer func() { err = errors.Join(err, os.WriteFile(path, good, 0o600)) }() //nolint:gosec // likewise
	args := m.args
	if !m.byHand {
		args = append([]string{"-timeout", "120s"}, args...)
	}
	out, err = goTest(ctx, dir, args)
	return out, m.judge(out, err)
}

// judge holds the end of the tests against what should have failed.
func (m mutant) judge(out string, err error) error {
	switch {
	case err == nil:
		return errors.New("the tests pass all the same")
	case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
		return fmt.Errorf("it does not compile:\n%.4000s", out)
	case !strings.Contains(out, m.fails):
		return fmt.Errorf("something fails, but not %q:\n%.4000s", m.fails, out)
	}
	return nil
}

func goTest(ctx context.Context, dir string, args []string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// copyProject copies what git tracks, and lets the copy use the tools that are
// installed here.
func copyProject(ctx context.Context) (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	files, err := exec.CommandContext(ctx, "git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return "", fmt.Errorf("git ls-files: %w", err)
	}
	dir, err := os.MkdirTemp("", "pbirefresh-mutants-")
	if err != nil {
		return "", err
	}
	for name := range strings.Lines(string(files)) {
		if err := copyFile(here, dir, strings.TrimSpace(name)); err != nil {
			return "", err
		}
	}
	return dir, os.Symlink(filepath.Join(here, "tools", "node_modules"), filepath.Join(dir, "tools", "node_modules"))
}

func copyFile(from, to, name string) error {
	b, err := os.ReadFile(filepath.Join(from, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil // deleted, and not committed yet
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o750); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, name), b, 0o600)
}
