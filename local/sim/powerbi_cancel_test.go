package sim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

func TestCancel(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(*sim.Knobs)
		after  time.Duration // from the DELETE
		status string
	}{
		{"at once", func(*sim.Knobs) {}, 0, "Cancelled"},
		{"asynchronous: seen semantic-link-labs", func(k *sim.Knobs) { k.CancelTakes = 2 * time.Second }, time.Second, "InProgress"},
		{"asynchronous, later", func(k *sim.Knobs) { k.CancelTakes = 2 * time.Second }, 2 * time.Second, "Cancelled"},
		{"may still complete: seen semantic-link-labs", func(k *sim.Knobs) { k.IgnoreCancel = true }, time.Minute, "Completed"},
		{"completes before the cancel takes effect", func(k *sim.Knobs) { k.CancelTakes = time.Hour }, time.Minute, "Completed"},
		{"stuck", func(k *sim.Knobs) { k.Stuck = true }, 0, "Cancelled"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.tune(sim.Sales(), row.change)
			id := b.mustStart(sim.Sales(), enhancedBody)
			b.clock.Add(time.Second)
			if r := b.cancel(sim.Sales(), id); r.status != http.StatusOK || r.body != "" {
				t.Fatalf("documented: 200, empty: got %d %q; want HTTP 200, no body", r.status, r.body)
			}
			b.clock.Add(row.after)
			if got := b.detail(sim.Sales(), id).json(t)["extendedStatus"]; got != row.status {
				t.Errorf("%v, want %s", got, row.status)
			}
			if n := b.counters(sim.Sales()).Cancels; n != 1 {
				t.Errorf("got %d cancels counted; want 1", n)
			}
		})
	}
}

// Seen: after the DELETE the row gained an end time and both words.
func TestCancelledRow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.mustStart(sim.Sales(), enhancedBody)
	b.clock.Add(time.Second)
	b.cancel(sim.Sales(), id)
	got := b.history(sim.Sales(), "")[0]
	if got["status"] != "Cancelled" || got["extendedStatus"] != "Cancelled" || got["endTime"] != "2026-03-15T23:50:01.123Z" {
		t.Errorf("got %v; want status Cancelled, extendedStatus Cancelled, endTime 2026-03-15T23:50:01.123Z", got)
	}
	if r := b.detail(sim.Sales(), id); r.status != http.StatusOK {
		t.Errorf("unverified: detail of a cancelled refresh: got %d; want HTTP 200", r.status)
	}
	b.mustStart(sim.Sales(), enhancedBody) // the model is free again
}

func TestCancelRefused(t *testing.T) {
	t.Parallel()
	t.Run("finished: seen 409 cannot be cancelled", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		id := b.mustStart(sim.Sales(), enhancedBody)
		b.clock.Add(time.Minute)
		r := b.cancel(sim.Sales(), id)
		if _, message := errorOf(t, r); r.status != http.StatusConflict || !strings.Contains(message, "cannot be cancelled") {
			t.Errorf("got %d %s; want HTTP 409, a text with 'cannot be cancelled'", r.status, r.body)
		}
	})
	t.Run("standard: documented, enhanced only; unverified: the answer", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		id := b.mustStart(sim.Sales(), "")
		if r := b.cancel(sim.Sales(), id); r.status != http.StatusBadRequest {
			t.Errorf("got %d %s; want HTTP 400", r.status, r.body)
		}
	})
	t.Run("portal: documented, cannot be cancelled", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		id, err := b.PowerBI.StartForeign(sim.Sales(), sim.ViaPortal, 0)
		b.must(err)
		if r := b.cancel(sim.Sales(), id); r.status != http.StatusBadRequest || b.truth(sim.Sales())[0].Status != "InProgress" {
			t.Errorf("got %d %s; want HTTP 400, Status InProgress", r.status, r.body)
		}
	})
}

// unverified: a refresh that has not begun is cancelled at once, and its successor moves up.
func TestCancelOfAQueuedRefresh(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Busy = sim.BusyQueue; k.CancelTakes = time.Minute })
	b.mustStart(sim.Sales(), enhancedBody)
	queued := b.mustStart(sim.Sales(), enhancedBody)
	b.cancel(sim.Sales(), queued)
	if got := b.detail(sim.Sales(), queued).json(t); got["status"] != "Cancelled" || got["refreshAttempts"] != nil {
		t.Errorf("got %v; want status Cancelled, refreshAttempts nil", got)
	}
	third := b.mustStart(sim.Sales(), enhancedBody)
	b.clock.Add(5 * time.Second)
	if got := b.detail(sim.Sales(), third).json(t)["extendedStatus"]; got != "InProgress" {
		t.Errorf("the third: got %v; want InProgress", got)
	}
	if n := b.counters(sim.Sales()).Begun; n != 2 {
		t.Errorf("got %d refreshes ran; want 2", n)
	}
}
