package schedule

import (
	"strings"
	"time"

	"pbirefresh/internal/httpjson"
)

// window is a time in which an entry has no slots and starts nothing: every day or
// on some days of the week between two times, or from one date through another.
type window struct {
	days     uint64        // days of the week on which it begins, as bits
	from, to time.Duration // since midnight; to excluded; to at or before from: over midnight
	first    string        // dates such as 2026-12-24, both included; empty: it has times
	last     string
}

// covers reports whether a time, in the entry's zone, lies in the window.
func (w window) covers(t time.Time) bool {
	if w.first != "" {
		date := t.Format(time.DateOnly)
		return w.first <= date && date <= w.last
	}
	hour, minute, second := t.Clock()
	clock := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	today, yesterday := w.days>>t.Weekday()&1 == 1, w.days>>((t.Weekday()+6)%7)&1 == 1
	if w.from < w.to {
		return today && w.from <= clock && clock < w.to
	}
	return today && w.from <= clock || yesterday && clock < w.to
}

func (e *Entry) blackedOut(t time.Time) bool {
	t = t.In(e.Timing.zone)
	for _, w := range e.blackouts {
		if w.covers(t) {
			return true
		}
	}
	return false
}

// windowOf reads one blackout window.
func windowOf(m *members) window {
	w := window{days: 1<<7 - 1}
	from, to := m.Text("from"), m.Text("to")
	if days := m.Get("days"); !days.Missing() {
		w.days = m.days(days)
	}
	m.done()
	if isDate(from) && isDate(to) {
		if from > to {
			m.problem("to", "the window ends before it begins")
		}
		if w.days != 1<<7-1 {
			m.problem("days", "days go with times (from 22:00 to 02:00), not with dates")
		}
		w.first, w.last = from, to
		return w
	}
	var okFrom, okTo bool
	w.from, okFrom = clockTime(from)
	w.to, okTo = clockTime(to)
	if !okFrom || !okTo || w.from == w.to || w.from == 24*time.Hour {
		m.problem("from", "a window needs from and to: two times such as 22:00 and 02:00 (24:00 is the end of the day), or two dates such as 2026-12-24 and 2026-12-26, both included")
	}
	return w
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func clockTime(s string) (time.Duration, bool) {
	if s == "24:00" {
		return 24 * time.Hour, true
	}
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err == nil && len(s) == 5
}

// days reads names of days of the week into bits.
func (m *members) days(n httpjson.Value) uint64 {
	var set uint64
	for _, day := range m.strings(n, "days", "mon, tue, wed, thu, fri, sat or sun") {
		i := strings.Index("sunmontuewedthufrisat", strings.ToLower(day))
		if len(day) != 3 || i < 0 || i%3 != 0 {
			m.problem("days", "%.20q is no day: write mon, tue, wed, thu, fri, sat or sun", day)
			continue
		}
		set |= 1 << (i / 3)
	}
	return set
}
