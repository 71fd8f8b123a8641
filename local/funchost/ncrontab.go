package funchost

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A schedule says when a timer is due.
type schedule interface {
	// next returns the first slot after t, in UTC.
	next(t time.Time) time.Time
}

// parseSchedule reads what the timer trigger takes: NCRONTAB with five or six
// fields (six: seconds first) or a TimeSpan.
func parseSchedule(text string) (schedule, error) {
	fields := strings.Fields(text)
	if len(fields) == 1 {
		return parseInterval(fields[0])
	}
	if len(fields) == 5 {
		fields = append([]string{"0"}, fields...)
	}
	if len(fields) != 6 {
		return nil, fmt.Errorf("%q has %d fields, want 5 or 6 (seconds first), or a TimeSpan", text, len(fields))
	}
	var c cron
	for i, target := range []*bits{&c.second, &c.minute, &c.hour, &c.day, &c.month, &c.weekday} {
		var err error
		if *target, err = cronFields[i].parse(fields[i]); err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
	}
	if c.next(time.Now()).IsZero() {
		return nil, fmt.Errorf("%q never comes: no such day", text)
	}
	return c, nil
}

// An interval is a TimeSpan schedule.
type interval time.Duration

func parseInterval(text string) (schedule, error) {
	d, err := parseTimeSpan(text)
	if err != nil {
		return nil, err
	}
	if d <= 0 {
		return nil, errors.New("a TimeSpan must be more than zero")
	}
	return interval(d), nil
}

func (i interval) next(t time.Time) time.Time { return t.UTC().Add(time.Duration(i)) }

// cron holds the allowed values of each field. Unlike in Unix cron, a day must
// match both its fields (NCrontab, source).
type cron struct{ second, minute, hour, day, month, weekday bits }

type bits uint64

func (b bits) has(n int) bool { return b&(1<<n) != 0 }

type cronField struct {
	name     string
	min, max int
	names    []string // of min, min+1, ...
}

var cronFields = [6]cronField{
	{"second", 0, 59, nil},
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day", 1, 31, nil},
	{"month", 1, 12, []string{
		"january", "february", "march", "april", "may", "june", "july",
		"august", "september", "october", "november", "december",
	}},
	{"day of week", 0, 6, []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}},
}

// parse reads a list of *, a, a-b, each with an optional /step; a/step runs to
// the greatest value.
func (f cronField) parse(text string) (bits, error) {
	var set bits
	for item := range strings.SplitSeq(text, ",") {
		from, to, step, err := f.parseItem(item)
		if err != nil {
			return 0, err
		}
		for n := from; n <= to; n += step {
			set |= 1 << n
		}
	}
	return set, nil
}

func (f cronField) parseItem(item string) (from, to, step int, err error) {
	span, stepText, stepped := strings.Cut(item, "/")
	step = 1
	if stepped {
		if step, err = strconv.Atoi(stepText); err != nil || step < 1 || step > 60 {
			return 0, 0, 0, fmt.Errorf("%s: %q is no step", f.name, stepText)
		}
	}
	if span == "*" {
		return f.min, f.max, step, nil
	}
	fromText, toText, ranged := strings.Cut(span, "-")
	if from, err = f.value(fromText); err != nil {
		return 0, 0, 0, err
	}
	to = from
	switch {
	case ranged:
		if to, err = f.value(toText); err != nil {
			return 0, 0, 0, err
		}
	case stepped:
		to = f.max
	}
	if from > to {
		return 0, 0, 0, fmt.Errorf("%s: %q ends before it begins", f.name, span)
	}
	return from, to, step, nil
}

func (f cronField) value(text string) (int, error) {
	for i, name := range f.names {
		if len(text) >= 3 && strings.HasPrefix(name, strings.ToLower(text)) {
			return f.min + i, nil
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.min || n > f.max {
		return 0, fmt.Errorf("%s: %q is not one of %d-%d", f.name, text, f.min, f.max)
	}
	return n, nil
}

// searchYears is enough for a 29 February on a given weekday, whose longest gap
// is 40 years.
const searchYears = 41

func (c cron) next(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Second).Add(time.Second)
	year, month, dayOfMonth := t.Date()
	day := time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC)
	from := int(t.Sub(day) / time.Second)
	for ; day.Year() <= year+searchYears; day = day.AddDate(0, 0, 1) {
		if c.onDay(day) {
			if second, found := c.inDay(from); found {
				return day.Add(time.Duration(second) * time.Second)
			}
		}
		from = 0
	}
	return time.Time{}
}

func (c cron) onDay(day time.Time) bool {
	return c.month.has(int(day.Month())) && c.day.has(day.Day()) && c.weekday.has(int(day.Weekday()))
}

// inDay finds the first matching second of a day, not before from.
func (c cron) inDay(from int) (int, bool) {
	for s := from; s < 24*60*60; {
		switch {
		case !c.hour.has(s / 3600):
			s = (s/3600 + 1) * 3600
		case !c.minute.has(s / 60 % 60):
			s = (s/60 + 1) * 60
		case !c.second.has(s % 60):
			s++
		default:
			return s, true
		}
	}
	return 0, false
}
