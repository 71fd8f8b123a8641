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

// tale collects what the stand-ins saw and what the handler logged, and tells it
// in order.
type tale struct {
	mu    sync.Mutex
	began time.Time
	lines []taleLine
}

type taleLine struct {
	at        time.Time
	who, what string
}

func newTale() *tale { return &tale{began: time.Now()} }

// begin sets the time from which the tale is told.
func (t *tale) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began = time.Now()
}

func (t *tale) add(at time.Time, who, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, taleLine{at, who, what})
}

// tell prints the lines, earliest first, with the time since the beginning. What
// was done while warming up comes first, with negative times.
func (t *tale) tell(w io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.SortStableFunc(t.lines, func(a, b taleLine) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	for _, l := range t.lines {
		since := l.at.Sub(t.began).Round(time.Millisecond) // there is no -0.000 s
		fmt.Fprintf(w, "  %+8.3fs  %-10s %s\n", since.Seconds(), l.who, l.what)
	}
}

// fromWorld takes what a stand-in saw.
func (t *tale) fromWorld(e sim.Entry) {
	switch e.Kind {
	case sim.KindRequest:
		t.add(e.Time, e.Service, fmt.Sprintf("%s %s -> %d", e.Method, shorten(e.Path), e.Status))
	case sim.KindControl:
	default:
		t.add(e.Time, "powerbi", strings.TrimSpace("refresh "+shorten(e.Refresh)+" "+e.Kind+" "+e.Note))
	}
}

// fromHandler takes a line of the handler's log.
func (t *tale) fromHandler(l funchost.Line) {
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

// shorten cuts the GUIDs of a path: the first digits tell them apart here.
func shorten(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if len(s) == 36 && strings.Count(s, "-") == 4 {
			segments[i] = s[:4] + ".." + s[34:]
		}
	}
	return strings.Join(segments, "/")
}
