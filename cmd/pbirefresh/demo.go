package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"pbirefresh/internal/hostlog"
	"pbirefresh/local/funchost"
	"pbirefresh/local/sim"
)

// writeDemoSchedules makes a schedule file for a run against emulators, and returns where
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

func newTicker(out io.Writer) *ticker { return &ticker{out: out, entries: map[string]string{}} }

// ticker prints what schedules do, after watch was called.
type ticker struct {
	out io.Writer

	mu       sync.Mutex
	watching bool
	missed   []string          // lines from before
	entries  map[string]string // model to the entry that has had it refreshed
}

// heard takes a line of the handler's log.
func (t *ticker) heard(l funchost.Line) {
	var r logRecord
	if json.Unmarshal([]byte(l.Text), &r) != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	line := ""
	switch entry := t.entries[r.Model]; {
	case r.Schedule != "":
		line = r.ofSchedule()
		t.entries[r.Model] = r.Schedule
	case entry != "" && r.Event == hostlog.EventRefreshEnded:
		line = fmt.Sprintf("  %s: refresh %s, seen after %d s", entry, strings.ToLower(r.Status), r.Seconds)
	default:
		return
	}
	if !t.watching {
		t.missed = append(t.missed, line)
		return
	}
	fmt.Fprintln(t.out, line)
}

// watch prints from now on, beginning with what was not seen.
func (t *ticker) watch() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watching = true
	for _, line := range t.missed {
		fmt.Fprintln(t.out, line)
	}
}

// logRecord is what the ticker knows of a line.
type logRecord struct {
	Msg, Event, Schedule, Model, Slot, Cause, Status string
	Seconds                                          int
}

func (r logRecord) ofSchedule() string {
	line := fmt.Sprintf("  %s: %s", r.Schedule, r.Msg)
	if r.Slot != "" {
		line += ", slot " + r.Slot
	}
	if r.Cause != "" {
		line += ": " + r.Cause
	}
	return line
}
