package integrations

import (
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// situation is what may happen to a client while it follows a refresh.
type situation struct {
	name      string
	settings  func(*testing.T) []setting
	knobs     sim.Knobs
	fails     bool
	refused   bool // Power BI takes no refresh
	cancel    bool
	again     bool                                  // each asks once more with the same key, and hears the same
	before    func(*testing.T, *app)                // anybody asks
	meanwhile func(*testing.T, *app, []sim.Ref)     // they wait
	want      func(c client) (word, message string) // what it says; an empty message is none at all
}

func situations() []situation {
	succeeds := func(client) (string, string) { return "succeeded", "" }
	fails := func(client) (string, string) { return "failed", reason }
	none := func(*testing.T) []setting { return nil }
	lasting := func(t *testing.T) []setting { return []setting{durable(t)} }
	warm := func(t *testing.T, a *app) { t.Helper(); a.warm(t) }
	nothing := func(*testing.T, *app, []sim.Ref) {}
	return []situation{
		{name: "success", settings: none, again: true, before: func(*testing.T, *app) {}, meanwhile: nothing, want: succeeds},
		{name: "failure", settings: none, fails: true, again: true, before: func(*testing.T, *app) {}, meanwhile: nothing, want: fails},
		{name: "refused at once", settings: none, refused: true, again: true, before: quotaExceeded, meanwhile: nothing, want: func(client) (string, string) { return "failed", "limit" }},
		{
			name: "cancel", settings: none, knobs: sim.Knobs{Duration: time.Hour}, cancel: true, before: func(*testing.T, *app) {}, meanwhile: nothing,
			want: func(c client) (string, string) { return c.canceled, "cancel" },
		},
		// Who polls does not hear that Power BI throttles: the status is 202 meanwhile.
		{
			name: "throttled", settings: none, meanwhile: nothing, want: succeeds,
			before: func(_ *testing.T, a *app) {
				a.world.PowerBI.Throttle(3*time.Second, sim.OpStart, sim.OpDetail, sim.OpHistory)
			},
		},
		{name: "restart", settings: lasting, knobs: sim.Knobs{Stuck: true}, before: warm, meanwhile: dies, want: succeeds},
		{name: "restart and failure", settings: lasting, knobs: sim.Knobs{Stuck: true}, fails: true, before: warm, meanwhile: dies, want: fails},
	}
}

// quotaExceeded lets Power BI refuse every refresh: the answer to the POST is the end.
func quotaExceeded(t *testing.T, a *app) {
	t.Helper()
	if err := a.world.Fail(sim.Fault{Kind: sim.QuotaExceeded, Op: sim.OpStart, Times: -1}); err != nil {
		t.Error(err)
	}
}

// dies kills the process when all wait, and lets their refreshes end under the next one.
func dies(t *testing.T, a *app, refs []sim.Ref) {
	t.Helper()
	for _, ref := range refs {
		a.accepted(t, ref)
	}
	// No request is under way when the process dies: the outcome of such a refresh would
	// be known minutes later, and some callers do not repeat a request without an answer.
	until(t, func() bool { return a.admitted() > len(refs) }) // and the first one
	a.kill(t)
	for _, ref := range refs {
		if err := a.world.PowerBI.Tune(ref, func(k *sim.Knobs) { k.Stuck = false }); err != nil {
			t.Error(err)
		}
	}
}

// Every client in every situation: what it says is the truth about its one refresh.
func TestClients(t *testing.T) {
	t.Parallel()
	for _, s := range situations() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			a := startApp(t, s.settings(t)...)
			refs, got := s.play(t, a)
			for name, c := range clients() {
				t.Run(name, func(t *testing.T) {
					for _, end := range got[name] {
						s.judge(t, c, end)
					}
					if !s.refused {
						a.once(t, refs[name])
					}
				})
			}
		})
	}
}

// play lets all clients be in the situation at once, each with a model of its own.
func (s situation) play(t *testing.T, a *app) (map[string]sim.Ref, map[string][]ended) {
	t.Helper()
	var (
		mu      sync.Mutex
		running sync.WaitGroup
		all     []sim.Ref
		refs    = map[string]sim.Ref{}
		got     = map[string][]ended{}
	)
	s.before(t, a)
	for name, c := range clients() {
		ref := a.model(t, s.knobs)
		if s.fails {
			if err := a.world.PowerBI.FailNext(ref, sim.FailCredentials); err != nil {
				t.Fatal(err)
			}
		}
		refs[name], all = ref, append(all, ref)
		running.Go(func() {
			ends := []ended{c.follow(t, a, ref, s.cancel)}
			if s.again {
				ends = append(ends, c.follow(t, a, ref, false))
			}
			mu.Lock()
			defer mu.Unlock()
			got[name] = ends
		})
	}
	s.meanwhile(t, a, all)
	running.Wait()
	return refs, got
}

func (s situation) judge(t *testing.T, c client, got ended) {
	t.Helper()
	word, message := s.want(c)
	if got.word != word || !strings.Contains(got.message, message) || (message == "") != (got.message == "") || strings.Contains(got.message, "undefined") {
		t.Errorf("%s: %s\nwant %s: ...%s...", got.word, got.message, word, message)
	}
	if succeeded := got.doc.Status == machine.StatusSucceeded && got.doc.Result != nil; succeeded != (word == "succeeded") {
		t.Errorf("the document that it is left with: %+v", got.doc)
	}
}
