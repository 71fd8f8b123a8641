package integrations

import (
	"strings"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/sim"
)

// polled is what the poller of the JavaScript SDKs comes to.
type polled struct {
	Polls           int
	Status, Message string
	Result          handler.StatusDocument
}

// poll follows a refresh with @azure/core-lro, version 3 or 2, to which only the
// headers show the way that it is told.
func poll(t *testing.T, a *app, version, way string, ref sim.Ref, env ...string) polled {
	t.Helper()
	return nodeWith[polled](t, append(env, "PBIREFRESH_KEY="+a.host.FunctionKey()), "lro.mjs", version, way, a.host.URL(), ref.Workspace, ref.Model)
}

func (p polled) succeeded(t *testing.T, ref sim.Ref) {
	t.Helper()
	if p.Message != "" || p.Status != "succeeded" || p.Result.Status != "Succeeded" || p.Result.DatasetID != ref.Model || p.Result.Result == nil {
		t.Errorf("%+v", p)
	}
}

// Both versions alike: error.code and message come with the innermost ones.
func TestSDKPoller(t *testing.T) {
	t.Parallel()
	a := startApp(t)
	for _, version := range []string{"3", "2"} {
		for _, way := range []string{"both", "operation-location", "location"} {
			t.Run(version+" by "+way, func(t *testing.T) {
				t.Parallel()
				ref := a.model(t, sim.Knobs{})
				poll(t, a, version, way, ref).succeeded(t, ref)
				a.once(t, ref)
				ref = a.failing(t)
				got := poll(t, a, version, way, ref)
				if got.Status != "failed" || !strings.HasPrefix(got.Message, "The long-running operation has failed. ") || !strings.Contains(got.Message, reason) ||
					strings.Contains(got.Message, "undefined") {
					t.Errorf("%+v", got)
				}
				a.once(t, ref)
			})
		}
	}
}

func TestSDKPollerOfACancelledRefresh(t *testing.T) {
	t.Parallel()
	a := startApp(t)
	for _, version := range []string{"3", "2"} {
		for way, want := range map[string]string{"operation-location": "canceled", "location": "failed"} {
			t.Run(version+" by "+way, func(t *testing.T) {
				t.Parallel()
				ref := a.model(t, sim.Knobs{Duration: time.Hour})
				if got := poll(t, a, version, way, ref, "CANCEL=yes"); got.Status != want || got.Message == "" {
					t.Errorf("%+v", got)
				}
			})
		}
	}
}

// Whoever polls does not hear that Power BI throttles: the status is 202 meanwhile.
func TestSDKPollerUnderThrottling(t *testing.T) {
	t.Parallel()
	a := startApp(t)
	for _, version := range []string{"3", "2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			ref := a.model(t, sim.Knobs{})
			a.world.PowerBI.Throttle(3*time.Second, sim.OpStart, sim.OpDetail, sim.OpHistory)
			poll(t, a, version, "both", ref).succeeded(t, ref)
			a.once(t, ref)
		})
	}
}
