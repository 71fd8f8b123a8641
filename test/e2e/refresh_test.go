package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

func TestOneRefreshFromEndToEnd(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	a := startApp(t, world, onAzurite(t))
	resp, text := a.call("POST", "/api/refreshes", body(sim.Sales()))
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("%s %s", resp.Status, text)
	}
	location := resp.Header.Get("Location")
	if location == "" || location != resp.Header.Get("Operation-Location") || resp.Header.Get("Retry-After") == "" {
		t.Errorf("headers of the 202: %v", resp.Header)
	}
	polled, _ := a.call("GET", location, "", "x-functions-key", "")
	if polled.StatusCode != http.StatusAccepted || polled.Header.Get("Location") != location {
		t.Errorf("a poll without a key: %s, Location %q", polled.Status, polled.Header.Get("Location"))
	}
	doc := a.finish(location)
	if doc.Status != machine.StatusSucceeded || doc.Result == nil || len(doc.Attempts) != 1 {
		t.Errorf("ended as %+v", doc)
	}
	truth, err := world.PowerBI.Refreshes(sim.Sales())
	if err != nil || len(truth) != 1 || truth[0].ID != doc.Result.RefreshID {
		t.Errorf("the result names %s, Power BI ran %+v (%v)", doc.Result.RefreshID, truth, err)
	}
	wantOrder(t, world, sim.OpSecret, sim.OpToken, sim.OpStart, sim.OpDetail)
}

// wantOrder asserts that the services were first called in that order.
func wantOrder(t *testing.T, world *sim.World, ops ...sim.Op) {
	t.Helper()
	next := 0
	for _, e := range world.Journal.Entries(0) {
		if next < len(ops) && e.Kind == sim.KindRequest && e.Op == ops[next] {
			next++
		}
	}
	if next != len(ops) {
		t.Errorf("%s never followed %v", ops[next], ops[:next])
	}
}

func TestSharedCapacityIsRefreshedAsStandard(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	a := startApp(t, world, inMemory())
	doc := a.finish(a.trigger(body(sim.Shared())).StatusURL)
	if doc.Status != machine.StatusSucceeded || doc.Attempts[0].Kind != machine.Standard {
		t.Errorf("%s as %+v", doc.Status, doc.Attempts)
	}
}

func TestFailureNamesCauseAndRemedy(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	a := startApp(t, world, inMemory())
	if err := world.PowerBI.FailNext(sim.Sales(), sim.FailCredentials); err != nil {
		t.Fatal(err)
	}
	url := a.trigger(body(sim.Sales())).StatusURL
	a.finish(url)
	resp, text := a.call("GET", url, "")
	if resp.StatusCode != http.StatusConflict || resp.Header.Get("x-ms-error-code") != machine.CodeRefreshFailed {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	for _, want := range []string{`"status":"Failed"`, "credentials", "owner of the model"} {
		if !strings.Contains(text, want) {
			t.Errorf("the answer does not say %q: %s", want, text)
		}
	}
}

func TestForeignRefreshIsWaitedFor(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	a := startApp(t, world, inMemory())
	if _, err := world.PowerBI.StartForeign(sim.Sales(), sim.ViaPortal, 3*time.Second); err != nil {
		t.Fatal(err)
	}
	doc := a.trigger(body(sim.Sales()))
	if doc.BlockedBy == nil || doc.BlockedBy.Reason != "foreignRefresh" {
		t.Errorf("blocked by %+v", doc.BlockedBy)
	}
	if doc = a.finish(doc.StatusURL); doc.Status != machine.StatusSucceeded || len(doc.Attempts) != 1 {
		t.Errorf("%s after %d attempts", doc.Status, len(doc.Attempts))
	}
}

func TestThrottlingIsWaitedOut(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	a := startApp(t, world, inMemory())
	a.finish(a.trigger(body(sim.Sales())).StatusURL)
	world.PowerBI.Throttle(3*time.Second, sim.OpStart)
	doc := a.trigger(body(sim.Sales()))
	if doc.BlockedBy == nil || doc.BlockedBy.Reason != "throttled" {
		t.Errorf("blocked by %+v", doc.BlockedBy)
	}
	before := counters(t, world, sim.Sales()).Posts
	if doc = a.finish(doc.StatusURL); doc.Status != machine.StatusSucceeded {
		t.Errorf("ended as %s", doc.Status)
	}
	if posts := counters(t, world, sim.Sales()).Posts - before; posts > 1 {
		t.Errorf("%d requests after the throttling: a storm", posts)
	}
}

func TestCancelRunningRefresh(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	a := startApp(t, world, inMemory())
	if err := world.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) { k.Duration = time.Hour }); err != nil {
		t.Fatal(err)
	}
	doc := a.trigger(body(sim.Sales()))
	if resp, text := a.call("POST", doc.TerminatePostURI, "", "x-functions-key", "wrong"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("cancel with a wrong key: %s %s", resp.Status, text)
	}
	if resp, text := a.call("DELETE", doc.TerminatePostURI, ""); resp.StatusCode != http.StatusAccepted {
		t.Errorf("cancel: %s %s", resp.Status, text)
	}
	if doc = a.finish(doc.StatusURL); doc.Status != machine.StatusCanceled || doc.Error == nil || doc.Error.Code != machine.CodeOperationCanceled {
		t.Errorf("%s %+v", doc.Status, doc.Error)
	}
	if resp, _ := a.call("POST", doc.TerminatePostURI, ""); resp.StatusCode != http.StatusGone {
		t.Errorf("cancel of a finished operation: %s", resp.Status)
	}
	if c := counters(t, world, sim.Sales()); c.Cancels != 1 {
		t.Errorf("%d refreshes were cancelled at Power BI", c.Cancels)
	}
}

func TestWaitAnswersWhenTheRefreshEnds(t *testing.T) {
	t.Parallel()
	a := startApp(t, newWorld(t), inMemory())
	resp, text := a.call("POST", "/api/refreshes", body(sim.Sales()), "Prefer", "wait=30")
	if resp.StatusCode != http.StatusOK || !strings.Contains(text, `"status":"Succeeded"`) || resp.Header.Get("Preference-Applied") != "wait=30" {
		t.Errorf("%s %v %s", resp.Status, resp.Header, text)
	}
}

// The app finds out only from Power BI's answer that the model is busy: a caller who
// wants a refusal gets one all the same.
func TestRejectWhenPowerBIIsBusy(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	a := startApp(t, world, inMemory())
	if _, err := world.PowerBI.StartForeign(sim.Sales(), sim.ViaPortal, time.Hour); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		resp, text := a.call("POST", "/api/refreshes", strings.Replace(body(sim.Sales()), "{", `{"whenBusy":"reject",`, 1))
		if resp.StatusCode != http.StatusConflict || !strings.Contains(text, machine.CodeBusy) || strings.Contains(text, `"status"`) {
			t.Errorf("%s %s", resp.Status, text)
		}
	}
}
