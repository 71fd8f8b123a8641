package funchost

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
)

// consoleCategory is where the host logs what a handler writes.
const consoleCategory = "Host.Function.Console"

// A Line is what the handler wrote, as the host logs it.
type Line struct {
	Stderr   bool
	Level    slog.Level // Info, Warn or Error
	Category string     // Host.Function.Console except for a few prefixes
	Text     string     // without its end of line
	PID      int
}

// grade maps a line as azure-functions-host does (WorkerProcess, source).
func grade(text string, stderr, errorsOnly bool) slog.Level {
	lower := strings.ToLower(text)
	switch {
	case !stderr:
		return slog.LevelInfo
	case strings.Contains(lower, "warn"):
		return slog.LevelWarn
	case errorsOnly:
		return slog.LevelError
	}
	for _, word := range []string{"error", "fail", "severe", "unhandled exception"} {
		if strings.Contains(lower, word) {
			return slog.LevelError
		}
	}
	return slog.LevelInfo
}

// category distinguishes the host's own lines from an app's.
func category(text string) string {
	switch {
	case strings.HasPrefix(text, "LanguageWorkerConsoleLog"):
		return "system"
	case strings.HasPrefix(text, "azfuncjsonlog:"):
		return "tooling"
	default:
		return consoleCategory
	}
}

// console takes the lines of one process.
type console struct {
	shared     *sync.Mutex // of all processes of the host, so that OnLine calls do not overlap
	errorsOnly bool
	pid        func() int
	logger     *slog.Logger
	onLine     func(Line)

	lastErrors []string // at most keptErrors; guarded by shared
}

// keptErrors is how many error lines the host quotes when the handler exits.
const keptErrors = 3

func (c *console) line(text string, stderr bool) {
	c.shared.Lock()
	defer c.shared.Unlock()
	l := Line{Stderr: stderr, Level: grade(text, stderr, c.errorsOnly), Category: category(text), Text: text, PID: c.pid()}
	if l.Level == slog.LevelError {
		c.lastErrors = append(c.lastErrors, text)
		c.lastErrors = c.lastErrors[max(0, len(c.lastErrors)-keptErrors):]
	}
	c.logger.Log(context.Background(), l.Level, text, "category", l.Category)
	c.onLine(l)
}

// quote returns the last error lines.
func (c *console) quote() string {
	c.shared.Lock()
	defer c.shared.Unlock()
	return strings.Join(c.lastErrors, " | ")
}

// stream splits what is written to it into lines. It is used by one goroutine.
type stream struct {
	console *console
	stderr  bool
	rest    []byte
}

func (s *stream) Write(p []byte) (int, error) {
	s.rest = append(s.rest, p...)
	for {
		line, rest, found := bytes.Cut(s.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		s.console.line(strings.TrimSuffix(string(line), "\r"), s.stderr)
		s.rest = rest
	}
}

// flush delivers a last line that has no end.
func (s *stream) flush() {
	if len(s.rest) > 0 {
		s.console.line(string(s.rest), s.stderr)
		s.rest = nil
	}
}
