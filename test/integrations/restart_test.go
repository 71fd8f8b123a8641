package integrations

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
)

// way is a caller that requests a refresh and waits. It returns the error.
type way func(*testing.T, sim.Ref) string

// The process dies while they wait, and another one takes its place. The
// callers do not notice: each gets the true result of its one refresh.
func TestRestartInTheMiddleForServices(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	a := startApp(t, durable(t), azure, r.allowed)
	a.dies = true
	ways := map[string]way{}
	for name, call := range asking(a, cloud{a}) {
		ways[name] = call
	}
	for name, call := range hooks(a, r) {
		ways[name+" by callback"] = call
	}
	restart(t, a, ways)
}

// The same for programs that are run for real, and for Airflow's sensor.
func TestRestartInTheMiddleForPrograms(t *testing.T) {
	t.Parallel()
	a := startApp(t, durable(t))
	ways := map[string]way{}
	for name, s := range shells(t) {
		ways[name] = func(t *testing.T, ref sim.Ref) string {
			code, said := s.run(t, a, a.host.FunctionKey(), ref)
			if code == 0 {
				return ""
			}
			return strconv.Itoa(code) + ": " + said
		}
	}
	ways["Airflow"] = func(t *testing.T, ref sim.Ref) string {
		code, body := readSensor(t).poke(t, a, a.start(t, ref))
		if code == http.StatusOK {
			return ""
		}
		return body
	}
	restart(t, a, ways)
}

// restart lets every way wait for a refresh that will succeed and for one that will
// fail, kills the process when they do, and then lets the refreshes end.
func restart(t *testing.T, a *app, ways map[string]way) {
	t.Helper()
	a.warm(t)
	var refs []sim.Ref
	var waiting sync.WaitGroup
	for name, call := range ways {
		for _, fails := range []bool{false, true} {
			ref := a.model(t, sim.Knobs{Stuck: true})
			if fails {
				if err := a.world.PowerBI.FailNext(ref, sim.FailCredentials); err != nil {
					t.Fatal(err)
				}
			}
			refs = append(refs, ref)
			waiting.Go(func() {
				if got := call(t, ref); fails != strings.Contains(got, reason) || !fails && got != "" {
					t.Errorf("%s, fails %v: %s", name, fails, got)
				}
			})
			a.accepted(t, ref) // one after another: a WebHook activity that hears a 503 does not ask again
		}
	}
	dies(t, a, refs)
	waiting.Wait()
	for _, ref := range refs {
		a.once(t, ref)
	}
}

// warm has the app use its storage once: who does not ask again hears no 503 of a storage
// that is slow to start.
func (a *app) warm(t *testing.T) {
	t.Helper()
	c, ref := &handler.Client{BaseURL: a.host.URL(), Key: a.host.FunctionKey()}, a.model(t, sim.Knobs{})
	until(t, func() bool { _, err := c.Trigger(t.Context(), body(ref)); return err == nil })
}

// accepted waits until a refresh of the model was accepted by Power BI.
func (a *app) accepted(t *testing.T, ref sim.Ref) {
	t.Helper()
	until(t, func() bool {
		c, err := a.world.PowerBI.Counters(ref)
		return err == nil && c.Accepted > 0
	})
}

// admitted is how many triggers the app has said yes to.
func (a *app) admitted() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Count(strings.Join(a.log, "\n"), `"route":"POST /api/refreshes","status":20`)
}

// kill ends the handler as a crash would, and waits for the next one.
func (a *app) kill(t *testing.T) {
	t.Helper()
	before := a.host.WorkerID()
	if err := a.host.KillHandler(); err != nil {
		t.Error(err)
	}
	until(t, func() bool { return a.host.WorkerID() != before })
}

// until waits for something. It does not end the test: others are still waiting.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !holds() {
		select {
		case <-deadline:
			t.Error("it did not come to that within a minute")
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}
