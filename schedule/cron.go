package schedule

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// cron is a parsed expression of five fields. Each field is a set of bits. It matches
// wall-clock times and is independent of time zones.
//
// It is our own code: libraries apply their own rules where clocks change, and do not show
// which hours an expression names, which our rule needs.
type cron struct {
	minute, hour, day, month, weekday uint64
	anyDay, anyWeekday                bool // the field begins with *
}

// field is what one field of an expression may say.
type field struct {
	name      string
	low, high int
	words     string // three letters each, for low and up
}

func cronFields() [5]field {
	return [5]field{
		{"minute", 0, 59, ""}, {"hour", 0, 23, ""}, {"day of month", 1, 31, ""},
		{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
		{"day of week", 0, 7, "sunmontuewedthufrisat"}, // 0 and 7 are Sunday
	}
}

// parseCron reads minute, hour, day of month, month and day of week. Each is *, a
// number, a range 1-5, a step */15 or 0-30/10, or a list of these; months and days
// of the week also by three letters. If neither day field begins with *, a day need
// fit only one of them, as in every cron.
func parseCron(text string) (cron, error) {
	words := strings.Fields(text)
	if len(words) != 5 {
		return cron{}, fmt.Errorf("want five fields (minute hour day-of-month month day-of-week, such as 30 6 * * 1-5), not %d", len(words))
	}
	var sets [5]uint64
	for i, f := range cronFields() {
		for part := range strings.SplitSeq(words[i], ",") {
			set, err := f.parse(part)
			if err != nil {
				return cron{}, fmt.Errorf("%s %.20q: %w", f.name, words[i], err)
			}
			sets[i] |= set
		}
	}
	c := cron{
		minute: sets[0], hour: sets[1], day: sets[2], month: sets[3], weekday: (sets[4] | sets[4]>>7) & 0x7f,
		anyDay: strings.HasPrefix(words[2], "*"), anyWeekday: strings.HasPrefix(words[4], "*"),
	}
	// Every date and every weekday that it can fall on come round within 28 years.
	if _, ok := c.next(time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)); !ok {
		return cron{}, errors.New("there is no such day in any year")
	}
	return c, nil
}

// parse reads one part of a field into its bits.
func (f field) parse(part string) (uint64, error) {
	span, stepText, stepped := strings.Cut(part, "/")
	low, high, err := f.span(span)
	if err != nil {
		return 0, err
	}
	step := 1
	if stepped {
		if step, err = strconv.Atoi(stepText); err != nil || step < 1 || step > f.high {
			return 0, fmt.Errorf("the step %.20q must be a number from 1 to %d", stepText, f.high)
		}
		if span != "*" && !strings.Contains(span, "-") {
			return 0, fmt.Errorf("a step needs * or a range: write %d-%d/%d", low, f.high, step)
		}
	}
	var set uint64
	for i := low; i <= high; i += step {
		set |= 1 << i
	}
	return set, nil
}

func (f field) span(text string) (low, high int, err error) {
	if text == "*" {
		return f.low, f.high, nil
	}
	first, last, ranged := strings.Cut(text, "-")
	if low, err = f.number(first); err != nil || !ranged {
		return low, low, err
	}
	if high, err = f.number(last); err == nil && high < low {
		err = fmt.Errorf("the range %.20q runs backwards: write it as two, such as %d-%d,%d-%d", text, low, f.high, f.low, high)
	}
	return low, high, err
}

func (f field) number(text string) (int, error) {
	if i := strings.Index(f.words, strings.ToLower(text)); len(text) == 3 && i >= 0 && i%3 == 0 {
		return f.low + i/3, nil
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || int(n) < f.low || int(n) > f.high {
		return 0, fmt.Errorf("%.20q must be a number from %d to %d%s", text, f.low, f.high, f.spelled())
	}
	return int(n), nil
}

func (f field) spelled() string {
	if f.words == "" {
		return ""
	}
	return " or a name such as " + f.words[:3]
}

// everyHour reports whether an expression is a frequency and not a time of day: it runs in
// every hour, also in one that clocks repeat.
func (c cron) everyHour() bool { return c.hour == 1<<24-1 }

// next returns the first match at or after a time of the wall clock, which is
// written as a UTC time. None within 28 years: false.
func (c cron) next(w time.Time) (time.Time, bool) {
	if floor := w.Truncate(time.Minute); floor.Before(w) {
		w = floor.Add(time.Minute)
	}
	for limit := w.Year() + 28; w.Year() <= limit; {
		year, month, day := w.Date()
		if c.month>>month&1 == 0 {
			w = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
			continue
		}
		if c.onDay(day, w.Weekday()) {
			if at, ok := c.onClock(w); ok {
				return at, true
			}
		}
		w = time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC)
	}
	return time.Time{}, false
}

// onClock returns the first match at or after w on the day of w, whatever day that is.
func (c cron) onClock(w time.Time) (time.Time, bool) {
	hour, minutes := w.Hour(), c.minute>>w.Minute()<<w.Minute()
	if c.hour>>hour&1 == 0 || minutes == 0 {
		hour += 1 + bits.TrailingZeros64(c.hour>>(hour+1))
		minutes = c.minute
	}
	if hour > 23 {
		return time.Time{}, false
	}
	year, month, day := w.Date()
	return time.Date(year, month, day, hour, bits.TrailingZeros64(minutes), 0, 0, time.UTC), true
}

func (c cron) onDay(day int, weekday time.Weekday) bool {
	inMonth, inWeek := c.day>>day&1 == 1, c.weekday>>weekday&1 == 1
	if c.anyDay || c.anyWeekday {
		return inMonth && inWeek
	}
	return inMonth || inWeek
}
