package refresh

import (
	"fmt"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh/machine"
)

func TestSweepTouchesOnlyWhatIsDue(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := leasetest.NewFaulty(lease.NewMemory())
		c := newTestCoordinator(store, &fakePowerBI{length: time.Hour})
		mustTrigger(t, c, wholeModel())
		idle := wholeModel()
		idle.Model.DatasetID = "00000000-0000-0000-0000-000000000001"
		quick := newTestCoordinator(store, &fakePowerBI{length: time.Millisecond})
		finish(t, quick, mustTrigger(t, quick, idle).Link())
		store.Reset()
		if r := sweep(t, c); r.Seen != 2 || r.Due > 1 || !r.Complete {
			t.Errorf("%+v", r)
		}
		for _, call := range store.Calls() {
			if call.Op == leasetest.OpAcquire && call.Name == StateName(idle.Model) {
				t.Error("the idle model was touched")
			}
		}
	})
}

func TestDueMetadata(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		meta lease.Meta
		want bool
	}{
		"idle":       {lease.Meta{metaDue: never}, false},
		"later":      {lease.Meta{metaDue: now.Add(time.Millisecond).Format(time.RFC3339Nano)}, false},
		"now":        {lease.Meta{metaDue: now.Format(time.RFC3339Nano)}, true},
		"wiped":      {nil, true},
		"unreadable": {lease.Meta{metaDue: "tomorrow"}, true},
	} {
		if got := isDue(tt.meta, now); got != tt.want {
			t.Errorf("%s: due %v", name, got)
		}
	}
}

// Metadata that somebody wiped costs one look and is healed by the next write.
func TestSweepSurvivesWipedMetadata(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		c := newTestCoordinator(memory, &fakePowerBI{length: time.Minute})
		id := mustTrigger(t, c, wholeModel()).Link()
		time.Sleep(time.Second)
		doc, err := memory.Read(t.Context(), StateName(testModel))
		if err != nil {
			t.Fatal(err)
		}
		memory.Overwrite(StateName(testModel), doc.Body, nil)
		if v := sweepUntilDone(t, c, id); v.Status != machine.StatusSucceeded {
			t.Errorf("ended as %s", v.Status)
		}
	})
}

// A sweep that runs out of time goes on where it stopped: no model starves.
func TestSweepGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		store := leasetest.NewFaulty(memory)
		c := newTestCoordinator(store, &fakePowerBI{length: time.Minute})
		const models = 120
		var ids []Link
		for i := range models {
			r := wholeModel()
			r.Model.DatasetID = fmt.Sprintf("00000000-0000-0000-0000-%012d", i)
			ids = append(ids, mustTrigger(t, c, r).Link())
		}
		time.Sleep(2 * time.Minute)
		store.Delay(leasetest.OpAcquire, 8*time.Second, 0) // 32 at once: about 96 in 25 s
		first := sweep(t, c)
		if first.Complete {
			t.Fatalf("the sweep was not cut short: %+v", first)
		}
		store.Delay(leasetest.OpAcquire, 0, 0)
		for range 3 {
			sweep(t, c)
			time.Sleep(time.Minute)
		}
		for i, id := range ids {
			if v := mustStatus(t, c, id); v.Status != machine.StatusSucceeded {
				t.Errorf("model %d: %s", i, v.Status)
			}
		}
	})
}

func TestModelOfName(t *testing.T) {
	t.Parallel()
	if m, ok := modelOf(StateName(testModel)); !ok || m != testModel {
		t.Errorf("%v %v", m, ok)
	}
	for _, name := range []string{"models/x.json", "models/a/b/c.json", "keys/status.json", StateName(testModel) + "x"} {
		if _, ok := modelOf(name); ok {
			t.Errorf("%s was taken for a state document", name)
		}
	}
}
