package powerbi

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	at := func(ns int) time.Time { return time.Date(2024, 11, 19, 8, 38, 51, ns, time.UTC) }
	for _, tt := range []struct {
		name, in string
		want     time.Time
	}{
		// seen: kestra-io/plugin-powerbi
		{"history row, trailing zero trimmed", "2024-11-19T08:38:51.96Z", at(960e6)},
		{"attempt, seven digits", "2024-11-19T08:38:51.4759519Z", at(475951900)},
		// documented: samples of the detail
		{"detail, no zone", "2024-11-19T08:38:51.57", at(570e6)},
		{"detail, no zone, three digits", "2024-11-19T08:38:51.833", at(833e6)},
		{"on-demand attempt, five digits", "2024-11-19T08:38:51.93333Z", at(933330000)},
		{"no fraction", "2024-11-19T08:38:51Z", at(0)},
		{"no fraction, no zone", "2024-11-19T08:38:51", at(0)},
		{"one digit", "2024-11-19T08:38:51.5Z", at(500e6)},
		{"an offset", "2024-11-19T09:38:51.5+01:00", at(500e6)},
		{"lower case and spaces", " 2024-11-19t08:38:51z ", at(0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseTime(tt.in)
			if err != nil || !got.Equal(tt.want) || got.Location() != time.UTC {
				t.Errorf("parseTime(%q) = %v, %v, want %v", tt.in, got, err, tt.want)
			}
		})
	}
	for _, in := range []string{"", "soon", "2024-11-19", "2024-13-19T08:38:51Z", "1731999999", "2024-11-19T08:38:51.Z"} {
		if got, err := parseTime(in); err == nil || !got.IsZero() {
			t.Errorf("parseTime(%q) = %v, want an error", in, got)
		}
	}
}

func TestTimestampNeverFails(t *testing.T) {
	t.Parallel()
	for in, zero := range map[string]bool{
		`"2024-11-19T08:38:51Z"`: false, `null`: true, `""`: true, `12`: true, `{}`: true, `"soon"`: true,
	} {
		v := timestamp{time.Now()}
		if err := json.Unmarshal([]byte(in), &v); err != nil || v.IsZero() != zero {
			t.Errorf("%s: %v, %v", in, v, err)
		}
	}
}

func TestServerDate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Time{
		"Tue, 19 Nov 2024 08:37:51 GMT": time.Date(2024, 11, 19, 8, 37, 51, 0, time.UTC),
		"yesterday":                     {},
		"":                              {},
	} {
		if got := serverDate(http.Header{"Date": {in}}); !got.Equal(want) {
			t.Errorf("%q: got %v", in, got)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2024-11-19T08:38:51.4759519Z", "2024-11-19T08:38:51.57", "2024-11-19T09:38:51+01:00", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseTime(s)
		if err != nil {
			return
		}
		again, err := parseTime(got.Format(time.RFC3339Nano))
		if year := got.Year(); year >= 0 && year <= 9999 && (err != nil || !again.Equal(got)) {
			t.Errorf("%q is %v, and back %v, %v", s, got, again, err)
		}
	})
}
