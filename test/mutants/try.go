package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// try runs the tests with the bug in, and fails unless they fail as they should. The
// go command reads the changed file in place of the good one (-overlay): no copy of the
// project, and whatever the bug does not touch is built already; the rest is built in a
// hurry. But what a test reads itself needs a copy. It returns the processor time that
// was used, which depends less on the load than the time of a clock.
func (m mutant) try(ctx context.Context) (out string, cpu time.Duration, err error) {
	dir, err := os.MkdirTemp("", "pbirefresh-mutants-")
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	args := append([]string{"test", "-vet=off", "-gcflags=-l"}, m.args...)
	if !m.byHand {
		args = append(args, "-timeout", "120s")
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	if m.copied {
		cmd.Dir, err = dir, m.inCopy(ctx, dir)
	} else {
		var overlay string
		overlay, err = m.overlay(dir)
		cmd.Env = append(cmd.Environ(), "GOFLAGS=-overlay="+overlay) // also for what the tests build
	}
	if err != nil {
		return "", 0, err
	}
	b, err := cmd.CombinedOutput()
	if s := cmd.ProcessState; s != nil {
		cpu = s.UserTime() + s.SystemTime()
	}
	return string(b), cpu, m.judge(string(b), err)
}

// overlay writes the changed file into dir, and the list for the go command's -overlay.
func (m mutant) overlay(dir string) (string, error) {
	path, err := filepath.Abs(filepath.FromSlash(m.file))
	if err != nil {
		return "", err
	}
	good, err := os.ReadFile(path) //nolint:gosec // a file of the project
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(good), m.old); n != 1 {
		return "", fmt.Errorf("the text is in %s %d times, not once:\n%s", m.file, n, m.old)
	}
	bad, list := filepath.Join(dir, "bad"+filepath.Ext(path)), filepath.Join(dir, "overlay.json")
	replaced, err := json.Marshal(map[string]map[string]string{"Replace": {path: bad}})
	if err != nil {
		return "", err
	}
	return list, errors.Join(
		os.WriteFile(bad, []byte(strings.Replace(string(good), m.old, m.now, 1)), 0o600),
		os.WriteFile(list, replaced, 0o600),
	)
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
