package sim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/local/sim"
)

func TestFaultMatching(t *testing.T) {
	t.Parallel()
	unavailable := func(f sim.Fault) sim.Fault { f.Kind = sim.ErrorBefore; return f }
	for _, row := range []struct {
		name  string
		fault sim.Fault
		want  []int // statuses of: start Sales, history Sales, start Finance, history Finance
	}{
		{"any call, once", unavailable(sim.Fault{}), []int{503, 200, 202, 200}},
		{"one kind of call", unavailable(sim.Fault{Op: sim.OpHistory}), []int{202, 503, 202, 200}},
		{"one model", unavailable(sim.Fault{Model: sim.Finance()}), []int{202, 200, 503, 200}},
		{"one workspace, every time", unavailable(sim.Fault{Model: sim.Ref{Workspace: sim.WorkspaceID}, Times: -1}), []int{503, 503, 503, 503}},
		{"skip one", unavailable(sim.Fault{Op: sim.OpHistory, Skip: 1}), []int{202, 200, 202, 503}},
		{"skip two", unavailable(sim.Fault{Skip: 2}), []int{202, 200, 503, 200}},
		{"twice", unavailable(sim.Fault{Times: 2}), []int{503, 503, 202, 200}},
		{"another status", sim.Fault{Kind: sim.ErrorBefore, Status: 500}, []int{500, 200, 202, 200}},
		{"another service", unavailable(sim.Fault{Op: sim.OpToken}), []int{202, 200, 202, 200}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.must(b.Fail(row.fault))
			var got []int
			for _, ref := range []sim.Ref{sim.Sales(), sim.Finance()} {
				got = append(got, b.start(ref, "").status, b.api(http.MethodGet, refreshesPath(ref), "").status)
			}
			for i := range got {
				if got[i] != row.want[i] {
					t.Fatalf("%v, want %v", got, row.want)
				}
			}
		})
	}
}

// The point of the whole package: what the caller sees, against what happened.
func TestFaultsBeforeAndAfterAcceptance(t *testing.T) {
	t.Parallel()
	rows := map[sim.FaultKind]struct {
		status   int // 0: the connection is cut
		accepted bool
		header   string
		text     string
	}{
		sim.CutBefore:         {0, false, "", ""},
		sim.CutAfter:          {0, true, "", ""},
		sim.ErrorBefore:       {503, false, "", ""},
		sim.ErrorAfter:        {503, true, "", ""},
		sim.ErrorAfterNamed:   {503, true, "Location", ""},
		sim.Waking:            {202, true, "Location", ""},
		sim.Throttled:         {429, false, "Retry-After", "Retry in 20 seconds."},
		sim.NoAuthorization:   {403, false, "", ""},
		sim.InvalidToken:      {403, false, errorInfo, ""},
		sim.TokenExpired:      {403, false, errorInfo, ""},
		sim.TokenExpiredBody:  {403, false, "", "resubmit with a new access token"},
		sim.GroupInaccessible: {401, false, errorInfo, ""},
		sim.NotAuthorized:     {401, false, "", "PowerBINotAuthorizedException"},
		sim.APIInaccessible:   {403, false, "", "API is not accessible for application"},
		sim.ConditionalAccess: {401, false, "WWW-Authenticate", ""},
		sim.EntityNotFound:    {404, false, "", "PowerBIEntityNotFound"},
		sim.NotModelBased:     {415, false, "", "Model-based dataset"},
		sim.Busy400Answer:     {400, false, "", "Another refresh request is already executing"},
		sim.Busy409Answer:     {409, false, "", "Another refresh request is already executing"},
		sim.BareBadRequest:    {400, false, "", ""},
		sim.QuotaExceeded:     {400, false, "", "exceeded limit"},
		sim.HTMLError:         {502, false, "Content-Type", "<html>"},
		sim.TruncatedJSON:     {200, true, "Content-Type", `{"value":[`},
		sim.UnexpectedSuccess: {200, false, "", ""},
		sim.TokenChallenge:    {401, false, "WWW-Authenticate", ""},
		sim.CapacityPaused:    {404, false, "", "CapacityNotActive"},
		sim.CapacityLimit:     {400, false, "", "Try again later"},
		sim.FolderNotFound:    {404, false, "", "PowerBIFolderNotFound"},
		sim.BeingModified:     {409, false, "", "being modified"},
		sim.FirewallPage:      {403, false, "Server", "<title>"},
		sim.ProxySignIn:       {407, false, "Proxy-Authenticate", "<title>"},
		sim.PortalPage:        {200, false, "Content-Type", "<title>"},
		sim.ByteOrderMark:     {200, false, "Content-Type", "\xef\xbb\xbf{"},
		sim.Redirected:        {307, false, "Location", ""},
	}
	for _, kind := range sim.FaultKinds() {
		row, ok := rows[kind]
		if !ok {
			t.Errorf("got no row for the kind %s, want one", kind)
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			f := sim.Fault{Kind: kind, Op: sim.OpStart}
			if kind == sim.Waking {
				f.Land = time.Millisecond
			}
			b.must(b.Fail(f))
			r := b.start(sim.Sales(), `{"type":"full"}`)
			if cut := errors.Is(r.err, io.ErrUnexpectedEOF); r.status != row.status || cut != (row.status == 0) {
				t.Errorf("got %d, %v; want HTTP %d, 0 for a cut connection", r.status, r.err, row.status)
			}
			if row.header != "" && r.header.Get(row.header) == "" {
				t.Errorf("got no header %s, want one", row.header)
			}
			if row.text == "" && r.body != "" || !strings.Contains(r.body, row.text) {
				t.Errorf("body: got %q, want %q in it", r.body, row.text)
			}
			entries := b.Journal.Entries(0)
			if accepted := len(b.truth(sim.Sales())) == 1; accepted != row.accepted {
				t.Errorf("accepted: got %v; want %v", accepted, row.accepted)
			}
			if last := entries[len(entries)-1]; last.Fault != string(kind) || last.Status != row.status {
				t.Errorf("journal: got %+v; want Fault %v, HTTP %v", last, string(kind), row.status)
			}
			if len(b.Faults()) != 0 {
				t.Error("the fault is still there; want 0 Faults")
			}
		})
	}
}

