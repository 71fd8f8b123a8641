package simulation

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"pbirefresh/lease"
)

// clock is how wrong a clock is, over time. True time is the bubble's.
type clock struct {
	mu    sync.Mutex
	steps []step // oldest first, never empty
}

type step struct {
	since time.Time
	off   time.Duration
}

func newClock(off time.Duration) *clock { return &clock{steps: []step{{off: off}}} }

// off is how far the clock is ahead now.
func (c *clock) off() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.steps[len(c.steps)-1].off
}

func (c *clock) jump(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.steps = append(c.steps, step{time.Now(), c.steps[len(c.steps)-1].off + by})
}

// least is how far the clock was ahead at the least, at any time since then.
func (c *clock) least(since time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	off := c.steps[len(c.steps)-1].off
	for i := len(c.steps) - 2; i >= 0 && c.steps[i+1].since.After(since); i-- {
		off = min(off, c.steps[i].off)
	}
	return off
}

// jumps is how often it has jumped.
func (c *clock) jumps() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.steps) - 1
}

// leap lets one of the clocks jump, forward or back. Forward jumps of the storage
// service's clock shorten every settle window that they fall into, so all of them
// together stay within the budget of the schedule.
func (w *world) leap(d dice) {
	forward := d.chance(0.5)
	word := map[bool]string{true: "forward", false: "back"}[forward]
	sign := map[bool]time.Duration{true: 1, false: -1}[forward]
	switch d.IntN(3) {
	case 0:
		by := d.between(time.Second, 10*time.Minute)
		if forward {
			by = min(by, w.limits.leaps-w.leapt)
			w.leapt += by
		}
		w.disk.clock.jump(sign * by)
		w.trace.add("world", "storage clock jumps by %v", sign*by)
		w.cover.hit("storage clock jumps %s", word)
	case 1:
		by := sign * d.between(time.Second, 10*time.Minute)
		w.stamps.jump(by)
		w.trace.add("world", "Power BI's clock jumps by %v", by)
		w.cover.hit("power bi clock jumps %s", word)
	default:
		w.anyProcess(d).leapForward(pick(d, d.between(time.Second, 15*time.Second), d.between(15*time.Second, time.Hour)))
	}
}

// undatable reports whether nobody can tell when a row began: the clocks by which
// rows are dated jumped before the model's first look, or jumped more than once, which
// may not show between two looks.
func (w *world) undatable(it intent) bool {
	jumps := w.disk.clock.jumps() + w.stamps.jumps()
	return jumps > 1 || jumps == 1 && it.blind
}

// A process decides by its wall clock in two places, and in both the later of the
// monotonic and the wall clock counts: the trust window of a section, and SendBy. So a
// wall clock that goes back changes nothing, and one that goes forward ends both
// early. A bubble has only one clock: what a jump forward leads to is done here.

// leapForward sets the process's wall clock forward, as soon as it is in a section.
func (p *process) leapForward(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.planned = by
}

// entered is called before the process enters the section of a document.
func (p *process) entered(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sections[name] = time.Now()
	if p.planned > 0 {
		p.leapt, p.leap, p.planned = time.Now(), p.planned, 0
		p.w.trace.add(p.name, "wall clock jumps by %v", p.leap)
	}
}

// ahead is by how much the wall clock overtook the monotonic one since the process
// entered the section of that document.
func (p *process) ahead(name string) (time.Duration, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	entered := p.sections[name]
	if entered.IsZero() || p.leapt.Before(entered) {
		return 0, 0
	}
	return p.leap, time.Since(entered)
}

// distrusted reports whether the section of that document is over by the wall clock,
// so that lease.Section.Commit sends nothing.
func (p *process) distrusted(name string) bool {
	leap, age := p.ahead(name)
	if leap == 0 || leap+age < lease.Duration-lease.Margin {
		return false
	}
	p.w.cover.hit("wall clock jumps in a section")
	return true
}

// at is how far the clock was ahead at a time.
func (c *clock) at(t time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	off := c.steps[0].off
	for _, s := range c.steps[1:] {
		if !s.since.After(t) {
			off = s.off
		}
	}
	return off
}

// misdate makes an answer of Power BI tell times by a clock that jumped: its Date by
// the clock as it is now, and what it remembers by the clock as it was then. Inside
// the simulated Power BI time passes evenly.
func (w *world) misdate(resp *http.Response) {
	if w.stamps.jumps() == 0 {
		return
	}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		resp.Header.Set("Date", at.Add(w.stamps.off()).UTC().Format(http.TimeFormat))
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.oracle.violated("an answer of the simulated Power BI breaks: %v", err)
	}
	_ = resp.Body.Close()
	body = stamp.ReplaceAllFunc(body, func(found []byte) []byte {
		part := stamp.FindSubmatch(found)
		at, layout := readStamp(string(part[2]))
		return fmt.Appendf(nil, "%s%q", part[1], at.Add(w.stamps.at(at.Add(-w.skew))).Format(layout))
	})
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

var stamp = regexp.MustCompile(`("(?:start|end)Time":)"([^"]+)"`)

// readStamp reads a time of Power BI, with the layout that it is written in.
func readStamp(s string) (time.Time, string) {
	layout := "2006-01-02T15:04:05.9999999"
	if strings.HasSuffix(s, "Z") {
		layout += "Z"
	}
	at, err := time.Parse(layout, s)
	if err != nil {
		return time.Time{}, layout
	}
	return at, layout
}
