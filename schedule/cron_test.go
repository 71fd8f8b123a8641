package schedule

import (
	"strings"
	"testing"
	"time"
)

func TestParseCron(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, first string }{ // the first match from 2026-01-01T00:00, a Thursday
		{"* * * * *", "2026-01-01T00:00"},
		{"30 6 * * 1-5", "2026-01-01T06:30"},
		{"30 6 * * mon", "2026-01-05T06:30"},
		{"30 6 * * SUN,tue", "2026-01-04T06:30"},
		{"0 0 * * 7", "2026-01-04T00:00"},
		{"0 0 * * 5-7", "2026-01-02T00:00"},
		{"0 0 1 feb,Dec *", "2026-02-01T00:00"},
		{"*/15 10-12/2 31 * *", "2026-01-31T10:00"},
		{"59 23 31 12 *", "2026-12-31T23:59"},
		{"0 0 29 2 *", "2028-02-29T00:00"},
		{"0 0 29 2 1", "2026-02-02T00:00"}, // a Monday in February, or the 29th
		{"5,50-59/3 0 * * *", "2026-01-01T00:05"},
		{"  0   7 *  *\t* ", "2026-01-01T07:00"},
		{"0 0 */10 * *", "2026-01-01T00:00"},
		{"0 0 * */11 *", "2026-01-01T00:00"},
	} {
		c, err := parseCron(tc.text)
		if err != nil {
			t.Errorf("%q: %v", tc.text, err)
			continue
		}
		if got, ok := c.next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)); !ok || got.Format("2006-01-02T15:04") != tc.first {
			t.Errorf("%q: first at %v, want %s", tc.text, got, tc.first)
		}
	}
}

func TestBadCron(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                                    "five fields",
		"* * * *":                             "five fields",
		"0 */5 * * * *":                       "five fields", // NCRONTAB has seconds
		"@daily":                              "five fields",
		"60 * * * *":                          "minute \"60\": \"60\" must be a number from 0 to 59",
		"* 24 * * *":                          "hour",
		"* * 0 * *":                           "from 1 to 31",
		"* * 32 * *":                          "day of month",
		"* * * 13 *":                          "name such as jan",
		"* * * * 8":                           "name such as sun",
		"* * * * sunday":                      "day of week",
		"* * * * L":                           "day of week",
		"* * ? * *":                           "day of month",
		"-1 * * * *":                          "minute",
		"+1 * * * *":                          "minute",
		"1- * * * *":                          "minute",
		"5-1 * * * *":                         "backwards",
		"* 22-2 * * *":                        "22-23,0-2",
		"*/0 * * * *":                         "step",
		"*/60 * * * *":                        "step",
		"*/x * * * *":                         "step",
		"5/15 * * * *":                        "5-59/15",
		"1,,2 * * * *":                        "minute",
		", * * * *":                           "minute",
		"* * 31 2 *":                          "no such day",
		"* * 31 4,6,9 *":                      "no such day",
		"TZ=UTC 0 0 * * *":                    "five fields",
		"0 0 * jan-x *":                       "month",
		"٣ * * * *":                           "minute",
		"*/1000000000000000000000000 * * * *": "step",
	} {
		if _, err := parseCron(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

// Whatever is taken has a next time that fits, and no earlier one does.
func FuzzCron(f *testing.F) {
	for _, seed := range []string{"30 6 * * 1-5", "*/15 8-18 1,15 jan *", "0 0 29 2 *", "5-9/2 0 * * sun", "* * 31 2 *"} {
		f.Add(seed, int64(1780000000))
	}
	f.Fuzz(func(t *testing.T, text string, at int64) {
		c, err := parseCron(text)
		if err != nil {
			return
		}
		from := time.Unix(at%4102444800, 0).UTC() // 1830 to 2100
		got, ok := c.next(from)
		if !ok || got.Before(from) || got.Second() != 0 {
			t.Fatalf("%q from %v: %v", text, from, got)
		}
		if again, _ := c.next(got); !again.Equal(got) {
			t.Fatalf("%q: %v fits, but the search goes on to %v", text, got, again)
		}
		for m := from.Truncate(time.Minute).Add(time.Minute); m.Before(got) && m.Before(from.Add(48*time.Hour)); m = m.Add(time.Minute) {
			if early, _ := c.next(m); early.Equal(m) {
				t.Fatalf("%q from %v: %v was passed over for %v", text, from, m, got)
			}
		}
	})
}