func TestFaultMistakesAndClearing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.Fail(sim.Fault{Kind: "nonsense"}); err == nil || !strings.Contains(err.Error(), "cut-after") {
		t.Errorf("got %v, want an error that lists the kinds", err)
	}
	b.must(b.Fail(sim.Fault{Kind: sim.CutBefore, Times: -1}))
	if n := len(b.Faults()); n != 1 {
		t.Errorf("got %d faults; want 1", n)
	}
	b.ClearFaults()
	b.mustStart(sim.Sales(), "")
}

func TestOwnAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	teapot := &sim.Answer{Status: http.StatusTeapot, Header: http.Header{"X-Odd": {"1"}}, Body: []byte("short and stout")}
	b.must(b.Fail(sim.Fault{Op: sim.OpStart, Answer: teapot, Times: 2, After: true}))
	for range 2 {
		if r := b.start(sim.Sales(), ""); r.status != http.StatusTeapot || r.body != "short and stout" || r.header.Get("X-Odd") != "1" {
			t.Errorf("got %d %q; want HTTP 418, body short and stout, X-Odd 1", r.status, r.body)
		}
	}
	if c := b.counters(sim.Sales()); c.Posts != 2 || c.Accepted != 1 {
		t.Errorf("got %+v; want Posts 2, Accepted 1", c)
	}
}

// inBubble runs fn in a synctest bubble, with a cloud on the bubble's clock.
func inBubble(t *testing.T, fn func(t *testing.T, c *sim.Cloud, post func(context.Context) (int, error))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := sim.NewCloud(sim.Options{})
		token, _, err := c.Token()
		if err != nil {
			t.Fatal(err)
		}
		transport := c.Transport()
		fn(t, c, func(ctx context.Context) (int, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+sim.PowerBIHost+"/v1.0/myorg"+refreshesPath(sim.Sales()), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := transport.Do(req)
			if err != nil {
				return 0, err
			}
			return resp.StatusCode, resp.Body.Close()
		})
	})
}

func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		fault    sim.Fault
		patience time.Duration
		status   int
		accepted int // right after the call
		later    int // ten minutes later
	}{
		{"slow before, patient", sim.Fault{Delay: 20 * time.Second}, time.Minute, 202, 1, 1},
		{"slow before, impatient: nothing happened", sim.Fault{Delay: 20 * time.Second}, 5 * time.Second, 0, 0, 0},
		{"slow after, patient", sim.Fault{Hold: 20 * time.Second}, time.Minute, 202, 1, 1},
		{"slow after, impatient: it happened", sim.Fault{Hold: 20 * time.Second}, 5 * time.Second, 0, 1, 1},
		{"late landing, patient", sim.Fault{Land: 20 * time.Second}, time.Minute, 202, 1, 1},
		{"late landing, impatient: it happens later", sim.Fault{Land: 5 * time.Minute}, 5 * time.Second, 0, 0, 1},
		{"slow, then cut", sim.Fault{Delay: time.Second, Kind: sim.CutAfter}, time.Minute, 0, 1, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, c *sim.Cloud, post func(context.Context) (int, error)) {
				if err := c.Fail(row.fault); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), row.patience)
				defer cancel()
				status, err := post(ctx)
				if status != row.status || (status == 0) != (err != nil) {
					t.Errorf("got %d, %v; want HTTP %d, 0 with an error", status, err, row.status)
				}
				if row.status == 0 && row.patience < 20*time.Second && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want the context's error", err)
				}
				for _, want := range []int{row.accepted, row.later} {
					list, err := c.PowerBI.Refreshes(sim.Sales())
					if err != nil || len(list) != want {
						t.Errorf("%d refreshes, want %d (%v)", len(list), want, err)
					}
					time.Sleep(10 * time.Minute) // virtual
				}
			})
		})
	}
}

