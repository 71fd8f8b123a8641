package sim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

func TestHistoryOfAFreshModelIsEmpty(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.api(http.MethodGet, refreshesPath(sim.Sales()), "")
	if !strings.HasSuffix(r.body, `"value":[]}`) {
		t.Errorf("got %s, want an empty list", r.body)
	}
	context, _ := r.json(t)["@odata.context"].(string)
	if !strings.HasPrefix(context, "https://wabi-") || !strings.HasSuffix(context, "/v1.0/myorg/groups/"+sim.WorkspaceID+"/$metadata#refreshes") {
		t.Errorf("got @odata.context %q, want a back end and the workspace (seen: kestra-io/plugin-powerbi fixture)", context)
	}
}

func TestHistoryRows(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		outcome    sim.Outcome
		after      time.Duration
		want       map[string]any
		absent     []string
	}{
		{
			name: "in progress, standard: documented", after: time.Second,
			want:   map[string]any{"refreshType": "ViaApi", "status": "Unknown", "startTime": "2026-03-15T23:50:00.123Z"},
			absent: []string{"endTime", "extendedStatus", "serviceExceptionJson", "refreshAttempts"},
		},
		{
			name: "in progress, enhanced: seen powerbi-docs PR 3653", body: enhancedBody, after: time.Second,
			want:   map[string]any{"refreshType": "ViaEnhancedApi", "status": "Unknown", "extendedStatus": "InProgress"},
			absent: []string{"endTime", "refreshAttempts"},
		},
		{
			name: "completed: trailing zeros of the milliseconds are trimmed", outcome: sim.Outcome{Duration: 6*time.Second + 836543300*time.Nanosecond},
			after: time.Minute,
			want:  map[string]any{"status": "Completed", "endTime": "2026-03-15T23:50:06.96Z"},
		},
		{
			name: "failed: documented", outcome: sim.Outcome{Status: "Failed", Code: "ModelRefreshFailed_CredentialsNotSpecified"},
			after: time.Minute,
			want:  map[string]any{"status": "Failed", "serviceExceptionJson": `{"errorCode":"ModelRefreshFailed_CredentialsNotSpecified"}`},
		},
		{
			name: "unverified: timed out is Failed in the coarse word", body: enhancedBody, outcome: sim.Outcome{Status: "TimedOut"},
			after: time.Minute,
			want:  map[string]any{"status": "Failed", "extendedStatus": "TimedOut"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.must(b.PowerBI.Next(sim.Sales(), row.outcome))
			b.mustStart(sim.Sales(), row.body)
			b.clock.Add(row.after)
			got := b.history(sim.Sales(), "")[0]
			for k, v := range row.want {
				if got[k] != v {
					t.Errorf("%s: %v, want %v", k, got[k], v)
				}
			}
			for _, k := range row.absent {
				if v, ok := got[k]; ok {
					t.Errorf("got %s %v, want it absent", k, v)
				}
			}
			if n, ok := got["id"].(float64); !ok || n < 9e8 {
				t.Errorf("got the internal id %v, want a large number", got["id"])
			}
		})
	}
}

func TestHistoryAttempts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.PowerBI.Next(sim.Sales(), sim.Outcome{Attempts: 2, Status: "Failed", Code: "X", Duration: 8 * time.Second}))
	b.mustStart(sim.Sales(), enhancedBody)
	b.clock.Add(time.Minute)
	b.mustStart(sim.Sales(), "")
	b.clock.Add(time.Minute)
	rows := b.history(sim.Sales(), "")
	standard, _ := rows[0]["refreshAttempts"].([]any)
	enhanced, _ := rows[1]["refreshAttempts"].([]any)
	if len(standard) != 2 || len(enhanced) != 2 {
		t.Fatalf("got %v %v; want 2 standard, 2 enhanced", standard, enhanced)
	}
	// Seen: a standard refresh ends with a Query attempt; attempts have up to 7 digits.
	if q, _ := standard[1].(map[string]any); q["type"] != "Query" || q["startTime"] != "2026-03-15T23:51:04.1234567Z" {
		t.Errorf("got %v; want type Query, startTime 2026-03-15T23:51:04.1234567Z", q)
	}
	second, _ := enhanced[1].(map[string]any)
	if second["attemptId"] != 2.0 || second["type"] != "Data" || second["startTime"] != "2026-03-15T23:50:04.1234567Z" ||
		second["serviceExceptionJson"] != `{"errorCode":"X"}` {
		t.Errorf("got %v, want the second attempt, Data, failed with X", second)
	}
}

// refreshMany makes n refreshes, a minute apart.
func refreshMany(b *bench, n int) {
	b.t.Helper()
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Duration = time.Second })
	for range n {
		b.mustStart(sim.Sales(), "")
		b.clock.Add(time.Minute)
	}
}

func TestHistoryOrderAndTop(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	refreshMany(b, 5)
	rows := b.history(sim.Sales(), "?$top=2")
	if len(rows) != 2 || rows[0]["startTime"] != "2026-03-15T23:54:00.123Z" || rows[1]["startTime"] != "2026-03-15T23:53:00.123Z" {
		t.Errorf("newest first (seen): got %v; want 2 rows, startTime 2026-03-15T23:54:00.123Z, startTime 2026-03-15T23:53:00.123Z", rows)
	}
	if n := len(b.history(sim.Sales(), "?$top=99")); n != 5 {
		t.Errorf("got %d rows; want 5", n)
	}
	for _, top := range []string{"0", "-1", "all", "1.5"} {
		r := b.api(http.MethodGet, refreshesPath(sim.Sales())+"?$top="+top, "")
		if code, _ := errorOf(t, r); r.status != http.StatusBadRequest || code != "InvalidRequest" {
			t.Errorf("unverified: $top=%s: got %d %s, want HTTP 400", top, r.status, code)
		}
	}
}

