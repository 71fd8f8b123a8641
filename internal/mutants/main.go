package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed mutants.txt
var list string

func main() {
	only := ""
	if len(os.Args) > 1 {
		only = os.Args[1]
	}
	if err := run(context.Background(), only); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// run tries every bug, or those whose name contains only.
func run(ctx context.Context, only string) error {
	all, err := parse(list)
	if err != nil {
		return err
	}
	dir, err := copyProject(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	tried, survived := 0, 0
	for _, m := range all {
		if !strings.Contains(m.name, only) {
			continue
		}
		tried++
		began := time.Now()
		caught, err := m.try(ctx, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		verdict := "caught"
		if !caught {
			verdict = "SURVIVED"
			survived++
		}
		fmt.Fprintf(os.Stdout, "%-8s %5s  %s\n", verdict, time.Since(began).Round(100*time.Millisecond), m.name)
	}
	fmt.Fprintf(os.Stdout, "%d bugs, %d caught\n", tried, tried-survived)
	if survived > 0 {
		return fmt.Errorf("%d survived", survived)
	}
	return nil
}

// try puts the bug in, runs the tests, and takes it out again.
func (m mutant) try(ctx context.Context, dir string) (caught bool, err error) {
	path := filepath.Join(dir, filepath.FromSlash(m.file))
	good, err := os.ReadFile(path) //nolint:gosec // a file of the project's copy
	if err != nil {
		return false, err
	}
	if n := strings.Count(string(good), m.old); n != 1 {
		return false, fmt.Errorf("the text is in %s %d times, not once:\n%s", m.file, n, m.old)
	}
	bad := strings.Replace(string(good), m.old, m.now, 1)
	if err := os.WriteFile(path, []byte(bad), 0o600); err != nil { //nolint:gosec // likewise
		return false, err
	}
	defer func() { err = errors.Join(err, os.WriteFile(path, good, 0o600)) }() //nolint:gosec // likewise
	if out, err := goTool(ctx, dir, append([]string{"vet"}, m.packages...)...); err != nil {
		return false, fmt.Errorf("it does not compile: %w\n%s", err, out)
	}
	_, err = goTool(ctx, dir, append([]string{"test", "-timeout", "120s"}, m.packages...)...)
	return err != nil, nil
}

func goTool(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
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
