package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/lease"
	"pbirefresh/lease/bloblease"
	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
	"pbirefresh/schedule"
)

const scheduleBlob = "config/schedules.json"

// stateStore is the state container as an operator's tools see it.
func stateStore(t *testing.T, settings map[string]string) lease.Store {
	t.Helper()
	store, err := bloblease.New(bloblease.Options{ConnectionString: settings["STATE_STORAGE"], Container: settings["STATE_CONTAINER"]})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// scheduledMinutesAgo is a file whose one slot was two minutes ago, and the progress of
// an app that knew it before.
func scheduledMinutesAgo(t *testing.T, store lease.Store) time.Time {
	t.Helper()
	slot := time.Now().UTC().Add(-2 * time.Minute).Truncate(time.Minute)
	model := sim.Sales()
	text := fmt.Sprintf("// in a blob\n{\"schedules\":{\"sales\":{\"workspaceId\":%q,\"datasetId\":%q,\"cron\":\"%d %d * * *\"}}}", model.Workspace, model.Model, slot.Minute(), slot.Hour())
	f, err := schedule.Parse([]byte(text), handler.ScheduleRequest(0))
	if err != nil {
		t.Fatal(err)
	}
	known, _ := schedule.State{}.Adopt(f, slot.Add(-time.Hour))
	progress, err := known.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{scheduleBlob: []byte(text), "schedules/progress.json": progress} {
		if _, err := store.Create(t.Context(), name, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	return slot
}

func (a *app) schedules() handler.SchedulesDocument {
	a.t.Helper()
	resp, text := a.call("GET", "/api/schedules", "")
	var d handler.SchedulesDocument
	if err := json.Unmarshal([]byte(text), &d); err != nil || resp.StatusCode != http.StatusOK {
		a.t.Fatalf("%s %v %s\n%s", resp.Status, err, text, a.log())
	}
	return d
}

// tickUntil fires the timer until the schedules stand as wanted.
func (a *app) tickUntil(what string, stands func(handler.SchedulesDocument) bool) handler.SchedulesDocument {
	a.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		if err := a.host.Fire(a.t.Context(), "RefreshSchedule"); err != nil {
			a.t.Fatalf("%v\n%s", err, a.log())
		}
		d := a.schedules()
		if stands(d) {
			return d
		}
		if time.Now().After(deadline) {
			a.t.Fatalf("never %s: %+v\n%s", what, d, a.log())
		}
	}
}

// Two instances take up a slot at once, and again and again: one refresh.
func TestASlotRunsOnceOnTwoInstances(t *testing.T) {
	t.Parallel()
	world, settings := newWorld(t), onAzurite(t)
	settings["SCHEDULES_FILE"] = "blob:" + scheduleBlob
	slot := scheduledMinutesAgo(t, stateStore(t, settings))
	apps := []*app{startApp(t, world, settings), startApp(t, world, settings)}
	var both sync.WaitGroup
	for _, a := range apps {
		both.Go(func() {
			for range 3 {
				if err := a.host.Fire(t.Context(), "RefreshSchedule"); err != nil {
					t.Errorf("%v\n%s", err, a.log())
				}
			}
		})
	}
	both.Wait()
	d := apps[0].tickUntil("started", func(d handler.SchedulesDocument) bool { return d.Schedules[0].Models[0].Last != nil })
	last := d.Schedules[0].Models[0].Last
	if !last.Slot.Equal(slot) || last.Outcome != schedule.Started || len(d.Schedules[0].Next) != 5 {
		t.Errorf("%+v", d)
	}
	if doc := apps[1].finish(apps[1].at(last.StatusURL)); doc.Status != machine.StatusSucceeded {
		t.Errorf("the refresh ended as %s", doc.Status)
	}
	if err := apps[1].host.Fire(t.Context(), "RefreshSchedule"); err != nil {
		t.Error(err)
	}
	if c := counters(t, world, sim.Sales()); c.Accepted != 1 {
		t.Errorf("Power BI accepted %d refreshes for one slot", c.Accepted)
	}
	if after := apps[1].schedules().Schedules[0].Models[0].Last; after.Status != machine.StatusSucceeded || after.StatusURL == "" {
		t.Errorf("%+v", after)
	}
}

// A slot that comes to nothing is seen: in the listing with its reason, and in the log.
func TestASlotThatComesToNothingIsSeen(t *testing.T) {
	t.Parallel()
	for what, want := range map[string]handler.ScheduledSlot{
		"quota":     {Outcome: schedule.Started, Status: machine.StatusFailed},
		"forbidden": {Outcome: schedule.Refused},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			world, settings := newWorld(t), onAzurite(t)
			settings["SCHEDULES_FILE"] = "blob:" + scheduleBlob
			code := machine.CodeDailyLimit
			if what == "forbidden" {
				settings["ALLOWED_MODELS"], code = sim.SharedWorkspace, schedule.CodeModelNotAllowed
			} else if err := world.Fail(sim.Fault{Kind: sim.QuotaExceeded, Op: sim.OpStart}); err != nil {
				t.Fatal(err)
			}
			scheduledMinutesAgo(t, stateStore(t, settings))
			a := startApp(t, world, settings)
			d := a.tickUntil("dealt with", func(d handler.SchedulesDocument) bool { return d.Schedules[0].Models[0].Last != nil })
			last := d.Schedules[0].Models[0].Last
			if last.Outcome != want.Outcome || last.Status != want.Status || last.Error == nil || last.Error.Code != code || (last.StatusURL == "") == (what == "quota") {
				t.Errorf("%+v %+v", last, last.Error)
			}
			if log := a.log(); !strings.Contains(log, `"event":"schedule.failed"`) || !strings.Contains(log, code) {
				t.Errorf("%s", log)
			}
			if c := counters(t, world, sim.Sales()); c.Accepted != 0 {
				t.Errorf("%d refreshes", c.Accepted)
			}
		})
	}
}

