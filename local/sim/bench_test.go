package sim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

// clock is the simulator's time in tests: it moves only when a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// epoch has odd fractions, so that a lost digit shows.
var epoch = time.Date(2026, 3, 15, 23, 50, 0, 123456700, time.UTC)

// bench is a seeded cloud with a clock, and a client that holds a good token.
type bench struct {
	*sim.Cloud
	t     testing.TB
	clock *clock
	token string
}

func newBench(t testing.TB) *bench {
	t.Helper()
	clk := &clock{now: epoch}
	b := &bench{t: t, clock: clk, Cloud: sim.NewCloud(sim.Options{Now: clk.Now, TokenLifetime: 90 * 24 * time.Hour})}
	token, _, err := b.Token()
	if err != nil {
		t.Fatal(err)
	}
	b.token = token
	return b
}

// reply is an answer that has been read.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

// json decodes the body into a generic value.
func (r reply) json(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("body: got %q: %v; want no error", r.body, err)
	}
	return v
}

func (b *bench) send(method, url, body string, header map[string]string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := b.Transport().RoundTrip(req)
	if err != nil {
		return reply{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, header: resp.Header, body: string(text), err: err}
}

// api calls Power BI with the good token.
func (b *bench) api(method, path, body string) reply {
	b.t.Helper()
	return b.send(method, "https://"+sim.PowerBIHost+"/v1.0/myorg"+path, body, map[string]string{
		"Authorization": "Bearer " + b.token, "Content-Type": "application/json",
	})
}

func refreshesPath(ref sim.Ref) string {
	return "/groups/" + ref.Workspace + "/datasets/" + ref.Model + "/refreshes"
}

func (b *bench) start(ref sim.Ref, body string) reply {
	b.t.Helper()
	return b.api(http.MethodPost, refreshesPath(ref), body)
}

// mustStart returns the id of an accepted refresh.
func (b *bench) mustStart(ref sim.Ref, body string) string {
	b.t.Helper()
	r := b.start(ref, body)
	if r.status != http.StatusAccepted {
		b.t.Fatalf("start: got %d %s %v, want HTTP 202", r.status, r.body, r.err)
	}
	return r.header.Get("RequestId")
}

func (b *bench) history(ref sim.Ref, query string) []map[string]any {
	b.t.Helper()
	r := b.api(http.MethodGet, refreshesPath(ref)+query, "")
	if r.status != http.StatusOK {
		b.t.Fatalf("history: got %d %s, want HTTP 200", r.status, r.body)
	}
	var page struct {
		Value []map[string]any `json:"value"`
	}
	if err := json.Unmarshal([]byte(r.body), &page); err != nil {
		b.t.Fatal(err)
	}
	return page.Value
}

func (b *bench) detail(ref sim.Ref, id string) reply {
	b.t.Helper()
	return b.api(http.MethodGet, refreshesPath(ref)+"/"+id, "")
}

func (b *bench) cancel(ref sim.Ref, id string) reply {
	b.t.Helper()
	return b.api(http.MethodDelete, refreshesPath(ref)+"/"+id, "")
}

func (b *bench) tune(ref sim.Ref, change func(*sim.Knobs)) {
	b.t.Helper()
	b.must(b.PowerBI.Tune(ref, change))
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) counters(ref sim.Ref) sim.Counters {
	b.t.Helper()
	c, err := b.PowerBI.Counters(ref)
	b.must(err)
	return c
}

func (b *bench) truth(ref sim.Ref) []sim.Refresh {
	b.t.Helper()
	list, err := b.PowerBI.Refreshes(ref)
	b.must(err)
	return list
}

// errorOf reads the code and message of the body shapes that have them.
func errorOf(t testing.TB, r reply) (code, message string) {
	t.Helper()
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatalf("body: got %q: %v; want no error", r.body, err)
	}
	return body.Error.Code, body.Error.Message
}
