package sim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/local/sim"
)

// Faults work on every service, by the kind of call.
func TestFaultsOfTheOtherServices(t *testing.T) {
	t.Parallel()
	calls := map[sim.Op]func(*bench) reply{
		sim.OpToken:     func(b *bench) reply { return b.signIn(sim.TenantID, goodForm()) },
		sim.OpDiscovery: discover,
		sim.OpIdentity:  identify,
		sim.OpSecret:    func(b *bench) reply { return b.secret(sim.SecretName, sim.IdentityID) },
		sim.OpVersions:  func(b *bench) reply { return b.secret(sim.SecretName+"/versions", sim.IdentityID) },
		sim.OpWorkspace: func(b *bench) reply { return b.api(http.MethodGet, "/groups/"+sim.WorkspaceID, "") },
		sim.OpDatasets:  func(b *bench) reply { return b.api(http.MethodGet, "/groups/"+sim.WorkspaceID+"/datasets", "") },
	}
	for op, call := range calls {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.must(b.Fail(sim.Fault{Kind: sim.ErrorBefore, Op: op, Status: 500}))
			b.must(b.Fail(sim.Fault{Kind: sim.CutAfter, Op: op}))
			b.must(b.Fail(sim.Fault{Kind: sim.Throttled, Op: op}))
			for other, otherCall := range calls {
				if r := otherCall(b); other != op && r.status != http.StatusOK {
					t.Errorf("fault of %s: got %d, %v for %s, want HTTP 200", op, r.status, r.err, other)
				} else if other == op && r.status != 500 {
					t.Errorf("first: got %d, want HTTP 500", r.status)
				}
			}
			if r := call(b); !errors.Is(r.err, io.ErrUnexpectedEOF) {
				t.Errorf("second: got %d %v; want the error %v", r.status, r.err, io.ErrUnexpectedEOF)
			}
			if r := call(b); r.status != http.StatusTooManyRequests {
				t.Errorf("third: got %d; want HTTP 429", r.status)
			}
			if r := call(b); r.status != http.StatusOK {
				t.Errorf("fourth: got %d; want HTTP 200", r.status)
			}
		})
	}
}

func discover(b *bench) reply {
	return b.send(http.MethodGet, "https://"+sim.EntraHost+"/"+sim.TenantID+"/v2.0/.well-known/openid-configuration", "", nil)
}

func identify(b *bench) reply {
	return b.send(http.MethodGet, "http://"+sim.IdentityHost+"/?api-version=2019-08-01&resource=x", "",
		map[string]string{"X-IDENTITY-HEADER": b.Identity.Header()})
}

// Close does not wait for an answer that a fault holds back.
func TestCloseEndsSlowAnswers(t *testing.T) {
	t.Parallel()
	w, err := sim.Start(sim.WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Fail(sim.Fault{Op: sim.OpWorkspaces, Delay: time.Hour}); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := worldCall(t, w, w.Client(), http.MethodGet, "/groups")
		failed <- err
	}()
	for len(w.Faults()) > 0 { // until the call has arrived
		w.PowerBI.Advance()
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := <-failed; err == nil {
		t.Error("the call succeeded; want an error")
	}
}

// A careful client that starts only when the history shows nothing running: the counters must find nothing to blame.
func TestACarefulClientIsNotBlamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sim.NewCloud(sim.Options{Duration: 30 * time.Second})
		client := &careful{t: t, transport: c.Transport(), token: mustToken(t, c)}
		for range 20 {
			client.refresh(t.Context())
		}
		counters, err := c.PowerBI.Counters(sim.Sales())
		if want := (sim.Counters{Posts: 20, Accepted: 20, MaxOverlap: 1, Begun: 20}); err != nil || counters != want {
			t.Errorf("got %+v %v; want counters %v", counters, err, want)
		}
	})
}

// A hasty one is blamed, in whatever way Power BI reacts.
func TestAHastyClientIsBlamed(t *testing.T) {
	t.Parallel()
	for _, mode := range []sim.BusyMode{sim.Busy400, sim.Busy409, sim.BusyBare, sim.BusyQueue, sim.BusyDrop} {
		b := newBench(t)
		b.tune(sim.Sales(), func(k *sim.Knobs) { k.Busy = mode })
		b.start(sim.Sales(), "")
		b.start(sim.Sales(), "")
		if c := b.counters(sim.Sales()); c.MaxOverlap < 2 && c.RefusedByOwn == 0 {
			t.Errorf("%q: got %+v, want an overlap or a refusal by its own refresh", mode, c)
		}
	}
}

type careful struct {
	t         *testing.T
	transport http.RoundTripper
	token     string
}

func mustToken(t *testing.T, c *sim.Cloud) string {
	t.Helper()
	token, _, err := c.Token()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (c *careful) call(ctx context.Context, method string) (int, string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "https://"+sim.PowerBIHost+"/v1.0/myorg"+refreshesPath(sim.Sales()), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (c *careful) refresh(ctx context.Context) {
	c.t.Helper()
	if status, text := c.call(ctx, http.MethodPost); status != http.StatusAccepted {
		c.t.Fatalf("got %d %s, want HTTP 202", status, text)
	}
	for {
		if _, text := c.call(ctx, http.MethodGet); !strings.Contains(text, `"status":"Unknown"`) {
			return
		}
		time.Sleep(7 * time.Second) // virtual
	}
}

// Whatever is sent, Power BI answers with its headers and a status that it documents or was seen to use.
func FuzzPowerBI(f *testing.F) {
	f.Add("POST", "/refreshes", "", `{"type":"Full"}`)
	f.Add("GET", "/refreshes", "$top=3", "")
	f.Add("DELETE", "/refreshes/x", "", "")
	f.Add("POST", "/executeQueries", "", `{"queries":[{"query":"x"}]}`)
	f.Add("PATCH", "", "", "{")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		b := newBench(t)
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+sim.PowerBIHost+"/", strings.NewReader(body))
		req.Method, req.URL.RawQuery = method, query
		req.URL.Path = "/v1.0/myorg/groups/" + sim.WorkspaceID + "/datasets/" + sim.SalesModel + path
		req.Header.Set("Authorization", "Bearer "+b.token)
		rec := httptest.NewRecorder()
		b.PowerBI.ServeHTTP(rec, req)
		if rec.Header().Get("RequestId") == "" {
			t.Error("no RequestId; want a value for RequestId")
		}
		switch rec.Code {
		case 200, 202, 301, 307, 308, 400, 404, 405, 409, 415:
		default:
			t.Errorf("got HTTP %d, want a status of the control plane", rec.Code)
		}
	})
}

// Whatever is sent, the control plane answers 200, or 400 with a reason.
func FuzzControl(f *testing.F) {
	f.Add("set", "duration=5s&busy=queue")
	f.Add("busy", "for=30s")
	f.Add("fail-next", "class=credentials")
	f.Fuzz(func(t *testing.T, what, query string) {
		b := newBench(t)
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/", nil)
		req.URL.Path, req.URL.RawQuery = modelURL(sim.Sales(), what), query
		rec := httptest.NewRecorder()
		sim.NewControl(b.Cloud).ServeHTTP(rec, req)
		if rec.Code == http.StatusBadRequest && !strings.Contains(rec.Body.String(), `"error":"`) {
			t.Errorf("got %s, want an error with a reason", rec.Body)
		}
		if rec.Code >= 500 {
			t.Errorf("got HTTP %d, want one below 500", rec.Code)
		}
		b.history(sim.Sales(), "") // still well
	})
}
