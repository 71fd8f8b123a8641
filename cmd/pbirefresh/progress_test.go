package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/handler"
	"pbirefresh/refresh/machine"
)

// shown is what the looks at an operation print, one every 1.25 s.
func shown(t *testing.T, live bool, docs ...handler.StatusDocument) string {
	t.Helper()
	var b bytes.Buffer
	synctest.Test(t, func(*testing.T) {
		p := newProgress(&b)
		p.live = live
		for _, doc := range docs {
			time.Sleep(1250 * time.Millisecond)
			p.show(doc)
		}
		p.end()
	})
	return b.String()
}

func looks() []handler.StatusDocument {
	blocked := handler.StatusDocument{Status: machine.StatusNotStarted, Phase: machine.Blocking,
		BlockedBy: &handler.Blocked{Reason: "foreignRefresh", Type: "Scheduled"}}
	queued := handler.StatusDocument{Status: machine.StatusNotStarted, Phase: machine.Queued, BlockedBy: &handler.Blocked{Reason: "operation"}}
	running := handler.StatusDocument{Status: machine.StatusRunning, Phase: machine.Running, Progress: &handler.Progress{Percent: new(40)}}
	unknown := handler.StatusDocument{Status: machine.StatusRunning, Phase: machine.Running, Progress: &handler.Progress{}}
	return []handler.StatusDocument{blocked, blocked, queued, unknown, running, running, running, {Status: machine.StatusSucceeded, Phase: machine.Succeeded}}
}

func TestProgressInALog(t *testing.T) {
	t.Parallel()
	want := strings.Join([]string{
		"      1s  NotStarted blocked, waits for foreignRefresh (Scheduled)",
		"      4s  NotStarted queued, waits for operation",
		"      5s  Running    running",
		"      6s  Running    running 40 %",
		"     10s  Succeeded  succeeded",
		"",
	}, "\n")
	if got := shown(t, false, looks()...); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	got := shown(t, true, looks()...)
	if n := strings.Count(got, "\r\033[K"); n != len(looks()) || strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "succeeded\n") {
		t.Errorf("%d rewrites, want one for each of %d looks and one line end: %q", n, len(looks()), got)
	}
}

func TestOnlyATerminalIsRewritten(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if isTerminal(file) || isTerminal(&bytes.Buffer{}) || newProgress(file).live {
		t.Error("a file is taken for a terminal")
	}
}
