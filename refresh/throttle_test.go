package refresh

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/lease"
	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

// throttlingPBI is the wire of a Power BI that refreshes any model within a minute, and
// throttles POSTs or reads for a while.
type throttlingPBI struct {
	mu      sync.Mutex
	until   map[string]time.Time   // by method: throttled until then
	sent    map[string][]time.Time // by method
	started map[string]time.Time   // by id
	of      map[string][]string    // ids by model
}

func newThrottlingPBI() *throttlingPBI {
	return &throttlingPBI{until: map[string]time.Time{}, sent: map[string][]time.Time{}, started: map[string]time.Time{}, of: map[string][]string{}}
}

func (p *throttlingPBI) throttle(method string, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until[method] = time.Now().Add(d)
}

// requests returns when requests of that method were sent since then.
func (p *throttlingPBI) requests(method string, since time.Time) []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []time.Time
	for _, at := range p.sent[method] {
		if !at.Before(since) {
			list = append(list, at)
		}
	}
	return list
}

func (p *throttlingPBI) Do(r *http.Request) (*http.Response, error) {
	time.Sleep(100 * time.Millisecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[r.Method] = append(p.sent[r.Method], time.Now())
	reply := func(status int, body string, headers ...string) (*http.Response, error) {
		h := http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}}
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewBufferString(body)), Request: r}, nil
	}
	if wait := time.Until(p.until[r.Method]); wait > 0 {
		return reply(http.StatusTooManyRequests, "", "Retry-After", fmt.Sprint(int(wait.Seconds()+0.999)))
	}
	model, id, named := strings.Cut(strings.TrimSuffix(r.URL.Path, "/"), "/refreshes/")
	switch {
	case r.Method == http.MethodPost:
		model = strings.TrimSuffix(model, "/refreshes")
		id = fmt.Sprintf("%08x-0000-4000-8000-000000000000", len(p.started)+1)
		p.started[id], p.of[model] = time.Now(), append(p.of[model], id)
		return reply(http.StatusAccepted, "", "x-ms-request-id", id)
	case named:
		return reply(http.StatusOK, p.row(id))
	}
	var rows []string
	for _, id := range p.of[strings.TrimSuffix(model, "/refreshes")] {
		rows = append([]string{p.row(id)}, rows...)
	}
	return reply(http.StatusOK, `{"value":[`+strings.Join(rows, ",")+`]}`)
}

func (p *throttlingPBI) row(id string) string {
	start, status, end := p.started[id], "Unknown", ""
	if done := start.Add(time.Minute); !time.Now().Before(done) {
		status, end = "Completed", `,"endTime":"`+done.UTC().Format(time.RFC3339Nano)+`"`
	}
	return `{"requestId":"` + id + `","refreshType":"ViaEnhancedApi","startTime":"` + start.UTC().Format(time.RFC3339Nano) + `"` + end +
		`,"status":"` + status + `"}`
}

type anyToken struct{}

func (anyToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(24 * time.Hour)}, nil
}

// throttled50 is two processes with the real client, 50 models, and timers.
type throttled50 struct {
	t         *testing.T
	pbi       *throttlingPBI
	processes []*Coordinator
	ids       []Link
}

const manyModelsThere = 50

