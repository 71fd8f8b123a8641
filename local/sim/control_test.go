package sim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

// controlled is a bench with the control plane in front of it.
type controlled struct {
	*bench
	control *sim.Control
}

func newControlled(t *testing.T) controlled {
	t.Helper()
	b := newBench(t)
	return controlled{b, sim.NewControl(b.Cloud)}
}

func (c controlled) call(method, target, body string) (int, string) {
	c.t.Helper()
	rec := httptest.NewRecorder()
	c.control.ServeHTTP(rec, httptest.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body)))
	return rec.Code, rec.Body.String()
}

func (c controlled) mustCall(method, target, body string) string {
	c.t.Helper()
	status, text := c.call(method, target, body)
	if status != http.StatusOK {
		c.t.Fatalf("%s %s: got %d %s; want HTTP 200", method, target, status, text)
	}
	return text
}

func modelURL(ref sim.Ref, what string) string {
	return "/sim/models/" + ref.Workspace + "/" + ref.Model + "/" + what
}

var curlLine = regexp.MustCompile(`(?m)^  curl (-s )?(?:-X (\w+) )?(?:--data (\S+) )?'([^']+)'`)

// Every line of the help page must work unchanged, in the order of the page.
func TestHelpPageIsTrue(t *testing.T) {
	t.Parallel()
	w := startWorld(t, sim.WorldOptions{Options: sim.Options{Duration: time.Hour}})
	status, page := get(t, http.MethodGet, w.ControlURL, "")
	if status != http.StatusOK || strings.Contains(page, "%!") {
		t.Fatalf("got %d %s; want HTTP 200 and a complete page", status, page)
	}
	lines := curlLine.FindAllStringSubmatch(page, -1)
	if len(lines) != strings.Count(page, "curl") || len(lines) < 18 {
		t.Fatalf("got %d curl lines of %d; want all, at least 18", len(lines), strings.Count(page, "curl"))
	}
	for _, line := range lines {
		method := line[2]
		if method == "" {
			method = http.MethodGet
		}
		if status, text := get(t, method, line[4], line[3]); status != http.StatusOK {
			t.Errorf("%s: got %d %s; want HTTP 200", line[0], status, text)
		}
	}
	for _, kind := range sim.FaultKinds() {
		if !strings.Contains(page, string(kind)) {
			t.Errorf("got a page without the kind %s, want all kinds", kind)
		}
	}
}

