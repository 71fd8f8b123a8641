package stage

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// readTree reads a staged tree, and fails on anything in it that staging does
// not make.
func readTree(dist string) (app, error) {
	host, err := os.ReadFile(filepath.Join(dist, hostFile))
	if err != nil {
		return app{}, fmt.Errorf("stage: %w", err)
	}
	a := app{host: host, functions: make(map[string][]byte)}
	name, err := executableName(host)
	if err != nil {
		return app{}, err
	}
	entries, err := os.ReadDir(dist)
	if err != nil {
		return app{}, fmt.Errorf("stage: %w", err)
	}
	for _, entry := range entries {
		if err := a.readEntry(dist, name, entry); err != nil {
			return app{}, err
		}
	}
	if a.executable == "" {
		return app{}, fmt.Errorf("stage: %s has no executable %q, which host.json names", dist, name)
	}
	return a, a.check()
}

func (a *app) readEntry(dist, executable string, entry fs.DirEntry) (err error) {
	name := entry.Name()
	path := filepath.Join(dist, name)
	regular := entry.Type().IsRegular()
	switch {
	case entry.IsDir():
		a.functions[name], err = readFunction(path, entry)
	case regular && (name == hostFile || name == settingsFile):
	case regular && name == schedulesFile:
		a.schedules, err = readOptional(path)
	case regular && name == policyFile:
		a.policy, err = readOptional(path)
	case regular && strings.TrimSuffix(name, ".exe") == strings.TrimSuffix(executable, ".exe"):
		a.executable = name
	default:
		err = fmt.Errorf("stage: %s is not part of a staged app", path)
	}
	return err
}
