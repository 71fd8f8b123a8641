package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"pbirefresh/access"
	"pbirefresh/cli"
)

// checkPackaged refuses to package what the app would refuse: with a wrong schedule file it
// goes on with the last good one, with a wrong policy it answers no request.
func checkPackaged(root string, env cli.Environment) error {
	text, err := os.ReadFile(filepath.Join(root, "schedules.json"))
	if err == nil {
		_, err = cli.ParseSchedules(text, "schedules.json", env)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return checkPolicy(root, env)
}

func checkPolicy(root string, env cli.Environment) error {
	text, err := os.ReadFile(filepath.Join(root, "policy.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := access.Parse(text); err != nil {
		for problem := range strings.Lines(err.Error()) {
			fmt.Fprintf(env.Stderr, "policy.json: %s\n", strings.TrimSuffix(problem, "\n"))
		}
		return errors.New("policy.json is no policy: access/policy.schema.json says what one is")
	}
	return nil
}