func get(t *testing.T, method, target, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestControlBusyAndFinish(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	var answer struct{ Refresh string }
	c.must(json.Unmarshal([]byte(c.mustCall(http.MethodPost, modelURL(sim.Sales(), "busy?for=30s&via=Scheduled"), "")), &answer))
	if truth := c.truth(sim.Sales())[0]; truth.ID != answer.Refresh || truth.Via != sim.ViaSchedule {
		t.Errorf("got %+v; want ID %v, Via %v", truth, answer.Refresh, sim.ViaSchedule)
	}
	c.clock.Add(30 * time.Second)
	c.mustCall(http.MethodPost, modelURL(sim.Sales(), "busy"), "")
	c.clock.Add(100 * time.Hour)
	c.mustCall(http.MethodPost, modelURL(sim.Sales(), "finish?class=credentials"), "")
	truth := c.truth(sim.Sales())
	if truth[0].Status != "Completed" || truth[1].Status != "Failed" || truth[1].Via != sim.ViaPortal {
		t.Errorf("got %+v; want Status Completed, Status Failed, Via %v", truth, sim.ViaPortal)
	}
}

func TestControlFailNextAndRefreshes(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	c.mustCall(http.MethodPost, modelURL(sim.Sales(), "fail-next?class=evicted"), "")
	c.mustStart(sim.Sales(), `{"type":"Full"}`)
	c.clock.Add(time.Minute)
	text := c.mustCall(http.MethodGet, modelURL(sim.Sales(), "refreshes"), "")
	if !strings.Contains(text, `"status": "Failed"`) || !strings.Contains(text, `"type": "Full"`) {
		t.Errorf("got %s; want a text with '\"status\": \"Failed\"', a text with '\"type\": \"Full\"'", text)
	}
}

func TestControlKnobs(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	for _, row := range []struct {
		query string
		want  func(sim.Knobs) bool
	}{
		{"duration=20s&busy=queue", func(k sim.Knobs) bool { return k.Duration == 20*time.Second && k.Busy == sim.BusyQueue }},
		{"startdelay=5", func(k sim.Knobs) bool { return k.StartDelay == 5*time.Second }},
		{"Stuck=true&push=1", func(k sim.Knobs) bool { return k.Stuck && k.Push }},
		{"dailylimit=8&quotaatmidnight=true", func(k sim.Knobs) bool { return k.DailyLimit == 8 && k.QuotaAtMidnight }},
		{"idheaders=location", func(k sim.Knobs) bool { return k.IDHeaders == sim.OnlyLocation }},
		{"listafter=1m&vanishafter=2m&canceltakes=3m", func(k sim.Knobs) bool {
			return k.ListAfter == time.Minute && k.VanishAfter == 2*time.Minute && k.CancelTakes == 3*time.Minute
		}},
		{"renumberrows=true&omitrequestid=true&omitextendedstatus=true", func(k sim.Knobs) bool {
			return k.RenumberRows && k.OmitRequestID && k.OmitExtendedStatus
		}},
		{"inprogressword=true&runningword=A&endword=B&barehistory=true", func(k sim.Knobs) bool {
			return k.InProgressWord && k.RunningWord == "A" && k.EndWord == "B" && k.BareHistory
		}},
		{"ignorecancel=true&standarddetailrefused=true&refusemail=true", func(k sim.Knobs) bool {
			return k.IgnoreCancel && k.StandardDetailRefused && k.RefuseMail
		}},
		{"tables=A,B", func(k sim.Knobs) bool { return len(k.Tables) == 2 && k.Tables[1] == "B" }},
	} {
		c.mustCall(http.MethodPost, modelURL(sim.Sales(), "set?"+row.query), "")
		k, err := c.PowerBI.Knobs(sim.Sales())
		c.must(err)
		if !row.want(k) {
			t.Errorf("%s: got %+v, want the knobs of the query", row.query, k)
		}
	}
	for _, name := range sim.KnobNames() {
		if status, text := c.call(http.MethodPost, modelURL(sim.Sales(), "set?x"+name+"=1"), ""); status != 400 || !strings.Contains(text, name) {
			t.Errorf("%s: got %d %s; want HTTP 400, a text with %q", name, status, text, name)
		}
	}
}

func TestControlRefusesMistakes(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	before, err := c.PowerBI.Knobs(sim.Sales())
	c.must(err)
	unknown := sim.Ref{Workspace: sim.WorkspaceID, Model: "nobody"}
	for _, row := range []struct{ name, method, target, text string }{
		{"duration", http.MethodPost, modelURL(sim.Sales(), "busy?for=soon"), "no duration such as 30s"},
		{"unknown model", http.MethodPost, modelURL(unknown, "busy?for=1s"), "no model nobody"},
		{"unknown class", http.MethodPost, modelURL(sim.Sales(), "fail-next?class=x"), "credentials"},
		{"unknown class to finish with", http.MethodPost, modelURL(sim.Sales(), "finish?class=x"), "credentials"},
		{"nothing to finish", http.MethodPost, modelURL(sim.Sales(), "finish"), "not running"},
		{"knob's bool", http.MethodPost, modelURL(sim.Sales(), "set?stuck=maybe"), "stuck"},
		{"knob's number", http.MethodPost, modelURL(sim.Sales(), "set?dailylimit=few"), "dailylimit"},
		{"knob's word", http.MethodPost, modelURL(sim.Sales(), "set?busy=very"), "queue"},
		{"knob's header", http.MethodPost, modelURL(sim.Sales(), "set?idheaders=x"), "location"},
		{"knob's duration", http.MethodPost, modelURL(sim.Sales(), "set?duration=x"), "no duration"},
		{"knob of nobody", http.MethodPost, modelURL(unknown, "set?stuck=true"), "no model"},
		{"fault kind", http.MethodPost, "/sim/faults?kind=x", "cut-after"},
		{"fault op", http.MethodPost, "/sim/faults?kind=cut-after&op=x", "history"},
		{"fault times", http.MethodPost, "/sim/faults?kind=cut-after&times=x", "times"},
		{"fault delay", http.MethodPost, "/sim/faults?delay=x", "delay"},
		{"throttle", http.MethodPost, "/sim/throttle?retryAfter=x", "retryAfter"},
		{"throttle op", http.MethodPost, "/sim/throttle?retryAfter=1&op=x", "history"},
		{"access mode", http.MethodPost, "/sim/access?mode=x", "setting-off"},
		{"secret without a value", http.MethodPost, "/sim/entra/secret", "the body is empty"},
		{"vault without a value", http.MethodPost, "/sim/vault/x", "the body is empty"},
		{"delete of nobody", http.MethodDelete, "/sim/vault/nobody", "no secret"},
		{"vault access", http.MethodPost, "/sim/vault-access", "on"},
		{"journal", http.MethodGet, "/sim/journal?after=x", "not a number"},
		{"move", http.MethodPost, "/sim/workspaces/x/shared?on=maybe", "on"},
		{"move nobody", http.MethodPost, "/sim/workspaces/x/shared", "no workspace"},
	} {
		status, text := c.call(row.method, row.target, "")
		var body struct{ Error string }
		if err := json.Unmarshal([]byte(text), &body); err != nil || status != http.StatusBadRequest || !strings.Contains(body.Error, row.text) {
			t.Errorf("%s: got %d %s; want HTTP 400, a text with %q", row.name, status, text, row.text)
		}
	}
	after, err := c.PowerBI.Knobs(sim.Sales())
	c.must(err)
	if after.Busy != before.Busy || after.Duration != before.Duration || len(c.Faults()) != 0 {
		t.Errorf("a refused change took effect: got %+v; want Busy %v, Duration %v, 0 Faults", after, before.Busy, before.Duration)
	}
}

func TestControlFaults(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	c.mustCall(http.MethodPost, "/sim/faults?kind=error-after&op=start&status=502&times=2&skip=1&workspace="+sim.WorkspaceID+"&model="+sim.SalesModel, "")
	var got []int
	c.tune(sim.Sales(), func(k *sim.Knobs) { k.Busy = sim.BusyDrop })
	for range 4 {
		got = append(got, c.start(sim.Finance(), "").status/100, c.start(sim.Sales(), "").status)
	}
	for i, want := range []int{202, 502, 502, 202} {
		if got[2*i+1] != want {
			t.Fatalf("got the statuses in %v, want %d at call %d", got, want, i)
		}
	}
	c.mustCall(http.MethodPost, "/sim/faults?delay=1h&hold=2h&land=3h&times=-1", "")
	if f := c.Faults(); len(f) != 1 || f[0].Delay != time.Hour || f[0].Hold != 2*time.Hour || f[0].Land != 3*time.Hour {
		t.Errorf("got %+v; want one fault, Delay one hour, Hold 2 hours, Land 3 hours", f)
	}
	if text := c.mustCall(http.MethodGet, "/sim/faults", ""); !strings.Contains(text, "Delay") {
		t.Errorf("got %s; want a text with 'Delay'", text)
	}
	c.mustCall(http.MethodDelete, "/sim/faults", "")
	if len(c.Faults()) != 0 {
		t.Error("not cleared; want 0 Faults")
	}
}

func TestControlServices(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	groups := func() int { return c.api(http.MethodGet, "/groups", "").status }
	for _, row := range []struct {
		name, method, target, body string
		check                      func() bool
	}{
		{"throttle", http.MethodPost, "/sim/throttle?retryAfter=20", "", func() bool { return groups() == 429 }},
		{"throttle ends", http.MethodPost, "/sim/throttle?retryAfter=0", "", func() bool { return groups() == 200 }},
		{"throttle one", http.MethodPost, "/sim/throttle?retryAfter=20s&op=start", "", func() bool { return groups() == 200 && c.start(sim.Sales(), "").status == 429 }},
		{"setting off", http.MethodPost, "/sim/access?mode=setting-off", "", func() bool { return groups() == 403 }},
		{"setting on", http.MethodPost, "/sim/access", "", func() bool { return groups() == 200 }},
		{"revoke", http.MethodPost, "/sim/entra/revoke", "", func() bool { return groups() == 403 }},
		{"new secret", http.MethodPost, "/sim/entra/secret", "hunter2\n", func() bool { return c.signIn(sim.TenantID, goodForm("client_secret", "hunter2")).status == 200 }},
		{"expired secret", http.MethodPost, "/sim/entra/secret?expired=1", "stale", func() bool {
			return strings.Contains(c.signIn(sim.TenantID, goodForm("client_secret", "stale")).body, "7000222")
		}},
		{"vault secret", http.MethodPost, "/sim/vault/" + sim.SecretName, "hunter2", func() bool { return c.secret(sim.SecretName, sim.IdentityID).json(t)["value"] == "hunter2" }},
		{"vault disabled", http.MethodPost, "/sim/vault/" + sim.SecretName + "?disabled=1", "x", func() bool { return c.secret(sim.SecretName, sim.IdentityID).status == 403 }},
		{"vault delete", http.MethodDelete, "/sim/vault/" + sim.SecretName, "", func() bool { return c.secret(sim.SecretName, sim.IdentityID).status == 404 }},
		{"vault access", http.MethodPost, "/sim/vault-access?on=false", "", func() bool { return c.secret("any", sim.IdentityID).status == 403 }},
		{"shared", http.MethodPost, "/sim/workspaces/" + sim.WorkspaceID + "/shared", "", func() bool {
			b := c.bench
			b.token = tokenFor(b, sim.ClientID, sim.Audiences()[0])
			return b.api(http.MethodGet, "/groups/"+sim.WorkspaceID, "").json(t)["isOnDedicatedCapacity"] == false
		}},
	} {
		c.mustCall(row.method, row.target, row.body)
		if !row.check() {
			t.Errorf("%s: got no effect, want one", row.name)
		}
	}
	if strings.Contains(c.mustCall(http.MethodGet, "/sim/journal", ""), "hunter2") {
		t.Error("got a journal with a secret, want none in it")
	}
}

func TestControlStateAndJournal(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	c.mustStart(sim.Sales(), "")
	c.mustCall(http.MethodPost, "/sim/access", "")
	var state []struct {
		Model     sim.Ref
		Counters  sim.Counters
		Refreshes []sim.Refresh
	}
	c.must(json.Unmarshal([]byte(c.mustCall(http.MethodGet, "/sim/state", "")), &state))
	if len(state) != 3 || state[0].Model != sim.Sales() || state[0].Counters.Accepted != 1 || len(state[0].Refreshes) != 1 {
		t.Errorf("got %+v; want 3 models, Model %v, Accepted 1, 1 Refreshes", state, sim.Sales())
	}
	var entries []sim.Entry
	c.must(json.Unmarshal([]byte(c.mustCall(http.MethodGet, "/sim/journal?after=1", "")), &entries))
	if last := entries[len(entries)-1]; last.Kind != sim.KindControl || last.Path != "/sim/access" || entries[0].Seq != 2 {
		t.Errorf("got %+v; want Kind %v, Path /sim/access, Seq 2", entries, sim.KindControl)
	}
	if status, _ := c.call(http.MethodGet, "/elsewhere", ""); status != http.StatusNotFound {
		t.Errorf("got %d; want HTTP 404", status)
	}
}