// Documented: up to 60 entries while all are younger than 3 days; older ones go once there are more than 20.
func TestHistoryRetention(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		refreshes int
		later     time.Duration
		want      int
	}{
		{"all young", 70, 0, 60},
		{"few", 15, 0, 15},
		{"few and old stay", 15, 10 * 24 * time.Hour, 15},
		{"many and old shrink to 20", 70, 4 * 24 * time.Hour, 20},
		{"forty, half of them old", 40, 3*24*time.Hour - 10*time.Minute, 40 - 30},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			refreshMany(b, row.refreshes)
			b.clock.Add(row.later)
			want := max(row.want, min(20, row.refreshes))
			if n := len(b.history(sim.Sales(), "")); n != want {
				t.Errorf("%d rows, want %d", n, want)
			}
		})
	}
}

func TestRowsThatComeLateVanishOrChange(t *testing.T) {
	t.Parallel()
	t.Run("late: seen apache/airflow#44618", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.tune(sim.Sales(), func(k *sim.Knobs) { k.ListAfter = 10 * time.Second })
		id := b.mustStart(sim.Sales(), enhancedBody)
		if len(b.history(sim.Sales(), "")) != 0 || b.detail(sim.Sales(), id).status != http.StatusNotFound {
			t.Error("listed at once; want none, status 404")
		}
		b.clock.Add(10 * time.Second)
		if len(b.history(sim.Sales(), "")) != 1 || b.detail(sim.Sales(), id).status != http.StatusOK {
			t.Error("not listed in time; want one, status 200")
		}
	})
	t.Run("vanishing", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.tune(sim.Sales(), func(k *sim.Knobs) { k.VanishAfter, k.Duration = time.Minute, time.Hour })
		id := b.mustStart(sim.Sales(), enhancedBody)
		if b.detail(sim.Sales(), id).status != http.StatusAccepted {
			t.Error("not listed at first; want status 202")
		}
		b.clock.Add(time.Minute)
		if len(b.history(sim.Sales(), "")) != 0 || b.detail(sim.Sales(), id).status != http.StatusNotFound {
			t.Error("still listed; want none, status 404")
		}
		if b.truth(sim.Sales())[0].Status != "InProgress" {
			t.Error("the truth forgot it too; want Status InProgress")
		}
	})
	t.Run("renumbered", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.tune(sim.Sales(), func(k *sim.Knobs) { k.RenumberRows = true })
		id := b.mustStart(sim.Sales(), enhancedBody)
		listed, _ := b.history(sim.Sales(), "")[0]["requestId"].(string)
		if listed == id || b.detail(sim.Sales(), id).status != http.StatusNotFound || b.detail(sim.Sales(), listed).status != http.StatusAccepted {
			t.Errorf("got %s in the 202 and %s in the history; want two ids, of which the API shows the second", id, listed)
		}
		if truth := b.truth(sim.Sales())[0]; truth.ID != id || truth.ListedID != listed {
			t.Errorf("got %+v; want ID %v, ListedID %v", truth, id, listed)
		}
	})
	t.Run("without requestId", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.tune(sim.Sales(), func(k *sim.Knobs) { k.OmitRequestID = true })
		b.mustStart(sim.Sales(), "")
		if _, ok := b.history(sim.Sales(), "")[0]["requestId"]; ok {
			t.Error("got a requestId, want none")
		}
	})
}

func TestHistoryWords(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tune(sim.Sales(), func(k *sim.Knobs) {
		k.OmitExtendedStatus, k.RunningWord, k.EndWord, k.BareHistory = true, "Pondering", "Exhausted", true
	})
	b.mustStart(sim.Sales(), enhancedBody)
	for _, want := range []string{"Pondering", "Exhausted"} {
		r := b.api(http.MethodGet, refreshesPath(sim.Sales()), "")
		if !strings.HasPrefix(r.body, "[") || !strings.Contains(r.body, `"status":"`+want+`"`) || strings.Contains(r.body, "extendedStatus") {
			t.Errorf("got %s, want a bare array with the status %s and no extendedStatus", r.body, want)
		}
		b.clock.Add(time.Minute)
	}
}

func TestHistoryOfAPushDataset(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Push = true })
	r := b.api(http.MethodGet, refreshesPath(sim.Sales()), "")
	if _, message := errorOf(t, r); r.status != http.StatusUnsupportedMediaType ||
		message != "Invalid dataset. This API can only be called on a Model-based dataset" {
		t.Errorf("got %d %s; want HTTP 415, message Invalid dataset. This API can only be called on a Model-based dataset", r.status, r.body)
	}
	if r := b.detail(sim.Sales(), "x"); r.status != http.StatusUnsupportedMediaType {
		t.Errorf("detail: got %d; want HTTP 415", r.status)
	}
	if r := b.cancel(sim.Sales(), "x"); r.status != http.StatusUnsupportedMediaType {
		t.Errorf("cancel: got %d; want HTTP 415", r.status)
	}
}