// A request that lands late is judged at that moment: it may meet a refresh that was started meanwhile.
func TestLateLandingMeetsAnotherRefresh(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sim.Cloud, post func(context.Context) (int, error)) {
		if err := c.Fail(sim.Fault{Op: sim.OpStart, Land: 10 * time.Second}); err != nil {
			t.Fatal(err)
		}
		done := make(chan int)
		go func() {
			status, _ := post(t.Context())
			done <- status
		}()
		time.Sleep(9 * time.Second) // virtual
		if status, err := post(t.Context()); status != http.StatusAccepted {
			t.Fatalf("got %d, %v; want HTTP 202", status, err)
		}
		if status := <-done; status != http.StatusBadRequest {
			t.Errorf("the late one: %d, want busy", status)
		}
		counters, err := c.PowerBI.Counters(sim.Sales())
		if err != nil || counters.RefusedByOwn != 1 || counters.MaxOverlap != 1 {
			t.Errorf("got %+v %v; want RefusedByOwn 1, MaxOverlap 1", counters, err)
		}
	})
}

func TestLateLandingsInOrder(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sim.Cloud, post func(context.Context) (int, error)) {
		start := time.Now()
		for _, land := range []time.Duration{30 * time.Second, 10 * time.Second, 20 * time.Second} {
			if err := c.Fail(sim.Fault{Land: land}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := post(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v; want the error %v", err, context.DeadlineExceeded)
			}
			cancel()
		}
		time.Sleep(time.Hour) // virtual
		list, err := c.PowerBI.Refreshes(sim.Sales())
		if err != nil || len(list) != 3 {
			t.Fatalf("got %v, %v; want 3 refreshes", list, err)
		}
		for i, want := range []time.Duration{11 * time.Second, 22 * time.Second, 30 * time.Second} {
			if got := list[i].Accepted.Sub(start); got != want {
				t.Errorf("landing %d after %v, want %v", i, got, want)
			}
		}
	})
}

// At the same moment an end comes before a landing, so a request that arrives just as the model becomes free is accepted.
func TestLandingAtTheMomentOfTheEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sim.Cloud, post func(context.Context) (int, error)) {
		if _, err := c.PowerBI.StartForeign(sim.Sales(), sim.ViaPortal, 10*time.Second); err != nil {
			t.Fatal(err)
		}
		if err := c.Fail(sim.Fault{Land: 10 * time.Second}); err != nil {
			t.Fatal(err)
		}
		if status, err := post(t.Context()); status != http.StatusAccepted {
			t.Errorf("got %d %v; want HTTP 202", status, err)
		}
	})
}

// The timer that holds the caller back and the injected clock need not agree.
func TestLateLandingOnAClockThatStandsStill(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.Fail(sim.Fault{Land: time.Millisecond}))
	if r := b.start(sim.Sales(), ""); r.status != http.StatusAccepted {
		t.Errorf("got %d %v; want HTTP 202", r.status, r.err)
	}
	if got := b.truth(sim.Sales())[0].Accepted; !got.Equal(epoch.Add(time.Millisecond)) {
		t.Errorf("accepted: got %v, want a millisecond after %v", got, epoch)
	}
}

func TestLateLandingIsRefusedAtOnceWithoutPermission(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sim.Cloud, post func(context.Context) (int, error)) {
		c.PowerBI.SetAccess(sim.AccessSettingOff)
		if err := c.Fail(sim.Fault{Land: time.Second}); err != nil {
			t.Fatal(err)
		}
		if status, err := post(t.Context()); status != http.StatusForbidden {
			t.Errorf("got %d %v; want HTTP 403", status, err)
		}
	})
}

func TestTransportRefusesUnknownHosts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if r := b.send(http.MethodGet, "https://example.invalid/", "", nil); r.err == nil || !strings.Contains(r.err.Error(), "example.invalid") {
		t.Errorf("got %v; want a text with 'example.invalid'", r.err)
	}
}

func TestTransportWithAnOrdinaryHandler(t *testing.T) {
	t.Parallel()
	transport := sim.NewTransport(map[string]http.Handler{"Plain.Example": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/panic" {
			panic("a bug")
		}
		if r.URL.Path == "/silent" {
			return
		}
		w.WriteHeader(http.StatusCreated)
		w.WriteHeader(http.StatusOK) // superfluous
		_, _ = w.Write(append([]byte(r.Host+" "+r.RequestURI+" "), body...))
	})})
	client := &http.Client{Transport: transport}
	send := func(path string, body io.Reader) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://plain.example"+path, body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	resp := send("/a?b=c", strings.NewReader("hello"))
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusCreated || string(text) != "plain.example /a?b=c hello" || resp.ContentLength != int64(len(text)) {
		t.Errorf("got %d %q %v; want HTTP 201 and the request's host, URL and body", resp.StatusCode, text, err)
	}
	if resp := send("/silent", nil); resp.StatusCode != http.StatusOK || resp.Status != "200 OK" {
		t.Errorf("got %s; want HTTP 200, HTTP 200 OK", resp.Status)
	}
	defer func() {
		if recover() == nil {
			t.Error("got no panic, want the handler's own")
		}
	}()
	send("/panic", nil)
}
