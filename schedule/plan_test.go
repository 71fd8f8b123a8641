package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/refresh/machine"
)

// planned describes the plan for entry e: its slots, how late each is, and how many
// slots before it were missed.
func planned(t *testing.T, members, through, now string) (string, duePlan) {
	t.Helper()
	f := mustParse(t, fileText(members))
	s, _ := State{}.Adopt(f, utc(t, through))
	plan := newPlan(f, s, utc(t, now))
	var words []string
	for _, lane := range plan.Lanes {
		for _, run := range lane.Runs {
			words = append(words, fmt.Sprintf("%s+%s-%d", run.Slot.Format("02T15:04"), length(run.Late+time.Minute), run.Missed))
		}
		if g := lane.GiveUp; g != nil {
			words = append(words, fmt.Sprintf("missed %s-%d", g.Result.Slot.Format("02T15:04"), g.Result.Missed))
		}
	}
	return strings.Join(words, " "), plan
}

func TestPlan(t *testing.T) {
	t.Parallel()
	const hourly, once = `"every":"1h"`, `"every":"1h","catchUp":"once","grace":"2h"`
	for _, tc := range []struct{ what, members, through, now, want string }{
		{"before the slot", hourly, "2026-05-04T06:00", "2026-05-04T06:59", ""},
		{"at the slot", hourly, "2026-05-04T06:00", "2026-05-04T07:00", "04T07:00+1m-0"},
		{"done already", hourly, "2026-05-04T07:00", "2026-05-04T07:00", ""},
		{"a little late", hourly, "2026-05-04T06:00", "2026-05-04T07:10", "04T07:00+11m-0"},
		{"too late", hourly, "2026-05-04T06:00", "2026-05-04T07:11", "missed 04T07:00-0"},
		{"several missed, one on time", hourly, "2026-05-04T03:00", "2026-05-04T07:05", "04T07:00+6m-3"},
		{"several missed", hourly, "2026-05-04T03:00", "2026-05-04T07:30", "missed 04T07:00-3"},
		{"several on time, each by itself", `"every":"5m"`, "2026-05-04T06:00", "2026-05-04T06:12", "04T06:05+8m-0 04T06:10+3m-0"},
		{"catch up", once, "2026-05-04T06:00", "2026-05-04T07:30", "04T07:00+31m-0"},
		{"catch up the newest only", once, "2026-05-04T03:00", "2026-05-04T07:30", "04T07:00+31m-3"},
		{"nothing to catch up if one is on time", once, "2026-05-04T03:00", "2026-05-04T07:05", "04T07:00+6m-3"},
		{"the grace is over", `"cron":"0 7 * * *","catchUp":"once","grace":"2h"`, "2026-05-04T03:00", "2026-05-04T09:01", "missed 04T07:00-0"},
		{"the grace is not over", `"cron":"0 7 * * *","catchUp":"once","grace":"2h"`, "2026-05-04T03:00", "2026-05-04T09:00", "04T07:00+2h1m-0"},
		{"disabled", hourly + `,"enabled":false`, "2026-05-04T06:00", "2026-05-04T07:00", ""},
		{"no slot in a blackout window", hourly + `,"blackout":[{"from":"07:00","to":"07:30"}]`, "2026-05-04T06:00", "2026-05-04T07:00", ""},
		{"no start in a blackout window", hourly + `,"blackout":[{"from":"07:02","to":"07:08"}]`, "2026-05-04T06:00", "2026-05-04T07:05", ""},
		{"after the window", hourly + `,"blackout":[{"from":"07:02","to":"07:08"}]`, "2026-05-04T06:00", "2026-05-04T07:08", "04T07:00+9m-0"},
		{"long ago", `"every":"1m"`, "2025-05-04T06:00", "2026-05-04T07:00", "04T06:50+11m-11509 04T06:51+10m-0 04T06:52+9m-0 04T06:53+8m-0 " +
			"04T06:54+7m-0 04T06:55+6m-0 04T06:56+5m-0 04T06:57+4m-0 04T06:58+3m-0 04T06:59+2m-0 04T07:00+1m-0"}, // 8 days are counted
	} {
		if got, _ := planned(t, tc.members, tc.through, tc.now); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.what, got, tc.want)
		}
	}
}

// Next is a promise: nothing is due before. The tick does not even look until then.
func TestPlanSaysWhenToLookAgain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ members, through, now, next string }{
		{`"every":"1h"`, "2026-05-04T06:00", "2026-05-04T06:10", "2026-05-04T07:00"},
		{`"every":"1h"`, "2026-05-04T06:00", "2026-05-04T07:00", "2026-05-04T08:00"},
		{`"cron":"0 0 1 1 *"`, "2026-05-04T06:00", "2026-05-04T06:10", "2026-05-04T07:10"}, // an hour, for what may change
		{`"every":"1h","blackout":[{"from":"07:02","to":"07:30"}]`, "2026-05-04T06:00", "2026-05-04T07:05", "2026-05-04T07:06"},
		{`"every":"1h","enabled":false`, "2026-05-04T06:00", "2026-05-04T06:10", "2026-05-04T07:10"},
	} {
		if _, plan := planned(t, tc.members, tc.through, tc.now); !plan.Next.Equal(utc(t, tc.next)) {
			t.Errorf("%s at %s: next %v, want %s", tc.members, tc.now, plan.Next, tc.next)
		}
	}
}

