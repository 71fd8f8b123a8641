package sim_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

func TestDetailWhileUnfinished(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(*sim.Knobs)
		after  time.Duration
		want   map[string]any
	}{
		{
			"not started: documented sample", func(k *sim.Knobs) { k.StartDelay = time.Minute }, 0,
			map[string]any{"status": "Unknown", "extendedStatus": "NotStarted", "numberOfAttempts": 0.0, "initiatedBy": "ViaEnhancedApi", "objects": nil},
		},
		{
			"running, swagger's word", func(*sim.Knobs) {}, time.Second,
			map[string]any{"status": "Unknown", "extendedStatus": "InProgress", "type": "Full", "currentRefreshType": "Full", "commitMode": "Transactional"},
		},
		{
			"running, the guide's word", func(k *sim.Knobs) { k.InProgressWord = true }, time.Second,
			map[string]any{"status": "InProgress", "extendedStatus": "InProgress"},
		},
		{
			"running, an unknown word", func(k *sim.Knobs) { k.RunningWord = "Pondering" }, time.Second,
			map[string]any{"status": "Pondering", "extendedStatus": "Pondering"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.tune(sim.Sales(), row.change)
			id := b.mustStart(sim.Sales(), `{"type":"full"}`)
			b.clock.Add(row.after)
			r := b.detail(sim.Sales(), id)
			if r.status != http.StatusAccepted {
				t.Errorf("status: got %d, documented: 202 while in progress; want HTTP 202", r.status)
			}
			got := r.json(t)
			for k, v := range row.want {
				if got[k] != v {
					t.Errorf("%s: %v, want %v", k, got[k], v)
				}
			}
			if _, ok := got["requestId"]; ok {
				t.Error("got a requestId in the body, want none")
			}
			if got["startTime"] != "2026-03-15T23:50:00.123" {
				t.Errorf("startTime: got %v, documented: no zone; want 2026-03-15T23:50:00.123", got["startTime"])
			}
			if _, ok := got["endTime"]; ok {
				t.Error("got an endTime before the end, want none")
			}
		})
	}
}

func TestDetailAtTheEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.mustStart(sim.Sales(), `{"type":"Full","objects":[{"table":"DimCurrency","partition":"P1"},{"table":"Fact"}],"applyRefreshPolicy":false}`)
	b.clock.Add(time.Minute)
	r := b.detail(sim.Sales(), id)
	got := r.json(t)
	if r.status != http.StatusOK || got["status"] != "Completed" || got["extendedStatus"] != "Completed" || got["numberOfAttempts"] != 1.0 {
		t.Errorf("got %d %s; want HTTP 200, status Completed, extendedStatus Completed, numberOfAttempts 1", r.status, r.body)
	}
	objects := []any{
		map[string]any{"table": "DimCurrency", "partition": "P1", "status": "Completed"},
		map[string]any{"table": "Fact", "status": "Completed"},
	}
	if !reflect.DeepEqual(got["objects"], objects) {
		t.Errorf("got objects %v, want %v", got["objects"], objects)
	}
	attempts, _ := got["refreshAttempts"].([]any)
	first, _ := attempts[0].(map[string]any)
	if len(attempts) != 1 || first["endTime"] != "2026-03-15T23:50:04.123" || first["type"] != "Data" {
		t.Errorf("attempts: got %v, documented: enhanced ones without a zone; want 1 attempts, endTime 2026-03-15T23:50:04.123, type Data", attempts)
	}
}

// Documented 2026: an on-demand refresh has detail, without type, extendedStatus and objects, and with zones in its attempts.
func TestDetailOfAStandardRefresh(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.mustStart(sim.Sales(), "")
	b.clock.Add(time.Minute)
	got := b.detail(sim.Sales(), id).json(t)
	for _, k := range []string{"type", "extendedStatus", "objects", "commitMode", "currentRefreshType"} {
		if _, ok := got[k]; ok {
			t.Errorf("got the member %s, want it absent", k)
		}
	}
	attempts, _ := json.Marshal(got["refreshAttempts"])
	if got["initiatedBy"] != "ViaApi" || !strings.Contains(string(attempts), "04.1234567Z") {
		t.Errorf("got %v; want initiatedBy ViaApi, a text with '04.1234567Z'", got)
	}
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.StandardDetailRefused = true })
	if r := b.detail(sim.Sales(), id); r.status != http.StatusBadRequest {
		t.Errorf("switch: got %d; want HTTP 400", r.status)
	}
}

