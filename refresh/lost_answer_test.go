package refresh

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/local/sim"
	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

// A capacity that needs 100 s to wake (seen), and answers lost in each way: wherever an id
// or the clocks show whose refresh it is, one POST is enough.
func TestALostAnswerCostsOneRefreshWhereAnythingShowsWhose(t *testing.T) {
	t.Parallel()
	waking := sim.Fault{Kind: sim.Waking, Op: sim.OpStart}
	lost := sim.Fault{Kind: sim.Waking, Op: sim.OpStart, Cut: true, After: true}
	for name, tc := range map[string]struct {
		kind    machine.Kind
		keeps   bool // Power BI keeps the id that the POST carried
		fault   sim.Fault
		window  time.Duration
		adopted bool
		posts   int
	}{
		"it answers after 100 s":                          {machine.Enhanced, false, waking, 5 * time.Minute, false, 1},
		"with the shortest window":                        {machine.Enhanced, false, waking, 30 * time.Second, false, 1},
		"that answer is lost, Power BI keeps our id":      {machine.Enhanced, true, lost, 30 * time.Second, true, 1},
		"lost, a standard refresh: the clocks show it":    {machine.Standard, false, lost, 30 * time.Second, true, 1},
		"a 503 names the refresh":                         {machine.Enhanced, false, sim.Fault{Kind: sim.ErrorAfterNamed, Op: sim.OpStart}, 5 * time.Minute, true, 1},
		"a 503 names a standard refresh":                  {machine.Standard, false, sim.Fault{Kind: sim.ErrorAfterNamed, Op: sim.OpStart}, 5 * time.Minute, true, 1},
		"lost, and nothing shows what an enhanced one is": {machine.Enhanced, false, lost, 5 * time.Minute, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				cloud, upstream := simulated(t)
				if err := cloud.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) { k.KeepRequestID = tc.keeps }); err != nil {
					t.Fatal(err)
				}
				if err := cloud.Fail(tc.fault); err != nil {
					t.Fatal(err)
				}
				store, rules := lease.NewMemory(), machine.DefaultRules()
				rules.SettleWindow = tc.window
				c := New(Config{Store: store, Upstream: upstream, Keys: NewStatusKeys(store), Rules: rules})
				r, began := wholeModel(), time.Now()
				r.Model, r.Ask.Shape.Kind = modelOfRef(sim.Sales()), tc.kind
				id := mustTrigger(t, c, r).Link()
				if took := time.Since(began); took > handOver+time.Second {
					t.Errorf("the caller waited %v for its 202", took)
				}
				v := finish(t, c, id)
				first := v.Operation.Tries[0]
				counters, _ := cloud.PowerBI.Counters(sim.Sales())
				if v.Status != machine.StatusSucceeded || counters.Posts != tc.posts || first.Adopted != tc.adopted {
					t.Errorf("%s after %v and %d posts, want %d; adopted %v, want %v: %+v", v.Status, time.Since(began), counters.Posts, tc.posts,
						first.Adopted, tc.adopted, v.Operation.Tries)
				}
			})
		})
	}
}

// Each waits longer for the answer to a start than the slowest that was reported.
func TestAStartOutlivesTheSlowestWakeUp(t *testing.T) {
	t.Parallel()
	const slowest = 100 * time.Second
	if r := machine.DefaultRules(); r.PostLimit <= slowest || powerbi.DefaultStartTimeout <= slowest || powerbi.DefaultStartTimeout > r.PostLimit {
		t.Errorf("the sender waits %v, the client %v, want more than %v and no longer than the sender", r.PostLimit, powerbi.DefaultStartTimeout, slowest)
	}
}

// An attempt is a GUID, and its POST carries it in both headers.
func TestThePostCarriesTheAttemptsID(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := &posts{}
		client, err := powerbi.NewClient(anyToken{}, powerbi.Options{Transport: w})
		if err != nil {
			t.Fatal(err)
		}
		store := lease.NewMemory()
		c := newTestCoordinator(store, NewUpstream(client, slog.New(slog.DiscardHandler)))
		r := wholeModel()
		r.Ask.Shape.Kind = machine.Standard
		mustTrigger(t, c, r)
		doc, err := store.Read(t.Context(), StateName(testModel))
		if err != nil {
			t.Fatal(err)
		}
		s, err := machine.Decode(doc.Body)
		if err != nil || s.Attempt == nil {
			t.Fatalf("%v: %s", err, doc.Body)
		}
		id := s.Attempt.Txn
		if len(id) != 36 || w.header.Get("RequestId") != id || w.header.Get("x-ms-client-request-id") != id {
			t.Errorf("attempt %q, headers %v", id, w.header)
		}
	})
}

