package schedule

import (
	"slices"
	"testing"
	"time"
)

// The rules of the package doc, one by one, where clocks were really changed.
func TestSlotsWhereClocksChange(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		what, zone string
		crons      []string
		from, to   string // wall-free: UTC
		want       []string
	}{
		{"a skipped time runs at the change", "Europe/Berlin", []string{"30 2 * * *"}, "2026-03-28T12:00", "2026-03-30T12:00",
			[]string{"2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"}},
		{"once for all that was skipped, and for what falls on the change", "Europe/Berlin", []string{"*/20 2,3 * * *"}, "2026-03-28T12:00", "2026-03-29T02:00",
			[]string{"2026-03-29T03:00+02:00", "2026-03-29T03:20+02:00", "2026-03-29T03:40+02:00", "2026-03-29T04:00+02:00"}[:3]},
		{"so often goes on", "Europe/Berlin", []string{"*/30 * * * *"}, "2026-03-29T00:00", "2026-03-29T02:00",
			[]string{"2026-03-29T01:30+01:00", "2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00", "2026-03-29T04:00+02:00"}},
		{"a repeated time runs the first time", "Europe/Berlin", []string{"30 2 * * *"}, "2026-10-24T12:00", "2026-10-25T12:00",
			[]string{"2026-10-25T02:30+02:00"}},
		{"so often runs both times", "Europe/Berlin", []string{"30 * * * *"}, "2026-10-24T23:45", "2026-10-25T02:00",
			[]string{"2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"}},
		{"each expression by itself", "Europe/Berlin", []string{"30 * * * *", "15 2 * * *"}, "2026-10-24T23:45", "2026-10-25T02:00",
			[]string{"2026-10-25T02:15+02:00", "2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"}},
		{"half an hour is skipped", "Australia/Lord_Howe", []string{"15 2 * * *"}, "2026-10-03T00:00", "2026-10-04T20:00",
			[]string{"2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"}},
		{"half an hour is repeated", "Australia/Lord_Howe", []string{"45 1 * * *"}, "2026-04-04T00:00", "2026-04-05T00:00",
			[]string{"2026-04-05T01:45+11:00"}},
		{"half an hour is repeated, so often", "Australia/Lord_Howe", []string{"*/15 * * * *"}, "2026-04-04T14:15", "2026-04-04T15:30",
			[]string{"2026-04-05T01:30+11:00", "2026-04-05T01:45+11:00", "2026-04-05T01:30+10:30", "2026-04-05T01:45+10:30", "2026-04-05T02:00+10:30"}},
		{"quarters of an hour off UTC", "Asia/Kathmandu", []string{"0 7 * * *"}, "2026-05-01T00:00", "2026-05-02T12:00",
			[]string{"2026-05-01T07:00+05:45", "2026-05-02T07:00+05:45"}},
		{"half an hour off, with summer time", "America/St_Johns", []string{"30 2 * * *"}, "2026-03-08T00:00", "2026-03-09T12:00",
			[]string{"2026-03-08T03:00-02:30", "2026-03-09T02:30-02:30"}},
		{"a day that does not exist", "Pacific/Apia", []string{"0 7 * * *"}, "2011-12-29T12:00", "2011-12-31T12:00",
			[]string{"2011-12-29T07:00-10:00", "2011-12-31T00:00+14:00", "2011-12-31T07:00+14:00"}},
		{"turned back for Ramadan", "Africa/Casablanca", []string{"30 2 * * *"}, "2026-02-14T12:00", "2026-02-15T12:00",
			[]string{"2026-02-15T02:30+01:00"}},
		{"and forward again", "Africa/Casablanca", []string{"30 2 * * *"}, "2026-03-21T12:00", "2026-03-22T12:00",
			[]string{"2026-03-22T03:00+01:00"}},
		{"midnight does not exist", "America/Santiago", []string{"0 0 * * *"}, "2026-09-05T12:00", "2026-09-07T12:00",
			[]string{"2026-09-06T01:00-03:00", "2026-09-07T00:00-03:00"}},
		{"leap day", "UTC", []string{"0 0 29 2 *"}, "2026-01-01T00:00", "2029-01-01T00:00", []string{"2028-02-29T00:00Z"}},
		{"either day field", "UTC", []string{"0 0 13 * fri"}, "2026-03-01T00:00", "2026-03-21T00:00",
			[]string{"2026-03-06T00:00Z", "2026-03-13T00:00Z", "2026-03-20T00:00Z"}},
	} {
		t.Run(tc.zone+" "+tc.what, func(t *testing.T) {
			t.Parallel()
			e := entryOf(t, tc.zone, tc.crons...)
			var got []string
			for slot := range slotsOf(e, utc(t, tc.from), utc(t, tc.to)) {
				got = append(got, slot.In(e.Timing.zone).Format("2006-01-02T15:04Z07:00"))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
		})
	}
}

