package sim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

// What the simulator chose where no source says how Power BI behaves, one row per choice. When a source turns up, the row
// changes and so does the code; a client must not depend on any of them.
func TestUnverifiedChoices(t *testing.T) {
	t.Parallel()
	finished := func(b *bench, body string) string {
		id := b.mustStart(sim.Sales(), body)
		b.clock.Add(time.Hour)
		return id
	}
	for _, row := range []struct {
		name   string
		change func(*sim.Knobs)
		call   func(b *bench) reply
		status int
		want   string // part of the body
	}{
		{"enhanced body on a shared capacity", nil, func(b *bench) reply { return b.start(sim.Shared(), enhancedBody) }, 400, `"code":"InvalidRequest"`},
		{"mail by an application", nil, func(b *bench) reply { return b.start(sim.Sales(), `{"notifyOption":"MailOnCompletion"}`) }, 202, ""},
		{"mail by an application, switched", func(k *sim.Knobs) { k.RefuseMail = true }, func(b *bench) reply { return b.start(sim.Sales(), `{"notifyOption":"MailOnCompletion"}`) }, 400, "for app only owner requests"},
		{"unknown enum value", nil, func(b *bench) reply { return b.start(sim.Sales(), `{"type":"Everything"}`) }, 400, "InvalidRequest"},
		{"bad time-out", nil, func(b *bench) reply { return b.start(sim.Sales(), `{"timeout":"5h"}`) }, 400, "InvalidRequest"},
		{"objects that are no array", nil, func(b *bench) reply { return b.start(sim.Sales(), `{"objects":"Sales"}`) }, 400, "InvalidRequest"},
		{"$top=0", nil, func(b *bench) reply { return b.api(http.MethodGet, refreshesPath(sim.Sales())+"?$top=0", "") }, 400, "InvalidRequest"},
		{"unknown id in GET", nil, func(b *bench) reply { return b.detail(sim.Sales(), "nobody") }, 404, "PowerBIEntityNotFound"},
		{"unknown id in DELETE", nil, func(b *bench) reply { return b.cancel(sim.Sales(), "nobody") }, 404, "PowerBIEntityNotFound"},
		{"detail of a standard refresh", nil, func(b *bench) reply { return b.detail(sim.Sales(), finished(b, "")) }, 200, `"initiatedBy":"ViaApi"`},
		{"detail of a standard refresh, switched", func(k *sim.Knobs) { k.StandardDetailRefused = true }, func(b *bench) reply { return b.detail(sim.Sales(), finished(b, "")) }, 400, "InvalidRequest"},
		{"DELETE of a standard refresh", nil, func(b *bench) reply { return b.cancel(sim.Sales(), b.mustStart(sim.Sales(), "")) }, 400, "InvalidRequest"},
		{"code of the 409", nil, func(b *bench) reply { return b.cancel(sim.Sales(), finished(b, enhancedBody)) }, 409, `"code":"InvalidRequest"`},
		{"status of the quota answer", func(k *sim.Knobs) { k.DailyLimit = 1 }, func(b *bench) reply { finished(b, ""); return b.start(sim.Sales(), "") }, 400, "exceeded limit"},
		{"overlap of standard and enhanced", nil, func(b *bench) reply { b.mustStart(sim.Sales(), ""); return b.start(sim.Sales(), enhancedBody) }, 400, "already executing"},
		{"overlap of enhanced and standard", nil, func(b *bench) reply { b.mustStart(sim.Sales(), enhancedBody); return b.start(sim.Sales(), "") }, 400, "already executing"},
		{"POST on a push dataset", func(k *sim.Knobs) { k.Push = true }, func(b *bench) reply { return b.start(sim.Sales(), "") }, 415, "Model-based dataset"},
		{"extendedStatus in the history", nil, func(b *bench) reply {
			finished(b, enhancedBody)
			return b.api(http.MethodGet, refreshesPath(sim.Sales()), "")
		}, 200, `"extendedStatus":"Completed"`},
		{"numberOfAttempts while running", nil, func(b *bench) reply { return b.detail(sim.Sales(), b.mustStart(sim.Sales(), enhancedBody)) }, 202, `"numberOfAttempts":0`},
		{"numberOfAttempts at the end", nil, func(b *bench) reply { return b.detail(sim.Sales(), finished(b, enhancedBody)) }, 200, `"numberOfAttempts":1`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if row.change != nil {
				b.tune(sim.Sales(), row.change)
			}
			if r := row.call(b); r.status != row.status || !strings.Contains(r.body, row.want) {
				t.Errorf("got %d %s; want HTTP %v, a text with %q", r.status, r.body, row.status, row.want)
			}
		})
	}
}

func TestExtendedStatusSwitch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.OmitExtendedStatus = true })
	id := b.mustStart(sim.Sales(), enhancedBody)
	if _, has := b.history(sim.Sales(), "")[0]["extendedStatus"]; has {
		t.Error("got the refresh in the history, want it absent")
	}
	if b.detail(sim.Sales(), id).json(t)["extendedStatus"] != "InProgress" {
		t.Error("gone from the detail too; want extendedStatus InProgress")
	}
}
