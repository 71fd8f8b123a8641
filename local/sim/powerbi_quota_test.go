package sim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

func TestQuota(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		midnight bool
		wait     time.Duration
		ok       bool
	}{
		{"unverified: rolling 24 h, an hour later", false, time.Hour, false},
		{"unverified: rolling 24 h, a day later", false, 24*time.Hour + time.Second, true},
		{"switch: midnight, ten minutes later", true, 11 * time.Minute, true},
		{"switch: midnight, still today", true, 2 * time.Minute, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.tune(sim.Shared(), func(k *sim.Knobs) {
				k.DailyLimit, k.QuotaAtMidnight, k.Duration = 2, row.midnight, time.Second
			})
			for _, via := range []sim.Via{sim.ViaPortal, sim.ViaPortal, sim.ViaXMLA} { // documented: the portal's is not counted
				_, err := b.PowerBI.StartForeign(sim.Shared(), via, time.Second)
				b.must(err)
				b.clock.Add(time.Second)
			}
			b.mustStart(sim.Shared(), "")
			b.clock.Add(time.Second)
			_, err := b.PowerBI.StartForeign(sim.Shared(), sim.ViaSchedule, time.Second) // documented: scheduled ones are
			b.must(err)
			b.clock.Add(row.wait)
			r := b.start(sim.Shared(), "")
			if row.ok {
				if r.status != http.StatusAccepted {
					t.Errorf("got %d %s; want HTTP 202", r.status, r.body)
				}
				return
			}
			_, message := errorOf(t, r)
			if r.status != http.StatusBadRequest || !strings.Contains(message, "exceeded limit") {
				t.Errorf("got %d %s; want HTTP 400, a text with 'exceeded limit'", r.status, message)
			}
		})
	}
}

// Seen: fabric-cli reads Location, then RequestId; kerski only x-ms-request-id.
func TestIDHeadersAlone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		which         sim.IDHeaders
		loc, xms, rid bool
	}{
		{sim.AllHeaders, true, true, true},
		{sim.OnlyLocation, true, false, false},
		{sim.OnlyRequestHeader, false, true, false},
		{sim.OnlyRequestID, false, false, true},
	} {
		t.Run(fmt.Sprintf("%q", row.which), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.tune(sim.Sales(), func(k *sim.Knobs) { k.IDHeaders = row.which })
			r := b.start(sim.Sales(), enhancedBody)
			id := b.truth(sim.Sales())[0].ID
			if got := strings.HasSuffix(r.header.Get("Location"), "/"+id); got != row.loc {
				t.Errorf("Location: got %q; want %v", r.header.Get("Location"), row.loc)
			}
			if got := r.header.Get("X-Ms-Request-Id") == id; got != row.xms {
				t.Errorf("x-ms-request-id: got %q; want %v", r.header.Get("X-Ms-Request-Id"), row.xms)
			}
			if got := r.header.Get("RequestId") == id; got != row.rid || r.header.Get("RequestId") == "" {
				t.Errorf("RequestId: got %q; want %v, a value for RequestId", r.header.Get("RequestId"), row.rid)
			}
		})
	}
}

func TestMovedWorkspace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.PowerBI.MoveWorkspace(sim.WorkspaceID, true))
	if r := b.start(sim.Sales(), enhancedBody); r.status != http.StatusBadRequest {
		t.Errorf("got %d; want HTTP 400", r.status)
	}
	if err := b.PowerBI.MoveWorkspace("nowhere", true); err == nil {
		t.Error("an unknown workspace moved; want an error")
	}
}
