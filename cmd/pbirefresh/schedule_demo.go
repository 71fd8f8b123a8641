package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"pbirefresh/internal/funchost"
	"pbirefresh/sim"
)

// writeDemoSchedules makes a schedule file for a run against stand-ins, and returns where
// it is: not in dist/, where it would be taken for the app's own.
func writeDemoSchedules(root string) (string, error) {
	path := filepath.Join(root, "build", "dev", "schedules.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return "", err
	}
	model := sim.Shared() // not the one of the first refresh, which is to be seen alone
	text := fmt.Sprintf(demoSchedules, model.Workspace, model.Model)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

const demoSchedules = `// Made by pbirefresh dev. Change it while it runs: each tick reads it again.
{
  "schedules": {
    "every-minute": {
      "workspaceId": "%s",
      "datasetId": "%s",
      "every": "1m",
    },
  },
}
`

// ticker prints what schedules do, once somebody watches.
type ticker struct {
	out      io.Writer
	watching atomic.Bool
}

// heard takes a line of the handler's log.
func (t *ticker) heard(l funchost.Line) {
	var record struct{ Msg, Schedule, Slot, Cause string }
	if !t.watching.Load() || json.Unmarshal([]byte(l.Text), &record) != nil || record.Schedule == "" {
		return
	}
	line := fmt.Sprintf("  %s: %s", record.Schedule, record.Msg)
	if record.Slot != "" {
		line += ", slot " + record.Slot
	}
	if record.Cause != "" {
		line += ": " + record.Cause
	}
	fmt.Fprintln(t.out, line)
}
