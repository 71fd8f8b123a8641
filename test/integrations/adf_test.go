package integrations

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/test/callers/pipeline"
)

// runner is Data Factory with the linked services of adf/ imported.
func runner(t *testing.T, a *app, folder string) *pipeline.Runner {
	t.Helper()
	functions := map[string]pipeline.Function{}
	for _, name := range []string{"RefreshFunction", "RefreshFunctionByIdentity"} {
		name, f, err := pipeline.ReadFunction(file(t, folder+"/linkedService/"+name+".json"), func(store, name string) string {
			if store == "RefreshKeyVault" && name == secret {
				return a.host.FunctionKey()
			}
			return ""
		})
		if err != nil {
			t.Fatal(err)
		}
		functions[name] = f
	}
	return &pipeline.Runner{
		Client: &http.Client{Transport: cloud{a}}, Functions: functions, Token: msi,
		Poll: 100 * time.Millisecond, Retry: a.retry(), Patience: callBackWithin,
	}
}

// retry is what half a minute between retries is in a test.
func (a *app) retry() time.Duration {
	if a.dies {
		return 5 * time.Second
	}
	return time.Second
}

// run runs a pipeline of a folder for a model.
func run(t *testing.T, r *pipeline.Runner, path string, ref sim.Ref) pipeline.Result {
	t.Helper()
	d, err := pipeline.Parse(file(t, path))
	if err != nil {
		t.Fatal(err)
	}
	result, err := r.Run(patience(t), d, "run-"+ref.Model, map[string]any{"workspaceId": ref.Workspace, "datasetId": ref.Model})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func wantSucceeded(t *testing.T, got pipeline.Result) {
	t.Helper()
	if got.Status != pipeline.Succeeded {
		t.Errorf("the pipeline: %s: %s", got.Status, got.Message)
	}
}

func wantFailed(t *testing.T, got pipeline.Result, words ...string) {
	t.Helper()
	if got.Status != pipeline.Failed {
		t.Errorf("the pipeline: %s", got.Status)
	}
	for _, word := range words {
		if !strings.Contains(got.Message, word) {
			t.Errorf("the pipeline's error does not say %q: %s", word, got.Message)
		}
	}
}

func TestFactoryByFunction(t *testing.T) {
	t.Parallel()
	a := startApp(t, azure)
	const path = "adf/pipeline/RefreshByFunction.json"
	t.Run("succeeds", func(t *testing.T) {
		t.Parallel()
		ref := a.model(t, sim.Knobs{})
		wantSucceeded(t, run(t, runner(t, a, "adf"), path, ref))
		a.once(t, ref)
		a.labelled(t, ref, "run-"+ref.Model)
	})
	for _, bare := range []bool{false, true} {
		t.Run(map[bool]string{false: "fails", true: "fails and Web tells no body"}[bare], func(t *testing.T) {
			t.Parallel()
			ref := a.failing(t)
			r := runner(t, a, "adf")
			r.BareErrors = bare
			wantFailed(t, run(t, r, path, ref), "ReadReason", `"code":"RefreshFailed"`, reason)
			a.once(t, ref)
		})
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		wantFailed(t, run(t, runner(t, a, "adf"), path, sim.Ref{Workspace: "sales", Model: "x"}), "StartRefresh", "workspaceId")
	})
}

// The pipeline must not succeed because asking why it failed succeeded.
func TestFactoryThatCannotFollowFails(t *testing.T) {
	t.Parallel()
	a := startApp(t, azure)
	ref := a.model(t, sim.Knobs{Duration: time.Hour})
	r := runner(t, a, "adf")
	r.Client.Transport = between{cloud{a}, func(req *http.Request) error {
		if req.Method == http.MethodGet && req.Header.Get("x-functions-key") == "" {
			return errors.New("connection lost")
		}
		return nil
	}}
	wantFailed(t, run(t, r, "adf/pipeline/RefreshByFunction.json", ref), "not followed to its end (it was Running then)", "connection lost")
}

// between looks at each request before it is sent.
type between struct {
	next http.RoundTripper
	look func(*http.Request) error
}

func (b between) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := b.look(r); err != nil {
		return nil, err
	}
	return b.next.RoundTrip(r)
}

func TestFactoryByWeb(t *testing.T) {
	t.Parallel()
	a := startApp(t, azure)
	const path = "adf/pipeline/RefreshByWeb.json"
	t.Run("succeeds", func(t *testing.T) {
		t.Parallel()
		ref := a.model(t, sim.Knobs{})
		wantSucceeded(t, run(t, runner(t, a, "adf"), path, ref))
		a.once(t, ref)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		wantFailed(t, run(t, runner(t, a, "adf"), path, sim.Ref{Workspace: "sales", Model: "x"}), "RefreshModel", "workspaceId")
	})
	t.Run("no key", func(t *testing.T) {
		t.Parallel()
		r := runner(t, a, "adf")
		r.Token = func(string) string { return "somebody else's" }
		wantFailed(t, run(t, r, path, a.model(t, sim.Knobs{})), "GetFunctionKey", "Unauthorized")
	})
}
