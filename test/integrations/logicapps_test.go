package integrations

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"pbirefresh/local/sim"
	"pbirefresh/test/callers/workflow"
)

// logicApps is Logic Apps, or Power Automate, whose polls go without the action's
// authentication.
func logicApps(a *app) *workflow.Runner {
	r := &workflow.Runner{Client: &http.Client{Transport: cloud{a}}, Token: msi,
		Scale: 0.02, Patience: callBackWithin, KeepsAuthentication: true}
	if a.dies {
		r.Scale = 0.2
	}
	return r
}

// flow runs a workflow for a model: one of a Consumption app, or of a Standard app
// with the parameters beside it.
func flow(t *testing.T, r *workflow.Runner, path string, ref sim.Ref) workflow.Result {
	t.Helper()
	d, err := workflow.Parse(file(t, path))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]workflow.Parameter{}
	if strings.Contains(path, "/standard/") {
		if d.Kind != "Stateful" {
			t.Errorf("%s is %q: what is not stateful ends after five minutes", path, d.Kind)
		}
		if err := json.Unmarshal(file(t, "logic-apps/standard/parameters.json"), &values); err != nil {
			t.Fatal(err)
		}
	}
	values["workspaceId"], values["datasetId"] = workflow.Parameter{Value: ref.Workspace}, workflow.Parameter{Value: ref.Model}
	result, err := r.Run(patience(t), d, "0858"+ref.Model, values)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestLogicAppsAsync(t *testing.T) {
	t.Parallel()
	a := startApp(t, azure)
	for _, path := range []string{"logic-apps/consumption/refresh-async.json", "logic-apps/standard/refresh-async/workflow.json"} {
		for _, keeps := range []bool{true, false} {
			name := path + map[bool]string{true: "", false: " as Power Automate"}[keeps]
			t.Run(name+" succeeds", func(t *testing.T) {
				t.Parallel()
				ref, r := a.model(t, sim.Knobs{}), logicApps(a)
				r.KeepsAuthentication = keeps
				if got := flow(t, r, path, ref); got.Status != workflow.Succeeded {
					t.Errorf("%+v", got)
				}
				a.once(t, ref)
			})
		}
		t.Run(path+" fails", func(t *testing.T) {
			t.Parallel()
			ref := a.failing(t)
			got := flow(t, logicApps(a), path, ref)
			if got.Status != workflow.Failed || got.Code != "RefreshFailed" || !strings.Contains(got.Message, reason) {
				t.Errorf("%+v", got)
			}
			a.once(t, ref)
		})
		t.Run(path+" refused", func(t *testing.T) {
			t.Parallel()
			got := flow(t, logicApps(a), path, sim.Ref{Workspace: "sales", Model: "x"})
			if got.Status != workflow.Failed || got.Code != "InvalidRequest" || !strings.Contains(got.Message, "workspaceId") {
				t.Errorf("%+v", got)
			}
		})
	}
}
