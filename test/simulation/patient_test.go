package simulation

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/refresh"
)

// patience is how long a caller waits for an answer: what the WebHook activity allows.
const patience = 59 * time.Second

// costly are the deeds after which a 503 is right, because the storage cannot be used or a
// document is gone, or whose clock ends a caller's wait before its time.
var costly = []string{"outage", "recreate", "leap"}

// turnedAway reports a 503 to a caller that still waits, and notes it where nothing has
// happened that may cost one (G9).
func (w *world) turnedAway(ctx context.Context, what string, err error) bool {
	var later *refresh.UnavailableError
	if !errors.As(err, &later) {
		return false
	}
	if w.patient && ctx.Err() == nil {
		w.oracle.violated("G9: %s was refused: %v", what, err)
	}
	return true
}

// TestNobodyIsTurnedAway: processes crash and stand still with leases, and every call of
// the store may be executed after its caller gave up; no caller gets a 503 for it.
func TestNobodyIsTurnedAway(t *testing.T) {
	if elsewhere(t) {
		return
	}
	defer inOrder()()
	late := 0
	for seed := uint64(1); seed <= patients; seed++ {
		sow(t, seed)
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed, honest)
			w.patient = true
			w.play()
			for _, v := range w.oracle.violations() {
				t.Errorf("seed %d: %s", seed, v)
			}
			if t.Failed() {
				t.Logf("the last events of %s\n%s", w.describe(), w.trace.last(120))
			}
			for _, op := range []string{"read", "create", "acquire", "write", "release"} {
				late += w.cover.count("store " + op + ": late")
			}
		})
		if t.Failed() {
			return
		}
	}
	if late < patients/2 {
		t.Errorf("%d late requests in %d schedules: this proves nothing", late, patients)
	}
}
