package schedule

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The oracle reads the rules of the package doc a second time, in the most naive way:
// it walks every minute, looks at the clock on the wall, and compares texts.

// oracle lists the slots of cron expressions in (from, to].
func oracle(crons []string, zone *time.Location, from, to time.Time) iter.Seq[time.Time] {
	var tables []oracleTable
	for _, c := range crons {
		tables = append(tables, newOracleTable(c))
	}
	return func(yield func(time.Time) bool) {
		latest := wallOf(from.Add(-3*time.Hour), zone) // the latest wall time that was shown
		for t := from.Add(-3 * time.Hour); !t.After(to); t = t.Add(time.Minute) {
			wall := wallOf(t, zone)
			hit := slices.ContainsFunc(tables, func(c oracleTable) bool { return c.minute(wall, latest) })
			if wall.After(latest) {
				latest = wall
			}
			if hit && t.After(from) && !yield(t) {
				return
			}
		}
	}
}

// oracleTable is an expression written out: which value of which field it names.
type oracleTable struct {
	fields    [5][60]bool
	stars     [5]bool
	everyHour bool
}

func newOracleTable(c string) oracleTable {
	table := oracleTable{everyHour: strings.Fields(c)[1] == "*"}
	for i, text := range strings.Fields(c) {
		table.stars[i] = text[0] == '*'
		for value := range 60 {
			table.fields[i][value] = oracleField(text, value)
		}
	}
	return table
}

// minute reports whether there is a slot in the minute in which the clock shows wall and
// has shown times up to latest before.
func (c oracleTable) minute(wall, latest time.Time) bool {
	if !wall.After(latest) && !c.everyHour {
		return false
	}
	hit := c.matches(wall)
	for skipped := latest.Add(time.Minute); skipped.Before(wall); skipped = skipped.Add(time.Minute) {
		hit = hit || c.matches(skipped)
	}
	return hit
}

// wallOf is what the clock shows, written as a UTC time.
func wallOf(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

func (c oracleTable) matches(wall time.Time) bool {
	hour, minute, _ := wall.Clock()
	if !c.fields[0][minute] || !c.fields[1][hour] {
		return false
	}
	_, month, dayOfMonth := wall.Date()
	day := c.fields[2][dayOfMonth]
	weekday := c.fields[4][wall.Weekday()] || wall.Weekday() == 0 && c.fields[4][7]
	days := day && weekday
	if !c.stars[2] && !c.stars[4] {
		days = day || weekday
	}
	return c.fields[3][month] && days
}

// oracleField knows *, */n, a, a-b, a-b/n and lists of numbers.
func oracleField(text string, value int) bool {
	return slices.ContainsFunc(strings.Split(text, ","), func(part string) bool {
		span, step, stepped := strings.Cut(part, "/")
		by := 1
		if stepped {
			by = atoi(step)
		}
		if span == "*" {
			// Days of a month and months begin at 1, which no test here steps over.
			return value%by == 0
		}
		low, high, ranged := strings.Cut(span, "-")
		if !ranged {
			return atoi(low) == value
		}
		return atoi(low) <= value && value <= atoi(high) && (value-atoi(low))%by == 0
	})
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func zoneNamed(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// entryOf is an entry with these expressions and nothing else.
func entryOf(t *testing.T, zone string, crons ...string) *Entry {
	t.Helper()
	e := &Entry{Name: "e", Enabled: true, CatchUp: CatchUpSkip, Timing: Timing{zone: zoneNamed(t, zone), text: strings.Join(crons, " | ") + "; " + zone}}
	for _, text := range crons {
		c, err := parseCron(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		e.Timing.crons = append(e.Timing.crons, c)
	}
	return e
}
