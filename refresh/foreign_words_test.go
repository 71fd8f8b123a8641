package refresh

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/internal/hostlog"
	"pbirefresh/lease"
	"pbirefresh/local/sim"
	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

// The words of each foreign answer here name Ana.
const anasPage = `<html><head><title>Welcome Ana</title></head><body>Ana</body></html>`

func json400(body string) sim.Answer { return sim.Answer{Status: 400, Body: []byte(body)} }

func page(status int) sim.Answer {
	return sim.Answer{Status: status, Body: []byte(anasPage), Header: http.Header{"Content-Type": {"text/html"}, "Server": {"Ana/1"}}}
}

func status(code int, body string) sim.Answer { return sim.Answer{Status: code, Body: []byte(body)} }

// foreignAnswers are what Power BI, or something between, may answer to each call.
func foreignAnswers() map[string]sim.Fault {
	const inWords = `{"error":{"code":"X","message":"Ana did it"}}`
	faults := map[string]sim.Fault{}
	for _, op := range []sim.Op{sim.OpStart, sim.OpDetail, sim.OpHistory, sim.OpWorkspace, sim.OpCancel} {
		for name, a := range map[string]sim.Answer{
			"400": json400(inWords), "400 in details": json400(`{"error":{"code":"X","pbi.error":{"details":[{"code":"DetailsMessage","detail":{"value":"Ana"}}]}}}`),
			"400 with words as its code": json400(`{"error":"Ana did it","error_description":"Ana"}`), "403": status(403, inWords), "404": status(404, inWords),
			"409": status(409, inWords), "429": status(429, inWords), "503": status(503, inWords), "504 as text": status(504, "Ana timed out"),
			"paused": status(404, `{"error":{"code":"CapacityNotActive","message":"Ana paused it"}}`), "200 as text": status(200, "Ana"), "418": status(418, "Ana"),
			"a page of a 200": page(200), "a page of a 302": page(302), "a page of a 403": page(403), "a page of a 407": page(407), "a page of a 503": page(503),
		} {
			faults[string(op)+", "+name] = sim.Fault{Op: op, Answer: &a, Times: 4}
		}
	}
	return faults
}

// TestNoForeignWordsInTheLog: without the setting, no line of the log has the words of an
// answer, whoever gave it and to which call.
func TestNoForeignWordsInTheLog(t *testing.T) {
	t.Parallel()
	faults := foreignAnswers()
	faults["a failed refresh"] = sim.Fault{}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				log, ended := followed(t, fault)
				for _, line := range log.lines {
					if strings.Contains(line, "Ana") {
						t.Errorf("the log has foreign words: %s", line)
					}
				}
				if f := ended.Operation.Fault; f != nil && strings.Contains(f.Message, "Ana") {
					t.Errorf("our sentence has foreign words, which schedules log: %+v", f)
				}
			})
		})
	}
}

// simulatedCoordinator is one in front of the simulated Power BI, with all that it logs.
func simulatedCoordinator(t *testing.T) (*sim.Cloud, *Coordinator, *console) {
	t.Helper()
	cloud := sim.NewCloud(sim.Options{})
	c, log := newLoggedCoordinator(lease.NewMemory(), nil)
	lines := slog.New(hostlog.New(log, log, nil))
	client, err := powerbi.NewClient(cloudCredential{cloud}, powerbi.Options{Transport: cloud.Transport(), Timeout: 20 * time.Second, Logger: lines})
	if err != nil {
		t.Fatal(err)
	}
	c.cfg.Upstream = NewUpstream(client, lines)
	return cloud, c, log
}

// followed is a refresh that meets the fault, and is cancelled if that is of the cancel.
func followed(t *testing.T, fault sim.Fault) (*console, machine.View) {
	t.Helper()
	cloud, c, log := simulatedCoordinator(t)
	if fault.Op == "" {
		if err := cloud.PowerBI.Next(sim.Sales(), sim.Outcome{Status: "Failed", Code: "Code1", Description: "Login failed for user Ana"}); err != nil {
			t.Fatal(err)
		}
	} else if err := cloud.Fail(fault); err != nil {
		t.Fatal(err)
	}
	r := wholeModel()
	r.Model = modelOfRef(sim.Sales())
	started := mustTrigger(t, c, r).Link()
	if fault.Op == sim.OpCancel {
		if _, err := c.Cancel(t.Context(), started); err != nil {
			t.Fatal(err)
		}
	}
	return log, finish(t, c, started)
}

// TestPageInPowerBIsPlace: whatever a page or a redirect answered to, the end names it.
func TestPageInPowerBIsPlace(t *testing.T) {
	t.Parallel()
	moved := sim.Answer{Status: 307, Header: http.Header{"Location": {"https://portal.example/"}, "Server": {"portal"}}}
	for name, tc := range map[string]struct {
		op     sim.Op
		answer sim.Answer
		code   string
		want   string
	}{
		"a page of a 200":                  {sim.OpStart, page(200), machine.CodeDropped, `something between this app and Power BI answered (HTTP 200 OK, page "Welcome Ana", Server: Ana/1)`},
		"a redirect":                       {sim.OpStart, moved, machine.CodeDropped, "something between this app and Power BI answered (HTTP 307 Temporary Redirect, Server: portal)"},
		"a page of a 403":                  {sim.OpStart, page(403), "NotPowerBI", `something between this app and Power BI answered (HTTP 403 Forbidden, page "Welcome Ana", Server: Ana/1)`},
		"a page of a 200 to the workspace": {sim.OpWorkspace, page(200), machine.CodeTimeout, `something between this app and Power BI answered (HTTP 200 OK, page "Welcome Ana", Server: Ana/1)`},
		"words of a 503":                   {sim.OpStart, status(503, `{"error":{"code":"X","message":"Ana rests"}}`), machine.CodeDropped, "Power BI says: Ana rests."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				_, ended := followed(t, sim.Fault{Op: tc.op, Answer: &tc.answer, Times: -1})
				f := ended.Operation.Fault
				if f == nil || f.Code != tc.code || !strings.Contains(strings.ToLower(f.Text()), strings.ToLower(tc.want)) {
					t.Fatalf("got %+v\nwant %s with %q", f, tc.code, tc.want)
				}
				if tc.op == sim.OpStart && tc.want[0] == 's' && !strings.Contains(f.Text(), "proxy or firewall") {
					t.Errorf("the remedy is missing: %s", f.Text())
				}
			})
		})
	}
}
