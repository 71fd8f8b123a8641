package integrations

import (
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/test/callers/pipeline"
)

// Recipes that were made for Durable Functions, with nothing changed but the function
// and its body. follow.json is the documented one
// (https://learn.microsoft.com/azure/data-factory/control-flow-azure-function-activity,
// "Timeout and long-running functions"); until.json and terminate.json loop on
// runtimeStatus and use terminatePostUri as its HTTP API documents them
// (https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api).
func recipe(t *testing.T, a *app, name string, ref sim.Ref, change func(*pipeline.Runner), old, text string) pipeline.Result {
	t.Helper()
	recipe := string(raw(t, "../test/integrations/testdata/durable/"+name+".json"))
	if !strings.Contains(recipe, old) {
		t.Fatalf("%s is not in the recipe", old)
	}
	d, err := pipeline.Parse([]byte(strings.ReplaceAll(recipe, old, text)))
	if err != nil {
		t.Fatal(err)
	}
	r := runner(t, a, "adf")
	change(r)
	got, err := r.Run(patience(t), d, "run-"+ref.Model, map[string]any{"workspaceId": ref.Workspace, "datasetId": ref.Model})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDurableRecipes(t *testing.T) {
	t.Parallel()
	a := startApp(t, azure)
	strict := func(*pipeline.Runner) {}
	for name, tt := range map[string]struct {
		recipe, old, text string
		change            func(*pipeline.Runner)
	}{
		"follow":                     {"follow", "", "", strict},
		"until":                      {"until", "", "", strict},
		"until, which forgives":      {"until", "", "", func(r *pipeline.Runner) { r.Forgiving = true }},
		"until, and Web follows too": {"until", `"turnOffAsync": true`, `"turnOffAsync": false`, strict},
	} {
		t.Run(name+" succeeds", func(t *testing.T) {
			t.Parallel()
			ref := a.model(t, sim.Knobs{})
			got := recipe(t, a, tt.recipe, ref, tt.change, tt.old, tt.text)
			wantSucceeded(t, got)
			if status := got.Activities["Check"].Output["runtimeStatus"]; status != "Completed" {
				t.Errorf("runtimeStatus is %v", status)
			}
			a.once(t, ref)
		})
		t.Run(name+" fails", func(t *testing.T) {
			t.Parallel()
			ref := a.failing(t)
			wantFailed(t, recipe(t, a, tt.recipe, ref, tt.change, tt.old, tt.text), `"runtimeStatus":"Failed"`, reason)
			a.once(t, ref)
		})
	}
}

// Cancelling wants a function key, and no URL that everybody may see carries one: a
// recipe as it is fails, and says so; with the header it works.
func TestDurableTerminate(t *testing.T) {
	t.Parallel()
	a := startApp(t, azure)
	const header = `{ "Content-Type": "application/json" },
          "body": "{}"`
	strict := func(*pipeline.Runner) {}
	t.Run("without a key", func(t *testing.T) {
		t.Parallel()
		ref := a.model(t, sim.Knobs{})
		wantFailed(t, recipe(t, a, "terminate", ref, strict, header, header), "Terminate", "401")
	})
	t.Run("with a key", func(t *testing.T) {
		t.Parallel()
		ref := a.model(t, sim.Knobs{Duration: time.Hour})
		keyed := strings.Replace(header, "{", `{ "x-functions-key": "`+a.host.FunctionKey()+`",`, 1)
		got := recipe(t, a, "terminate", ref, strict, header, keyed)
		wantFailed(t, got, "Check", `"runtimeStatus":"Terminated"`, "OperationCanceled")
		if status := got.Activities["Terminate"].Status; status != pipeline.Succeeded {
			t.Errorf("Terminate %s", status)
		}
	})
}