// With spread and jitter, every slot is started once, at its own time, in the order of
// the slots.
func TestPlanWithOffsets(t *testing.T) {
	t.Parallel()
	f := mustParse(t, `{"schedules":{"e":{"cron":"*/10 * * * *","spread":"30m","jitter":"45m","models":[`+
		strings.Join(slices.Collect(func(yield func(string) bool) {
			for i := range 9 {
				yield(fmt.Sprintf(`{"workspaceId":%q,"datasetId":"cfafbeb1-8037-4d0c-896e-a46fb27ff22%d"}`, workspace, i))
			}
		}), ",")+`]}}}`)
	from := utc(t, "2026-05-04T00:00")
	s, _ := State{}.Adopt(f, from)
	started := map[string][]time.Time{}
	for now := from; now.Before(from.Add(6 * time.Hour)); now = now.Add(time.Minute) {
		plan := newPlan(f, s, now)
		var done []Done
		for _, lane := range plan.Lanes {
			for _, run := range lane.Runs {
				if start := run.Entry.Start(run.Request.Model, run.Slot); start.After(now) {
					t.Fatalf("%s is started at %v, before %v", lane.Target, now, start)
				}
				started[lane.Target] = append(started[lane.Target], run.Slot)
				done = append(done, Done{lane.Target, run.Entry.Timing.String(), Result{Slot: run.Slot, At: now, Outcome: Started}})
			}
			if lane.GiveUp != nil {
				t.Fatalf("%s gave up %+v", lane.Target, lane.GiveUp)
			}
		}
		s = s.merge(done)
	}
	for target, slots := range started {
		want := slices.Collect(slotsOf(&f.Entries[0], from, from.Add(6*time.Hour)))
		sameSlots(t, target, slots, want[:len(slots)])
		if len(slots) < 27 { // all whose start has come: 6 h less 30 and 45 minutes
			t.Errorf("%s: only %d slots", target, len(slots))
		}
	}
	if len(started) != 9 {
		t.Errorf("%d targets", len(started))
	}
}

func TestOffsetsAreDrawnFairly(t *testing.T) {
	t.Parallel()
	e := &Entry{Name: "e", Spread: 10 * time.Minute}
	slot, minutes := utc(t, "2026-05-04T06:00"), map[time.Duration]int{}
	for i := range 1000 {
		m := machine.Model{WorkspaceID: workspace, DatasetID: fmt.Sprint(i)}
		minutes[e.Start(m, slot).Sub(slot)]++
		if e.Start(m, slot).Sub(slot) != e.Start(m, slot.Add(time.Hour)).Sub(slot.Add(time.Hour)) {
			t.Fatal("the spread of a model is another for each slot")
		}
	}
	for minute := range 10 {
		if n := minutes[time.Duration(minute)*time.Minute]; n < 50 || n > 150 {
			t.Errorf("minute %d has %d of 1000 models: %v", minute, n, minutes)
		}
	}
	if len(minutes) != 10 {
		t.Errorf("%v", minutes)
	}
	e.Spread, e.Jitter = 0, 30*time.Minute
	drawn := map[time.Duration]bool{}
	for i := range 50 {
		at := slot.Add(time.Duration(i) * time.Hour)
		drawn[e.Start(model(), at).Sub(at)] = true
	}
	if len(drawn) < 15 {
		t.Errorf("jitter took only %v", drawn)
	}
}

func TestKeysTellEverythingApart(t *testing.T) {
	t.Parallel()
	slot := utc(t, "2026-10-25T00:30")
	other := machine.Model{WorkspaceID: dataset, DatasetID: workspace}
	keys := map[string]bool{}
	for _, key := range []string{
		Key("a", slot, model()), Key("b", slot, model()), Key("a", slot.Add(time.Minute), model()), Key("a", slot, other),
		Key("a", slot.Add(time.Hour), model()), // the same wall time, repeated
	} {
		keys[key] = true
	}
	if len(keys) != 5 {
		t.Errorf("%v", keys)
	}
	if name := EntryOf(Key("sales-2", slot, model())); name != "sales-2" {
		t.Errorf("the entry in a key is %q", name)
	}
	if here := Key("a", slot.In(zoneNamed(t, "Europe/Berlin")), model()); !keys[here] {
		t.Errorf("%s depends on the zone it is looked at in", here)
	}
}
