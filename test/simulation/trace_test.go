package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// trace remembers what happened, in order. Lines are formatted only if somebody
// wants to read them.
type trace struct {
	began time.Time

	mu    sync.Mutex
	lines []line
}

type line struct {
	at     time.Duration
	actor  string
	format string
	args   []any
}

func (l line) String() string {
	return fmt.Sprintf("%12s  %-8s %s", l.at.Round(time.Millisecond), l.actor, fmt.Sprintf(l.format, l.args...))
}

func (t *trace) add(actor, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line{time.Since(t.began), actor, format, args})
}

// last returns the latest n lines, or all if n is 0.
func (t *trace) last(n int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := t.lines
	if n > 0 {
		lines = lines[max(0, len(lines)-n):]
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.String() + "\n")
	}
	return b.String()
}

// exact is everything that happened, to the nanosecond. What happened in the same
// instant is sorted: its order is the scheduler's.
func (t *trace) exact() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	for _, l := range t.lines {
		all = append(all, fmt.Sprintf("%20d %s", int64(l.at), l))
	}
	slices.Sort(all)
	return all
}

// narrator writes what a process logs into the trace.
type narrator struct {
	trace *trace
	actor string
	fail  func(format string, args ...any)
}

func (n narrator) Enabled(context.Context, slog.Level) bool { return true }

func (n narrator) Handle(_ context.Context, r slog.Record) error {
	n.trace.add(n.actor, "log: %s", recordText{r})
	if strings.HasPrefix(r.Message, "event refused") {
		n.fail("%s: %s", n.actor, recordText{r})
	}
	return nil
}

func (n narrator) WithAttrs([]slog.Attr) slog.Handler { return n }
func (n narrator) WithGroup(string) slog.Handler      { return n }

// recordText formats a record when it is read.
type recordText struct{ r slog.Record }

func (t recordText) String() string {
	var b strings.Builder
	b.WriteString(t.r.Message)
	t.r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	return b.String()
}
