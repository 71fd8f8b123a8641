package funchost

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestGrade(t *testing.T) {
	t.Parallel()
	const info, warn, bad = slog.LevelInfo, slog.LevelWarn, slog.LevelError
	tests := []struct {
		text                    string
		stdout, strict, lenient slog.Level // strict: useStdErrorStreamForErrorsOnly
	}{
		{"plain", info, bad, info},
		{"a Warning", info, warn, warn},
		{"WARN and error", info, warn, warn},
		{"an error", info, bad, bad},
		{"it Failed", info, bad, bad},
		{"SEVERE", info, bad, bad},
		{"Unhandled Exception", info, bad, bad},
		{"", info, bad, info},
	}
	for _, tt := range tests {
		got := []slog.Level{grade(tt.text, false, true), grade(tt.text, true, true), grade(tt.text, true, false)}
		if want := []slog.Level{tt.stdout, tt.strict, tt.lenient}; !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", tt.text, got, want)
		}
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	var lines []string
	c := &console{shared: new(sync.Mutex), errorsOnly: true, pid: func() int { return 7 }, logger: slog.New(slog.DiscardHandler),
		onLine: func(l Line) { lines = append(lines, l.Text) }}
	s := &stream{console: c, stderr: true}
	for _, part := range []string{"on", "e\ntwo\r\n\nthr", "", "ee\nwarning\nfour\n", "five"} {
		if n, err := s.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if want := []string{"one", "two", "", "three", "warning", "four"}; !slices.Equal(lines, want) {
		t.Errorf("lines %q, want %q", lines, want)
	}
	s.flush()
	s.flush()
	if len(lines) != 7 || lines[6] != "five" {
		t.Errorf("after flush: %q", lines)
	}
	if got := c.quote(); got != "three | four | five" {
		t.Errorf("last errors = %q", got)
	}
}

func TestLinesOfTheHandler(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	long := strings.Repeat("x", 100_000)
	query := url.Values{
		"out": {"to stdout, a warning\nLanguageWorkerConsoleLog x\nazfuncjsonlog:{}\n"},
		"err": {"a warning\nbroken " + long + "\n"},
	}
	r.send(http.MethodPost, "/api/do/print", query.Encode(), "Content-Type: application/x-www-form-urlencoded").want(t, http.StatusOK)
	eventually(t, "all lines", func() bool { return len(r.heard()) == 5 })
	lines := r.heard()
	slices.SortStableFunc(lines, func(a, b Line) int { return strings.Compare(a.Text, b.Text) })
	want := []Line{
		{false, slog.LevelInfo, "system", "LanguageWorkerConsoleLog x", 0},
		{true, slog.LevelWarn, consoleCategory, "a warning", 0},
		{false, slog.LevelInfo, "tooling", "azfuncjsonlog:{}", 0},
		{true, slog.LevelError, consoleCategory, "broken " + long, 0},
		{false, slog.LevelInfo, consoleCategory, "to stdout, a warning", 0},
	}
	for i := range want {
		want[i].PID = r.HandlerPID()
	}
	if !slices.Equal(lines, want) {
		t.Errorf("lines %.500v\nwant %.500v", lines, want)
	}
	if !r.logged(`level=WARN msg="a warning" category=Host.Function.Console`) {
		t.Error("lines are not in the log with their level")
	}
}
