package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"pbirefresh/local/funchost"
	"pbirefresh/local/sim"
)

// timeline collects what the emulators saw and what the handler logged, and prints it in
// order.
type timeline struct {
	mu    sync.Mutex
	began time.Time
	lines []timelineLine
}

type timelineLine struct {
	at        time.Time
	who, what string
}

func newTimeline() *timeline { return &timeline{began: time.Now()} }

// begin sets the time that counts as zero.
func (t *timeline) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began = time.Now()
}

func (t *timeline) add(at time.Time, who, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, timelineLine{at, who, what})
}

// print prints the lines, earliest first, with the time since the beginning. What
// was done while warming up comes first, with negative times.
func (t *timeline) print(w io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.SortStableFunc(t.lines, func(a, b timelineLine) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	for _, l := range t.lines {
		since := l.at.Sub(t.began).Round(time.Millisecond) // there is no -0.000 s
		fmt.Fprintf(w, "  %+8.3fs  %-10s %s\n", since.Seconds(), l.who, l.what)
	}
}

// fromWorld adds what an emulator saw.
func (t *timeline) fromWorld(e sim.Entry) {
	switch e.Kind {
	case sim.KindRequest:
		t.add(e.Time, e.Service, fmt.Sprintf("%s %s -> %d", e.Method, shorten(e.Path), e.Status))
	case sim.KindControl:
	default:
		t.add(e.Time, "powerbi", strings.TrimSpace("refresh "+shorten(e.Refresh)+" "+e.Kind+" "+e.Note))
	}
}

// fromHandler takes a line of the handler's log.
func (t *timeline) fromHandler(l funchost.Line) {
	var record map[string]any
	if json.Unmarshal([]byte(l.Text), &record) != nil {
		t.add(time.Now(), "handler", l.Text)
		return
	}
	message, _ := record["msg"].(string)
	if message == "listening" || message == "warm" || message == "sweep" {
		return
	}
	if message == "operation" {
		message = fmt.Sprintf("operation %v is %v", record["operation"], record["phase"])
		delete(record, "status") // the phase says it
	}
	if route, ok := record["route"]; ok {
		message = fmt.Sprint(route)
	}
	var parts []string
	for _, name := range []string{"answer", "kind", "waitsFor", "version", "ms", "status", "code", "cause", "error"} {
		if v, ok := record[name]; ok {
			parts = append(parts, fmt.Sprintf("%s=%v", name, v))
		}
	}
	t.add(time.Now(), "handler", strings.TrimSpace(message+" "+strings.Join(parts, " ")))
}

// shorten cuts the GUIDs of a path: the first and last digits are enough here.
func shorten(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if len(s) == 36 && strings.Count(s, "-") == 4 {
			segments[i] = s[:4] + ".." + s[34:]
		}
	}
	return strings.Join(segments, "/")
}
