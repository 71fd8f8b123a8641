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

// inCopy makes dir a copy of the project with the bug in it. What a test
// reads itself, while it runs, the go command's overlay does not change.
func (m mutant) inCopy(ctx context.Context, dir string) error {
	if err := copyProject(ctx, dir); err != nil {
		return err
	}
	path := filepath.Join(dir, filepath.FromSlash(m.file))
	good, err := os.ReadFile(path) //nolint:gosec // a file of the project's copy
	if err != nil {
		return err
	}
	if n := strings.Count(string(good), m.old); n != 1 {
		return fmt.Errorf("the text is in %s %d times, not once:\n%s", m.file, n, m.old)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(good), m.old, m.now, 1)), 0o600) //nolint:gosec // a file of the project
}

// copyProject copies what git tracks, and lets the copy use the tools that are
// installed here.
func copyProject(ctx context.Context, dir string) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	files, err := exec.CommandContext(ctx, "git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for name := range strings.Lines(string(files)) {
		if err := copyFile(here, dir, strings.TrimSpace(name)); err != nil {
			return err
		}
	}
	return os.Symlink(filepath.Join(here, "tools", "node_modules"), filepath.Join(dir, "tools", "node_modules"))
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
