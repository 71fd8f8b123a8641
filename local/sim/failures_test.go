package sim_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

const wrapper = "This is usually a transient issue"

func TestFailureClasses(t *testing.T) {
	t.Parallel()
	rows := map[sim.FailureClass]struct {
		status    string   // of the history
		code      string   // errorCode in serviceExceptionJson
		texts     []string // parts of serviceExceptionJson
		exception bool
	}{
		sim.FailCredentials:    {"Failed", "ModelRefreshFailed_CredentialsNotSpecified", nil, true},
		sim.FailGateway:        {"Failed", "", []string{"Data source error:", "DM_GWPipeline_Gateway_MashupDataAccessError", "-2147467259"}, true},
		sim.FailGatewayTimeout: {"Failed", "", []string{"DM_GWPipeline_Gateway_TimeoutError"}, true},
		sim.FailSource:         {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{"0xC112001C: ", "\n0xC11C0006: "}, true},
		sim.FailColumn:         {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{wrapper, "does not exist in the rowset"}, true},
		sim.FailKey:            {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{wrapper, "The key didn't match any rows"}, true},
		sim.FailDate:           {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{wrapper, "Not a legal OleAut date"}, true},
		sim.FailModel:          {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{"duplicate value"}, true},
		sim.FailMemory:         {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{"enough memory"}, true},
		sim.FailCapacity:       {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{"exceeded the capacity limit for semantic model refreshes"}, true},
		sim.FailCapacityOld:    {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{"exceeded the capacity limit for dataset refreshes"}, true},
		sim.FailCapacityLevel:  {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{"Capacity level limit exceeded."}, true},
		sim.FailNodeLevel:      {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{"Node level limit exceeded."}, true},
		sim.FailEvicted:        {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{"0xC11C0020"}, true},
		sim.FailInternal:       {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{wrapper}, true},
		sim.FailTimeout:        {"Failed", "ModelRefresh_ShortMessage_ProcessingError", []string{"timed out"}, true},
		sim.FailPolicy:         {"Failed", "ModelRefresh_ShortMessage_ProcessingError", nil, true},
		sim.FailPartial:        {"Failed", "ModelRefresh_ShortMessage_ProcessingError", nil, true},
		sim.FailNotJSON:        {"Failed", "", []string{"Something went wrong"}, true},
		sim.FailNoReason:       {"Failed", "", nil, false},
		sim.FailCancelled:      {"Cancelled", "", nil, false},
		sim.FailDisabled:       {"Disabled", "", nil, false},
		sim.FailUnknownWord:    {"Paused", "", nil, false},
	}
	for _, class := range sim.FailureClasses() {
		row, ok := rows[class]
		if !ok {
			t.Errorf("got no row for the class %s, want one", class)
			continue
		}
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.must(b.PowerBI.FailNext(sim.Sales(), class))
			id := b.mustStart(sim.Sales(), enhancedBody)
			b.clock.Add(time.Hour)
			entry := b.history(sim.Sales(), "")[0]
			if entry["status"] != row.status {
				t.Errorf("status %v, want %s", entry["status"], row.status)
			}
			text, has := entry["serviceExceptionJson"].(string)
			if has != row.exception {
				t.Errorf("serviceExceptionJson: got %q; want one: %v", text, row.exception)
			}
			checkException(t, text, row.code, row.texts)
			if r := b.detail(sim.Sales(), id); r.status != 200 || r.json(t)["startTime"] == "" {
				t.Errorf("unverified: detail of %s: got %d; want HTTP 200, a value for startTime", class, r.status)
			}
			next := b.mustStart(sim.Sales(), enhancedBody) // one failure, not two
			b.clock.Add(time.Hour)
			if got := b.detail(sim.Sales(), next).json(t)["status"]; got != "Completed" {
				t.Errorf("the next refresh: got %v; want Completed", got)
			}
		})
	}
}

func checkException(t *testing.T, text, code string, parts []string) {
	t.Helper()
	var body struct {
		Code        string `json:"errorCode"`
		Description string `json:"errorDescription"`
	}
	if code != "" {
		if err := json.Unmarshal([]byte(text), &body); err != nil || body.Code != code {
			t.Errorf("serviceExceptionJson: got %q: %v; want Code %v", text, err, code)
		}
		text = body.Description
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("got %q; want a text with %q", text, part)
		}
	}
}

// Documented sample: the top level of detail has the code only, the attempt the description too.
func TestExceptionInDetail(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.PowerBI.FailNext(sim.Sales(), sim.FailSource))
	id := b.mustStart(sim.Sales(), enhancedBody)
	b.clock.Add(time.Hour)
	got := b.detail(sim.Sales(), id).json(t)
	if got["serviceExceptionJson"] != `{"errorCode":"ModelRefresh_ShortMessage_ProcessingError"}` {
		t.Errorf("got %v, want the code without a description", got["serviceExceptionJson"])
	}
	attempts, _ := got["refreshAttempts"].([]any)
	first, _ := attempts[0].(map[string]any)
	if text, _ := first["serviceExceptionJson"].(string); !strings.Contains(text, "Forced Error") {
		t.Errorf("got %v; want a text with 'Forced Error'", first)
	}
}

func TestOutcomesAreUsedInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.PowerBI.Next(sim.Sales(), sim.Outcome{Status: "Failed"}, sim.Outcome{Exception: "odd", Messages: []sim.Message{{"0x1", "m", "Warning"}}}))
	for _, want := range []string{"Failed", "Completed", "Completed"} {
		id := b.mustStart(sim.Sales(), enhancedBody)
		b.clock.Add(time.Minute)
		got := b.detail(sim.Sales(), id).json(t)
		if got["status"] != want {
			t.Errorf("%v, want %s", got["status"], want)
		}
	}
	if got := b.history(sim.Sales(), "")[1]["serviceExceptionJson"]; got != "odd" {
		t.Errorf("got %v; want odd", got)
	}
}