// Slots agrees with the oracle in every minute of a year, in whatever pieces it is asked.
func TestSlotsAgreeWithTheOracle(t *testing.T) {
	t.Parallel()
	crons := [][]string{
		{"30 2 * * *"}, {"*/15 * * * *"}, {"0,45 1-3 * * *", "30 * * * *"}, {"10 0 1,15 * 1-5"}, {"*/7 */5 * 3,10-12 0,6"}, {"59 23 * * 7", "0 0 * * 1"},
	}
	for i, zone := range []string{
		"Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia",
		"Africa/Casablanca", "America/Santiago", "America/Havana", "UTC",
	} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			from, to := utc(t, "2026-01-01T00:00"), utc(t, "2027-01-01T00:00")
			if i%2 == 1 || zone == "Pacific/Apia" {
				end := utc(t, "2012-02-01T00:00") // Apia lost a day shortly before
				from, to = end.Add(from.Sub(to)), end
			}
			for _, c := range crons {
				e := entryOf(t, zone, c...)
				want := slices.Collect(oracle(c, e.Timing.zone, from, to))
				var got []time.Time
				for at := from; at.Before(to); at = at.Add(37 * time.Hour) { // pieces that end anywhere
					end := at.Add(37 * time.Hour)
					if end.After(to) {
						end = to
					}
					got = slices.AppendSeq(got, slotsOf(e, at, end))
				}
				sameSlots(t, c, got, want)
			}
		})
	}
}

func sameSlots(t *testing.T, what any, got, want []time.Time) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !got[i].Equal(want[i]) {
			t.Errorf("%v: %d slots, want %d; they differ from %v on: got %v", what, len(got), len(want), tail(want, i), tail(got, i))
			return
		}
	}
	if len(want) == 0 {
		t.Errorf("%v: no slots at all: the test shows nothing", what)
	}
}

func tail(list []time.Time, i int) []time.Time { return list[min(i, len(list)):min(i+3, len(list))] }

// Asked minute by minute, no slot comes twice and none is lost.
func TestSlotsByTheMinute(t *testing.T) {
	t.Parallel()
	e := entryOf(t, "Australia/Lord_Howe", "*/10 * * * *", "45 1 * * *")
	for _, day := range []string{"2026-04-04T00:00", "2026-10-03T00:00"} {
		from := utc(t, day)
		want := slices.Collect(slotsOf(e, from, from.Add(48*time.Hour)))
		var got []time.Time
		for at := from; at.Before(from.Add(48 * time.Hour)); at = at.Add(time.Minute) {
			got = slices.AppendSeq(got, slotsOf(e, at, at.Add(time.Minute)))
		}
		sameSlots(t, day, got, want)
	}
}

func TestEveryCountsElapsedTime(t *testing.T) {
	t.Parallel()
	e := &Entry{Timing: Timing{every: 90 * time.Minute, zone: zoneNamed(t, "Europe/Berlin")}}
	got := slices.Collect(slotsOf(e, utc(t, "2026-03-28T23:59"), utc(t, "2026-03-29T04:30")))
	want := []time.Time{utc(t, "2026-03-29T00:00"), utc(t, "2026-03-29T01:30"), utc(t, "2026-03-29T03:00"), utc(t, "2026-03-29T04:30")}
	sameSlots(t, "every 90m", got, want)
	e.Timing.every = 7 * time.Minute // no divisor of a day: the rhythm is one all the same
	pieces := slices.Collect(slotsOf(e, utc(t, "1999-12-30T00:00"), utc(t, "2000-01-01T12:00")))
	pieces = slices.AppendSeq(pieces, slotsOf(e, utc(t, "2000-01-01T12:00"), utc(t, "2000-01-03T00:00")))
	sameSlots(t, "every 7m", pieces, slices.Collect(slotsOf(e, utc(t, "1999-12-30T00:00"), utc(t, "2000-01-03T00:00"))))
}

func TestBlackoutWindows(t *testing.T) {
	t.Parallel()
	all := uint64(1<<7 - 1)
	for _, tc := range []struct {
		what string
		w    window
		in   []string // wall time in Berlin
		out  []string
	}{
		{"daily", window{days: all, from: 8 * time.Hour, to: 17 * time.Hour},
			[]string{"2026-05-04T08:00", "2026-05-04T16:59"}, []string{"2026-05-04T07:59", "2026-05-04T17:00"}},
		{"over midnight", window{days: all, from: 22 * time.Hour, to: 2 * time.Hour},
			[]string{"2026-05-04T22:00", "2026-05-05T01:59"}, []string{"2026-05-04T21:59", "2026-05-05T02:00"}},
		{"from Saturday over midnight", window{days: 1 << time.Saturday, from: 22 * time.Hour, to: 2 * time.Hour},
			[]string{"2026-05-09T22:30", "2026-05-10T01:30"}, []string{"2026-05-09T01:30", "2026-05-10T22:30", "2026-05-08T22:30"}},
		{"to the end of the day", window{days: all, from: 22 * time.Hour, to: 24 * time.Hour},
			[]string{"2026-05-04T23:59"}, []string{"2026-05-05T00:00"}},
		{"dates", window{first: "2026-12-24", last: "2026-12-26"},
			[]string{"2026-12-24T00:00", "2026-12-26T23:59"}, []string{"2026-12-23T23:59", "2026-12-27T00:00"}},
	} {
		e := entryOf(t, "Europe/Berlin", "* * * * *")
		e.blackouts = []window{tc.w}
		for covered, times := range map[bool][]string{true: tc.in, false: tc.out} {
			for _, text := range times {
				at := wall(t, text, e.Timing.zone)
				if n := len(slices.Collect(slotsOf(e, at.Add(-time.Minute), at))); e.blackedOut(at) != covered || (n == 0) != covered {
					t.Errorf("%s: %s is covered: %t, %d slots", tc.what, text, e.blackedOut(at), n)
				}
			}
		}
	}
}

func utc(t *testing.T, text string) time.Time { t.Helper(); return wall(t, text, time.UTC) }

func wall(t *testing.T, text string, zone *time.Location) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02T15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