func TestDetailListsTheModelsTables(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Tables = []string{"A", "B"} })
	id := b.mustStart(sim.Sales(), enhancedBody)
	for _, status := range []string{"InProgress", "Completed"} {
		if body := b.detail(sim.Sales(), id).body; !strings.Contains(body, `"objects":[{"table":"A","status":"`+status+`"},{"table":"B","status":"`+status+`"}]`) {
			t.Errorf("got %s, want both objects as %s", body, status)
		}
		b.clock.Add(time.Minute)
	}
}

func TestUnknownRefreshID(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.mustStart(sim.Sales(), enhancedBody)
	number := b.history(sim.Sales(), "")[0]["id"].(float64)
	for _, id := range []string{"nonsense", sim.SalesModel, strings.TrimSuffix(time.Duration(number).String(), "ns")} {
		for _, r := range []reply{b.detail(sim.Sales(), id), b.cancel(sim.Sales(), id)} {
			if code, _ := errorOf(t, r); r.status != http.StatusNotFound || code != "PowerBIEntityNotFound" {
				t.Errorf("unverified: %s: got %d %s; want HTTP 404, code PowerBIEntityNotFound", id, r.status, code)
			}
		}
	}
}

func TestPartialCommit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.PowerBI.FailNext(sim.Sales(), sim.FailPartial))
	id := b.mustStart(sim.Sales(), `{"type":"Full","commitMode":"PartialBatch","applyRefreshPolicy":false}`)
	b.clock.Add(time.Minute)
	got := b.detail(sim.Sales(), id).json(t)
	want := []any{
		map[string]any{"table": "DimDate", "status": "Completed"},
		map[string]any{"table": "FactSales", "status": "Failed"},
	}
	if got["status"] != "Failed" || got["commitMode"] != "PartialBatch" || !reflect.DeepEqual(got["objects"], want) {
		t.Errorf("got %v; want Failed, PartialBatch and objects %v", got, want)
	}
	if truth := b.truth(sim.Sales())[0]; !reflect.DeepEqual(truth.Committed, []string{"DimDate"}) {
		t.Errorf("got committed objects %v, want DimDate", truth.Committed)
	}
}

// Documented: PartialBatch with a refresh policy is accepted and fails later.
func TestCombinationsThatFailLater(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		fails      bool
	}{
		{"PartialBatch, policy on", `{"commitMode":"PartialBatch","applyRefreshPolicy":true}`, true},
		{"PartialBatch, policy by default", `{"commitMode":"partialbatch"}`, true},
		{"PartialBatch, policy off", `{"commitMode":"PartialBatch","applyRefreshPolicy":"false"}`, false},
		{"a partition, as the documentation's sample has it", `{"objects":[{"table":"A","partition":"B"}]}`, false},
		{"a partition without", `{"objects":[{"table":"A","partition":"B"}],"applyRefreshPolicy":false}`, false},
		{"a table with", `{"objects":[{"table":"A"}]}`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.mustStart(sim.Sales(), row.body)
			b.clock.Add(time.Hour)
			r := b.detail(sim.Sales(), id)
			failed := r.json(t)["status"] == "Failed"
			if failed != row.fails || failed != strings.Contains(r.body, "must have the property 'CommitMode' = 'Transactional'") {
				t.Errorf("got %s, want a failure because of the policy: %v", r.body, row.fails)
			}
		})
	}
}

// Documented: the time-out is per attempt, with retryCount attempts more.
func TestTimeoutOfTheRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Duration = time.Hour })
	id := b.mustStart(sim.Sales(), `{"timeout":"00:10:00","retryCount":2}`)
	b.clock.Add(30*time.Minute - time.Second)
	if r := b.detail(sim.Sales(), id); r.status != http.StatusAccepted {
		t.Errorf("ended early: got %s; want HTTP 202", r.body)
	}
	b.clock.Add(time.Second)
	got := b.detail(sim.Sales(), id).json(t)
	if got["extendedStatus"] != "TimedOut" || got["numberOfAttempts"] != 3.0 || len(got["refreshAttempts"].([]any)) != 3 {
		t.Errorf("got %v; want extendedStatus TimedOut, numberOfAttempts 3, 3 objects", got)
	}
}
