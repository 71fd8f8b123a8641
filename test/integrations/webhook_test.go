package integrations

import (
	"strings"
	"testing"

	"pbirefresh/local/sim"
	"pbirefresh/test/callers/pipeline"
	"pbirefresh/test/callers/workflow"
)

// hooks are all ways to be called back. Each runs for a model and returns the error.
func hooks(a *app, r *receiver) map[string]func(*testing.T, sim.Ref) string {
	logic := func(path string) func(*testing.T, sim.Ref) string {
		return func(t *testing.T, ref sim.Ref) string {
			apps := logicApps(a)
			apps.Callback = r.New
			return ending(flow(t, apps, path, ref))
		}
	}
	return map[string]func(*testing.T, sim.Ref) string{
		"Data Factory": func(t *testing.T, ref sim.Ref) string {
			factory := runner(t, a, "adf")
			factory.Callbacks = r
			return run(t, factory, "adf/pipeline/RefreshByWebHook.json", ref).Message
		},
		"Fabric": func(t *testing.T, ref sim.Ref) string {
			return fabric(t, a, func(x *pipeline.Runner) { x.Callbacks = r }, "RefreshModelByWebHook", ref).Message
		},
		"Logic Apps":           logic("logic-apps/consumption/refresh-webhook.json"),
		"Logic Apps, Standard": logic("logic-apps/standard/refresh-webhook/workflow.json"),
	}
}

// ending is the error of a workflow, or empty.
func ending(got workflow.Result) string {
	if got.Status == workflow.Succeeded {
		return ""
	}
	return got.Status + ": " + got.Code + ": " + got.Message
}

func TestWebHooks(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	a := startApp(t, azure, r.allowed)
	for name, call := range hooks(a, r) {
		t.Run(name+" succeeds", func(t *testing.T) {
			t.Parallel()
			ref := a.model(t, sim.Knobs{})
			if got := call(t, ref); got != "" {
				t.Error(got)
			}
			a.once(t, ref)
		})
		t.Run(name+" fails", func(t *testing.T) {
			t.Parallel()
			ref := a.failing(t)
			// The message itself, and no JSON around it.
			if got := call(t, ref); !strings.Contains(got, reason) || strings.Contains(got, "{") {
				t.Errorf("%q", got)
			}
			a.once(t, ref)
		})
		t.Run(name+" refused", func(t *testing.T) {
			t.Parallel()
			if got := call(t, sim.Ref{Workspace: "sales", Model: "x"}); !strings.Contains(got, "workspaceId") {
				t.Errorf("%q", got)
			}
		})
	}
}
