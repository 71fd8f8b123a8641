package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"

	"pbirefresh/handler"
	"pbirefresh/refresh/machine"
)

// shown is what the answers about an operation print, one every 1.25 s.
func shown(t *testing.T, live bool, docs ...handler.StatusDocument) string {
	t.Helper()
	var b bytes.Buffer
	synctest.Test(t, func(*testing.T) {
		p := startProgress(&progress{w: &b, live: live, wide: 60})
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
	running := handler.StatusDocument{Status: machine.StatusRunning, Phase: machine.Running, Progress: &handler.Progress{Percent: new(43), ExpectedEnd: time.Unix(1780000000, 0), Objects: []machine.Progress{
		{Table: "Sales", Status: "Completed"}, {Table: "Stock", Partition: "2026\x1b", Status: "InProgress"}}}}
	unknown := handler.StatusDocument{Status: machine.StatusRunning, Phase: machine.Running, Progress: &handler.Progress{}}
	return []handler.StatusDocument{blocked, blocked, queued, unknown, running, running, running, {Status: machine.StatusSucceeded, Phase: machine.Succeeded}}
}

func TestProgressInALog(t *testing.T) {
	t.Parallel()
	want := strings.Join([]string{
		"      1s  blocked, waiting: foreignRefresh",
		"      3s  queued, waiting: operation",
		"      5s  running",
		"      6s  running, 40 %, 1 of 2 tables",
		"     10s  succeeded",
		"",
	}, "\n")
	if got := shown(t, false, looks()...); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// The live display is rewritten in place: with each answer, and every second between.
func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	got := shown(t, true, looks()...)
	screens := strings.Split(got, "\033[J")
	want := "    7s  running  [########............] 43 %  expected end…\n        Sales  Completed\n        Stock/2026?  InProgress\n\033[3A"
	if !slices.Contains(screens, want) || screens[len(screens)-1] != "" || len(screens) < 15 {
		t.Errorf("%d screens %q, want one %q", len(screens), screens, want)
	}
	for _, line := range strings.Split(strings.Join(screens, "\n"), "\n") {
		if utf8.RuneCountInString(line) > 60 {
			t.Errorf("%q is wider than the terminal", line)
		}
	}
}

func TestQuietProgress(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	p := startProgress(&progress{w: &b, live: true, quiet: true})
	p.show(looks()[0])
	p.end()
	if b.Len() > 0 {
		t.Errorf("--quiet prints %q", &b)
	}
}

// A pseudo terminal is rewritten, unless it calls itself dumb; colours end with NO_COLOR.
func TestOnlyATerminalIsRewritten(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	primary, replica, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = primary.Close(), replica.Close() }()
	for name, c := range map[string]struct {
		w             io.Writer
		env           map[string]string
		live, colored bool
	}{
		"file": {file, nil, false, false}, "buffer": {&bytes.Buffer{}, nil, false, false}, "terminal": {replica, nil, true, true},
		"dumb": {replica, map[string]string{"TERM": "dumb"}, false, false}, "no colour": {replica, map[string]string{"NO_COLOR": "1"}, true, false},
	} {
		env := Environment{Getenv: func(name string) string { return c.env[name] }}
		if live, colored := env.live(c.w), env.colored(c.w); live != c.live || colored != c.colored {
			t.Errorf("%s: live %t, colours %t, want %t and %t", name, live, colored, c.live, c.colored)
		}
	}
}
