package sim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

// A trap is one into which published refreshers have fallen.
type trap struct {
	name  string
	stage func(t *testing.T, b *bench) (careless, truth string)
}

// Each row stages one and shows the wrong conclusion of a naive client next to the true one, so a test of a real
// client can stage it in the same way.
var traps = []trap{
	{"value[0] of an empty history: endjin, nitor", func(_ *testing.T, b *bench) (string, string) {
		b.tune(sim.Sales(), func(k *sim.Knobs) { k.ListAfter = time.Minute })
		b.mustStart(sim.Sales(), "")
		if len(b.history(sim.Sales(), "")) == 0 {
			return "never refreshed", b.truth(sim.Sales())[0].Status
		}
		return "", ""
	}},
	{"Unknown is not an ambiguous word but a running refresh: endjin", func(_ *testing.T, b *bench) (string, string) {
		b.mustStart(sim.Sales(), enhancedBody)
		return b.history(sim.Sales(), "")[0]["status"].(string), b.truth(sim.Sales())[0].Status
	}},
	{"Cancelled is in no set of terminal words: Airflow", func(_ *testing.T, b *bench) (string, string) {
		b.must(b.PowerBI.FailNext(sim.Sales(), sim.FailCancelled))
		b.mustStart(sim.Sales(), "")
		b.clock.Add(time.Hour)
		if status := b.history(sim.Sales(), "")[0]["status"]; status != "Completed" && status != "Failed" {
			return "running", b.truth(sim.Sales())[0].Status
		}
		return "", ""
	}},
	{"a poll error is no reason to cancel: Airflow", func(_ *testing.T, b *bench) (string, string) {
		id := b.mustStart(sim.Sales(), enhancedBody)
		b.must(b.Fail(sim.Fault{Kind: sim.ErrorBefore, Op: sim.OpDetail}))
		if b.detail(sim.Sales(), id).status == http.StatusServiceUnavailable {
			return "failed", b.truth(sim.Sales())[0].Status
		}
		return "", ""
	}},
	{"a POST whose answer was lost is not repeated: Airflow trigger", func(_ *testing.T, b *bench) (string, string) {
		b.must(b.Fail(sim.Fault{Kind: sim.CutAfter, Op: sim.OpStart}))
		if b.start(sim.Sales(), "").err != nil {
			return "not started", b.truth(sim.Sales())[0].Status
		}
		return "", ""
	}},
	{"202 is not done: Airflow#62789", func(_ *testing.T, b *bench) (string, string) {
		if b.start(sim.Sales(), "").status == http.StatusAccepted {
			return "Completed", b.truth(sim.Sales())[0].Status
		}
		return "", ""
	}},
	{"a token dies while waiting: Kestra, dagster", func(t *testing.T, b *bench) (string, string) {
		id := b.mustStart(sim.Sales(), enhancedBody)
		b.Entra.RevokeTokens(sim.ClientID)
		if r := b.detail(sim.Sales(), id); r.status != http.StatusForbidden || r.header.Get(errorInfo) != "TokenExpired" {
			t.Errorf("got %d, want HTTP 403 with TokenExpired", r.status)
		}
		return "forbidden", b.truth(sim.Sales())[0].Status
	}},
	{"the latest row is somebody else's: dagster#34218", func(_ *testing.T, b *bench) (string, string) {
		b.must(b.PowerBI.FailNext(sim.Sales(), sim.FailSource))
		b.mustStart(sim.Sales(), "")
		b.clock.Add(time.Minute)
		_, err := b.PowerBI.StartForeign(sim.Sales(), sim.ViaPortal, time.Second)
		b.must(err)
		b.clock.Add(time.Minute)
		return b.history(sim.Sales(), "?$top=1")[0]["status"].(string), b.truth(sim.Sales())[0].Status
	}},
	{"a disabled refresh is no success: Keboola", func(_ *testing.T, b *bench) (string, string) {
		b.must(b.PowerBI.FailNext(sim.Sales(), sim.FailDisabled))
		b.mustStart(sim.Sales(), "")
		b.clock.Add(time.Hour)
		if b.history(sim.Sales(), "")[0]["status"] != "Failed" {
			return "Completed", b.truth(sim.Sales())[0].Status
		}
		return "", ""
	}},
	{"an accepted refresh was dropped: nobody handles it", func(_ *testing.T, b *bench) (string, string) {
		b.must(b.PowerBI.Next(sim.Sales(), sim.Outcome{Dropped: true}))
		if b.start(sim.Sales(), "").status == http.StatusAccepted {
			return "will run", b.truth(sim.Sales())[0].Status
		}
		return "", ""
	}},
	{"a joined refresh began before the caller's data landed: spetlr, ambika", func(_ *testing.T, b *bench) (string, string) {
		b.mustStart(sim.Sales(), "")
		b.clock.Add(time.Second)
		arrived := b.clock.Now()
		if b.truth(sim.Sales())[0].Started.Before(arrived) {
			return "fresh", "stale"
		}
		return "", ""
	}},
	{"a row without requestId: Kestra", func(_ *testing.T, b *bench) (string, string) {
		b.tune(sim.Sales(), func(k *sim.Knobs) { k.OmitRequestID = true })
		b.mustStart(sim.Sales(), "")
		if b.history(sim.Sales(), "")[0]["requestId"] == nil {
			return "not ours", b.truth(sim.Sales())[0].Status
		}
		return "", ""
	}},
	{"429 without end: ricardoedo", func(t *testing.T, b *bench) (string, string) {
		b.must(b.Fail(sim.Fault{Kind: sim.Throttled, RetryAfter: 3392 * time.Second, Times: -1}))
		for range 3 {
			if r := b.start(sim.Sales(), ""); r.header.Get("Retry-After") != "3392" {
				t.Errorf("got %d; want Retry-After 3392", r.status)
			}
		}
		return "try again", "still throttled"
	}},
	{"a transient wrapper around a permanent fault: coe-starter-kit#5294", func(_ *testing.T, b *bench) (string, string) {
		b.must(b.PowerBI.FailNext(sim.Sales(), sim.FailKey))
		b.mustStart(sim.Sales(), "")
		b.clock.Add(time.Hour)
		text, _ := b.history(sim.Sales(), "")[0]["serviceExceptionJson"].(string)
		if strings.Contains(text, wrapper) && strings.Contains(text, "didn't match any rows") {
			return "transient", "permanent"
		}
		return "", ""
	}},
	{"cancelling a refresh that has just finished: semantic-link-labs", func(_ *testing.T, b *bench) (string, string) {
		id := b.mustStart(sim.Sales(), enhancedBody)
		b.clock.Add(time.Hour)
		if b.cancel(sim.Sales(), id).status == http.StatusConflict {
			return "cancel failed", b.truth(sim.Sales())[0].Status
		}
		return "", ""
	}},
	{"the id was there and vanished", func(_ *testing.T, b *bench) (string, string) {
		b.tune(sim.Sales(), func(k *sim.Knobs) { k.VanishAfter, k.Duration = time.Second, time.Hour })
		id := b.mustStart(sim.Sales(), enhancedBody)
		b.clock.Add(time.Minute)
		if b.detail(sim.Sales(), id).status == http.StatusNotFound {
			return "dropped", b.truth(sim.Sales())[0].Status
		}
		return "", ""
	}},
}

func TestTrapsCanBeStaged(t *testing.T) {
	t.Parallel()
	for _, row := range traps {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			careless, truth := row.stage(t, newBench(t))
			if careless == "" || careless == truth {
				t.Errorf("got %q from a careless client, want another end than the true %q", careless, truth)
			}
		})
	}
}
