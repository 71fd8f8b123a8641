package schedule

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAdopt(t *testing.T) {
	t.Parallel()
	began, now := utc(t, "2026-05-04T06:00"), utc(t, "2026-05-04T09:00")
	last := &Result{Slot: began, Outcome: Started, ID: "op"}
	target := targetName("e", model())
	for _, tc := range []struct {
		what, before, after string
		through             time.Time // zero: none
		changed             bool
	}{
		{"the same file", `"every":"1h"`, `"every":"1h"`, began, false},
		{"another option", `"every":"1h"`, `"every":"1h","maxAttempts":1`, began, true},
		{"spelled differently", `"cron":"0 6 * * *"`, `"cron":" 0  6 * * * "`, began, true},
		{"another time", `"cron":"0 6 * * *"`, `"cron":"0 7 * * *"`, now, true},
		{"another zone", `"cron":"0 6 * * *"`, `"cron":"0 6 * * *","timeZone":"Europe/Berlin"`, now, true},
		{"disabled", `"every":"1h"`, `"every":"1h","enabled":false`, time.Time{}, true},
	} {
		s, first := State{}.Adopt(mustParse(t, fileText(tc.before)), began)
		s = s.merge([]Done{{target, s.Targets[target].Timing, *last}})
		next, changed := s.Adopt(mustParse(t, fileText(tc.after)), now)
		p := next.Targets[target]
		if !first || changed != tc.changed || !p.Through.Equal(tc.through) || !reflect.DeepEqual(p.Last, last) {
			t.Errorf("%s: changed %t, %+v, want through %v", tc.what, changed, p, tc.through)
		}
	}
	s, _ := State{}.Adopt(mustParse(t, fileText(`"every":"1h","enabled":false`)), began)
	s, _ = s.Adopt(mustParse(t, fileText(`"every":"1h"`)), now)
	if p := s.Targets[target]; !p.Through.Equal(now) {
		t.Errorf("enabled again: %+v, want the slots from now on", p)
	}
	if s, _ = s.Adopt(mustParse(t, `{"schedules":{}}`), now); len(s.Targets) != 0 {
		t.Errorf("an entry that is gone is kept: %+v", s)
	}
}

// Two processes may each merge all that they know, in any order: it comes to the same.
func TestMergeInAnyOrder(t *testing.T) {
	t.Parallel()
	f := mustParse(t, fileText(`"every":"1h"`))
	base, _ := State{}.Adopt(f, utc(t, "2026-05-04T00:00"))
	target, timing := targetName("e", model()), "every 1h"
	var all []Done
	for i := range 12 {
		slot := utc(t, "2026-05-04T01:00").Add(time.Duration(i) * time.Hour)
		all = append(all, Done{target, timing, Result{Slot: slot, At: slot, Outcome: Started, ID: slot.String()}})
		all = append(all, Done{target, timing, Result{Slot: slot, At: slot, Outcome: Missed}})
	}
	want := base.merge(all)
	if p := want.Targets[target]; !p.Through.Equal(utc(t, "2026-05-04T12:00")) || p.Last.Outcome != Started {
		t.Fatalf("%+v", p)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		cut := dice.IntN(len(all))
		if got := base.merge(all[:cut]).merge(all).merge(all[cut:]); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
	stale := base.merge([]Done{{target, "every 2h", Result{Slot: utc(t, "2027-01-01T00:00")}}, {"gone", timing, Result{}}})
	if !reflect.DeepEqual(stale, base) {
		t.Errorf("results of another file were merged: %+v", stale)
	}
}

func TestStateCodec(t *testing.T) {
	t.Parallel()
	s, _ := State{}.Adopt(mustParse(t, readTestdata(t, "full.jsonc")), utc(t, "2026-05-04T00:00"))
	body, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeState(body)
	if err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("%v: got %+v, want %+v", err, got, s)
	}
	for text, says := range map[string]string{`{`: "not readable", `{"schema":2}`: "newer version",
		`{"schema":1,"targets":{"a":{"timing":"x","paused":true}}}`: "newer version", `[]`: "not readable"} {
		if _, err := decodeState([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}