func newThrottled50(t *testing.T) *throttled50 {
	t.Helper()
	w := &throttled50{t: t, pbi: newThrottlingPBI()}
	store := lease.NewMemory()
	for range 2 {
		client, err := powerbi.NewClient(anyToken{}, powerbi.Options{Transport: w.pbi, Timeout: 20 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		w.processes = append(w.processes, newTestCoordinator(store, NewUpstream(client, slog.New(slog.DiscardHandler))))
	}
	return w
}

// trigger asks for a refresh of each model, one after the other.
func (w *throttled50) trigger() {
	w.t.Helper()
	w.ids = nil
	for i := range manyModelsThere {
		r := wholeModel()
		r.Model.DatasetID = fmt.Sprintf("cfafbeb1-8037-4d0c-896e-%012x", i)
		r.Ask.Shape.Kind = machine.Enhanced
		w.ids = append(w.ids, mustTrigger(w.t, w.processes[i%2], r).Link())
	}
}

// sweepFor lets the timers of both processes run.
func (w *throttled50) sweepFor(d time.Duration) {
	w.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Second) {
		for _, c := range w.processes {
			sweep(w.t, c)
		}
	}
}

func (w *throttled50) ended() (succeeded int) {
	w.t.Helper()
	for i, id := range w.ids {
		v := mustStatus(w.t, w.processes[(i+1)%2], id)
		if v.Status == machine.StatusSucceeded {
			succeeded++
		} else if v.Status.Terminal() {
			w.t.Errorf("model %d: %s", i, v.Status)
		}
	}
	return succeeded
}

// crowd is the largest number of requests within a time.
func crowd(list []time.Time, d time.Duration) int {
	most := 0
	for i, from := range list {
		n := 0
		for _, at := range list[i:] {
			if at.Before(from.Add(d)) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// untold is how many requests may be under way when the first of a process is told to wait.
const untold = 2 * sweepAtOnce

const anHour = 3392 * time.Second // the longest Retry-After that was seen

// POSTs are throttled for an hour. What runs is watched to its end meanwhile. What is not
// under way when a process is told is not sent; afterwards each model posts once, and not all at the same time.
func TestThrottledPostsOfManyModels(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := newThrottled50(t)
		w.trigger()
		running := w.ids
		w.pbi.throttle(http.MethodPost, anHour)
		since, opens := time.Now(), time.Now().Add(anHour)
		time.Sleep(time.Second)
		w.trigger() // behind what runs
		w.sweepFor(10 * time.Minute)
		waiting := w.ids
		w.ids = running
		if n := w.ended(); n != manyModelsThere {
			t.Errorf("%d of those that ran have ended: throttled POSTs keep reads back", n)
		}
		w.ids = waiting
		w.sweepFor(anHour - 11*time.Minute)
		if posts := w.pbi.requests(http.MethodPost, since); len(posts) == 0 || len(posts) > untold || w.ended() != 0 {
			t.Errorf("%d POSTs within the hour, want at most %d", len(posts), untold)
		}
		w.sweepFor(15 * time.Minute)
		after := w.pbi.requests(http.MethodPost, opens)
		if len(after) != manyModelsThere || w.ended() != manyModelsThere {
			t.Errorf("%d POSTs after the hour, %d succeeded", len(after), w.ended())
		}
		if n := crowd(after, 10*time.Second); n > 10 {
			t.Errorf("%d POSTs within ten seconds: a storm", n)
		}
		for i, id := range w.ids {
			if v := mustStatus(t, w.processes[0], id); len(v.Operation.Tries) != 1 {
				t.Errorf("model %d: %d attempts are spent", i, len(v.Operation.Tries))
			}
		}
	})
}

// Reads are throttled for an hour. Models that are idle are refreshed at once all the
// same; afterwards everything that has ended is found, and not by all at the same time.
func TestThrottledReadsOfManyModels(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := newThrottled50(t)
		w.pbi.throttle(http.MethodGet, anHour)
		since, opens := time.Now(), time.Now().Add(anHour)
		w.trigger()
		if posts := w.pbi.requests(http.MethodPost, since); len(posts) != manyModelsThere || time.Since(since) > time.Minute {
			t.Errorf("%d POSTs after %v: throttled reads keep them back", len(posts), time.Since(since))
		}
		w.sweepFor(time.Until(opens) - time.Minute)
		if reads := w.pbi.requests(http.MethodGet, since); len(reads) == 0 || len(reads) > untold {
			t.Errorf("%d reads within the hour, want at most %d", len(reads), untold)
		}
		w.sweepFor(15 * time.Minute)
		if n := w.ended(); n != manyModelsThere {
			t.Errorf("%d succeeded after the hour", n)
		}
		reads := w.pbi.requests(http.MethodGet, opens)
		if n := crowd(reads, 10*time.Second); n > 20 || len(reads) > 3*manyModelsThere {
			t.Errorf("%d reads after the hour, %d of them within ten seconds: a storm", len(reads), n)
		}
	})
}
