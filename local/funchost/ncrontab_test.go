package funchost

import (
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestNextSlot(t *testing.T) {
	t.Parallel()
	tests := []struct{ schedule, after, want string }{
		{"*/30 * * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:00:30Z"},
		{"*/30 * * * * *", "2026-01-01T00:00:29.999Z", "2026-01-01T00:00:30Z"},
		{"*/30 * * * * *", "2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z"},
		{"*/30 * * * * *", "2026-12-31T23:59:30Z", "2027-01-01T00:00:00Z"},
		{"* * * * * *", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01Z"},
		{"*/5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"},
		{"0 */5 * * * *", "2026-01-01T00:55:01Z", "2026-01-01T01:00:00Z"},
		{"0 30 9 * * 1-5", "2026-01-02T10:00:00Z", "2026-01-05T09:30:00Z"}, // Friday to Monday
		{"0 30 9 * * Mon-Fri", "2026-01-02T10:00:00Z", "2026-01-05T09:30:00Z"},
		{"0 0 0 1 * *", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"},
		{"0 0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z"},
		{"0 0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"0 0 0 29 february sunday", "2026-01-01T00:00:00Z", "2032-02-29T00:00:00Z"},
		{"0 0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-02-13T00:00:00Z"}, // both fields of the day
		{"0 0 12 * jan,JUL *", "2026-01-31T12:00:00Z", "2026-07-01T12:00:00Z"},
		{"0 10/20 * * * *", "2026-01-01T00:10:00Z", "2026-01-01T00:30:00Z"},
		{"0 10/20 * * * *", "2026-01-01T00:50:00Z", "2026-01-01T01:10:00Z"},
		{"0 0 8-18/5 * * *", "2026-01-01T13:00:00Z", "2026-01-01T18:00:00Z"},
		{"15,45 59 23 31 12 *", "2026-12-31T23:59:15Z", "2026-12-31T23:59:45Z"},
		{"0 0 0 * * 0", "2026-01-01T02:00:00+02:00", "2026-01-04T00:00:00Z"}, // the zone of the time does not count
		{"00:01:30", "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z"},
		{"1.00:00:00", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.schedule+" after "+tt.after, func(t *testing.T) {
			t.Parallel()
			s, err := parseSchedule(tt.schedule)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.next(at(t, tt.after)); !got.Equal(at(t, tt.want)) {
				t.Errorf("next = %v, want %v", got.Format(time.RFC3339Nano), tt.want)
			}
		})
	}
}

func TestScheduleRefuses(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]string{
		"":                    "has 0 fields",
		"* * * *":             "has 4 fields",
		"* * * * * * *":       "has 7 fields",
		"60 * * * * *":        `second: "60"`,
		"* * 24 * * *":        `hour: "24"`,
		"* * * 0 * *":         `day: "0"`,
		"* * * * 13 *":        `month: "13"`,
		"* * * * * 7":         `day of week: "7"`,
		"* * * * ja *":        `month: "ja"`,
		"a * * * * *":         `second: "a"`,
		"30-10 * * * * *":     "ends before it begins",
		"*/0 * * * * *":       `"0" is no step`,
		"*/x * * * * *":       `"x" is no step`,
		"1/9999999999999 * *": "has 3 fields",
		"1/999 * * * * *":     `"999" is no step`,
		",1 * * * * *":        `second: ""`,
		"? * * * * *":         `second: "?"`,
		"0 0 0 30 2 *":        "never comes",
		"00:00:00":            "more than zero",
		"@daily":              "no TimeSpan",
	} {
		if _, err := parseSchedule(schedule); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error = %v, want %q", schedule, err, want)
		}
	}
}

func TestSubMinute(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-01-01T00:00:00Z")
	for schedule, want := range map[string]bool{
		"*/30 * * * * *": true, "0,10 0 * * * *": true, "00:00:59": true,
		"*/5 * * * *": false, "0 * * * * *": false, "00:01:00": false,
	} {
		s, err := parseSchedule(schedule)
		if err != nil {
			t.Fatal(err)
		}
		if got := subMinute(s, now); got != want {
			t.Errorf("%s: sub-minute = %v, want %v", schedule, got, want)
		}
	}
}

func TestFollowing(t *testing.T) {
	t.Parallel()
	s, err := parseSchedule("0 */5 * * * *")
	if err != nil {
		t.Fatal(err)
	}
	slot := at(t, "2026-01-01T00:05:00Z")
	for now, want := range map[string]string{
		"2026-01-01T00:05:20Z": "2026-01-01T00:10:00Z", // in time
		"2026-01-01T00:10:00Z": "2026-01-01T00:10:00Z", // just now
		"2026-01-01T00:31:00Z": "2026-01-01T00:31:00Z", // several missed: one run, at once
	} {
		if got := following(s, slot, at(t, now)); !got.Equal(at(t, want)) {
			t.Errorf("at %s: %v, want %v", now, got, want)
		}
	}
	if got := following(s, at(t, "2026-01-01T00:31:00Z"), at(t, "2026-01-01T00:31:01Z")); !got.Equal(at(t, "2026-01-01T00:35:00Z")) {
		t.Errorf("after a missed slot: %v, want the schedule again", got)
	}
}

func FuzzSchedule(f *testing.F) {
	for _, seed := range []string{"*/30 * * * * *", "0 0 8-18/5 * jan-mar,7 *", "1.02:03:04", "0 0 0 29 2 mon"} {
		f.Add(seed, int64(1_767_225_600))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		s, err := parseSchedule(text)
		if err != nil || unix < 0 || unix > 4_000_000_000 {
			return
		}
		now := time.Unix(unix, 0)
		next := s.next(now)
		if !next.After(now) {
			t.Fatalf("%q: next of %v is %v", text, now, next)
		}
		if c, ok := s.(cron); ok && (!c.onDay(next) || !c.second.has(next.Second()) || !c.minute.has(next.Minute()) || !c.hour.has(next.Hour())) {
			t.Errorf("%q does not allow %v", text, next)
		}
	})
}