// An answer that is neither yes nor no keeps its ids; what is no id, and a refusal's, do not count.
func TestAnswersWithoutYesOrNoNameTheRefresh(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer sim.Answer
		want   string
	}{
		"a 503 with each header": {sim.Answer{Status: 503, Header: http.Header{"Location": {"https://x/refreshes/aaaaaaaa-1"}, "X-Ms-Request-Id": {"bbbbbbbb-2"}, "Requestid": {"cccccccc-3"}}},
			"aaaaaaaa-1,bbbbbbbb-2,cccccccc-3"},
		"the same id three times": {sim.Answer{Status: 502, Header: http.Header{"Location": {"https://x/refreshes/aaaaaaaa-1"}, "X-Ms-Request-Id": {"aaaaaaaa-1"}, "Requestid": {"aaaaaaaa-1"}}}, "aaaaaaaa-1"},
		"a redirect":              {sim.Answer{Status: 307, Header: http.Header{"Location": {"https://other.invalid/"}, "Requestid": {"cccccccc-3"}}}, "cccccccc-3"},
		"an id that is none":      {sim.Answer{Status: 503, Header: http.Header{"Requestid": {"<script>"}}}, ""},
		"a refusal":               {sim.Answer{Status: 400, Header: http.Header{"Requestid": {"cccccccc-3"}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				cloud, upstream := simulated(t)
				if err := cloud.Fail(sim.Fault{Op: sim.OpStart, Answer: &tc.answer}); err != nil {
					t.Fatal(err)
				}
				got := upstream.Post(t.Context(), modelOfRef(sim.Sales()), wholePost(), soon())
				if ids := strings.Join(got.Named, ","); ids != tc.want {
					t.Errorf("%s with ids %q, want %q", got.Kind, ids, tc.want)
				}
			})
		})
	}
}

// posts accepts every request, and keeps the headers of the latest POST.
type posts struct{ header http.Header }

func (p *posts) Do(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost {
		p.header = r.Header
	}
	return &http.Response{StatusCode: http.StatusAccepted, Header: http.Header{"Requestid": {"0d3fa4b1-0000-4000-8000-000000000001"}}, Body: http.NoBody, Request: r}, nil
}

// What a look shows that Power BI refuses: whether the model is there at all.
func TestWhatARefusedLookShows(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults      []sim.Fault
		gone, there bool
		passing     bool
	}{
		"history and model are not there": {[]sim.Fault{{Kind: sim.EntityNotFound, Times: -1}}, true, false, false},
		"only the history is not there":   {[]sim.Fault{{Kind: sim.EntityNotFound, Op: sim.OpHistory}}, false, true, false},
		"the model's answer is a 503":     {[]sim.Fault{{Kind: sim.EntityNotFound, Op: sim.OpHistory}, {Kind: sim.ErrorBefore, Op: sim.OpDataset, Times: -1}}, false, false, false},
		"the role was withdrawn":          {[]sim.Fault{{Kind: sim.GroupInaccessible, Times: -1}}, false, false, false},
		"the capacity is paused":          {[]sim.Fault{{Answer: &sim.Answer{Status: 404, Body: []byte(`{"error":{"code":"CapacityNotActive"}}`)}, Times: -1}}, false, false, false},
		"throttled":                       {[]sim.Fault{{Kind: sim.Throttled}}, false, false, true},
		"not available":                   {[]sim.Fault{{Kind: sim.ErrorBefore, Times: -1}}, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				cloud, upstream := simulated(t)
				for _, f := range tc.faults {
					if err := cloud.Fail(f); err != nil {
						t.Fatal(err)
					}
				}
				got := upstream.Look(t.Context(), modelOfRef(sim.Sales()), machine.Look{Kind: machine.Standard})
				if got.Err == nil || got.Err.Transient != tc.passing || got.Gone != tc.gone || got.There != tc.there {
					t.Errorf("%+v: %+v, want gone %v, there %v, passing %v", got, got.Err, tc.gone, tc.there, tc.passing)
				}
			})
		})
	}
}

// Power BI's words are kept within bounds.
func TestWordsOfAFailedLookAreBounded(t *testing.T) {
	t.Parallel()
	r, s := settling(t)
	s, _ = r.Next(s, machine.Observed{At: machine.At(joinTime), Txn: "t", Err: &machine.Fault{Code: "Forbidden", Message: strings.Repeat("é", 2*machine.MaxDetail)}})
	if got := s.LastLook.Message; len(got) > machine.MaxDetail+3 || !strings.HasSuffix(got, "é...") {
		t.Errorf("%d bytes are kept, of %.20q", len(got), got)
	}
}