// replace puts another text into a blob, as an operator would while the app runs.
func replace(t *testing.T, store lease.Store, name, text string) {
	t.Helper()
	s, err := lease.Enter(t.Context(), store, name)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	if err := s.Commit(t.Context(), []byte(text), nil, func([]byte) bool { return false }); err != nil {
		t.Fatal(err)
	}
}

// A blob is read while the app runs. A bad version changes nothing, also for a process
// that begins with it; the next good one counts.
func TestAScheduleBlobIsChangedWithoutDeploying(t *testing.T) {
	t.Parallel()
	world, settings := newWorld(t), onAzurite(t)
	settings["SCHEDULES_FILE"] = "blob:" + scheduleBlob
	store := stateStore(t, settings)
	scheduledMinutesAgo(t, store)
	a := startApp(t, world, settings)
	good := a.tickUntil("read", func(d handler.SchedulesDocument) bool { return len(d.Schedules) == 1 }).Source.Version
	replace(t, store, scheduleBlob, `{"schedules":{"sales":{"cron":"61 * * * *"}}}`)
	for range 2 {
		d := a.tickUntil("refused", func(d handler.SchedulesDocument) bool { return d.Source.Problem != nil })
		if len(d.Schedules) != 1 || d.Source.Version != good || d.Source.Problem.Code != schedule.CodeFileInvalid || len(d.Source.Problem.Details) != 3 {
			t.Errorf("%+v %+v", d, d.Source.Problem)
		}
		a = startApp(t, world, settings)
	}
	model := sim.Finance()
	replace(t, store, scheduleBlob, fmt.Sprintf(`{"schedules":{"finance":{"workspaceId":%q,"datasetId":%q,"every":"1h"}}}`, model.Workspace, model.Model))
	d := a.tickUntil("changed", func(d handler.SchedulesDocument) bool { return d.Source.Problem == nil })
	if len(d.Schedules) != 1 || d.Schedules[0].Name != "finance" || d.Source.Version == good {
		t.Errorf("%+v", d)
	}
}
