package integrations

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/test/callers/pipeline"
)

// forgetful loses the answers of the first requests for a refresh, which the app has
// carried out.
type forgetful struct {
	next http.RoundTripper
	left *atomic.Int32
}

func (f forgetful) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := f.next.RoundTrip(r)
	if err == nil && r.Method == http.MethodPost && f.left.Add(-1) >= 0 {
		_ = resp.Body.Close()
		return nil, errors.New("connection reset by peer")
	}
	return resp, err
}

// asking are all emulated ways to ask and wait, over a transport. Each runs for a
// model and returns the error.
func asking(a *app, over http.RoundTripper) map[string]func(*testing.T, sim.Ref) string {
	factory := func(path string) func(*testing.T, sim.Ref) string {
		return func(t *testing.T, ref sim.Ref) string {
			r := runner(t, a, "adf")
			r.Client.Transport = over
			return run(t, r, path, ref).Message
		}
	}
	return map[string]func(*testing.T, sim.Ref) string{
		"Data Factory, function": factory("adf/pipeline/RefreshByFunction.json"),
		"Data Factory, Web":      factory("adf/pipeline/RefreshByWeb.json"),
		"Fabric": func(t *testing.T, ref sim.Ref) string {
			return fabric(t, a, func(r *pipeline.Runner) { r.Client.Transport = withVaultToken(over) }, "RefreshModel", ref).Message
		},
		"Logic Apps": func(t *testing.T, ref sim.Ref) string {
			r := logicApps(a)
			r.Client.Transport = over
			return ending(flow(t, r, "logic-apps/consumption/refresh-async.json", ref))
		},
		"SQL": func(t *testing.T, ref sim.Ref) string {
			return readScript(t, over, a.host.FunctionKey()).refresh(t, ref)
		},
	}
}

// A request whose answer was lost is sent again with the same key, and is the same
// request.
func TestLostAnswersCostNoSecondRefresh(t *testing.T) {
	t.Parallel()
	a := startApp(t, azure)
	for name := range asking(a, nil) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left := &atomic.Int32{}
			left.Store(2)
			call := asking(a, forgetful{cloud{a}, left})[name]
			ref := a.model(t, sim.Knobs{Duration: 2 * time.Second})
			if got := call(t, ref); got != "" {
				t.Error(got)
			}
			a.once(t, ref)
			if left.Load() >= 0 {
				t.Errorf("%d answers were not lost: nothing was sent again", left.Load()+1)
			}
		})
	}
}

// A repetition that the caller sends by itself gets the failure of the first request,
// with the reason, and starts no other refresh.
func TestRetriesDoNotHideAFailure(t *testing.T) {
	t.Parallel()
	a := startApp(t, azure)
	for name, call := range asking(a, cloud{a}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ref := a.failing(t)
			if got := call(t, ref); !strings.Contains(got, reason) {
				t.Errorf("%q", got)
			}
			a.once(t, ref)
		})
	}
}
