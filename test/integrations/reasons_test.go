package integrations

import (
	"maps"
	"os"
	"strings"
	"testing"

	"pbirefresh/local/sim"
)

// whole is error.message of a refresh that a data source refused: our sentence, Power BI's
// words, the remedy.
const whole = "The data source's credentials are missing, wrong or expired. Power BI says: Login failed for user etl-7. Let the owner of the model"

// services are the callers of integrations/ that a service runs, by folder. Each runs for
// a model and returns what a person reads of it.
func services(t *testing.T, a *app, r *receiver) map[string]way {
	t.Helper()
	pipelines := func(folder, name string) way {
		return func(t *testing.T, ref sim.Ref) string {
			runner := runner(t, a, folder)
			runner.Callbacks = r
			return run(t, runner, folder+"/pipeline/"+name+".json", ref).Message
		}
	}
	flows := func(path string, keeps bool) way {
		return func(t *testing.T, ref sim.Ref) string {
			apps := logicApps(a)
			apps.Callback, apps.KeepsAuthentication = r.New, keeps
			return ending(flow(t, apps, path, ref))
		}
	}
	all := map[string]way{
		"synapse RefreshByFunction": pipelines("synapse", "RefreshByFunction"),
		"synapse RefreshByWeb":      pipelines("synapse", "RefreshByWeb"),
		"synapse RefreshByWebHook":  pipelines("synapse", "RefreshByWebHook"),
		"logic-apps Standard":       flows("logic-apps/standard/refresh-async/workflow.json", true),
		"power-automate":            flows("logic-apps/consumption/refresh-async.json", false),
	}
	folders := map[string]string{"Data Factory": "adf", "Fabric": "fabric", "Logic Apps": "logic-apps", "SQL": "sql"}
	add := func(name, kind string, call way) {
		folder, _, _ := strings.Cut(name, ",")
		all[folders[folder]+" "+name+kind] = call
	}
	for name, call := range asking(a, cloud{a}) {
		add(name, "", call)
	}
	for name, call := range hooks(a, r) {
		add(name, " by callback", call)
	}
	return all
}

// programs are callers that run for real: the shell script, by hand and inside the
// workflows that hold it, our own client, and Airflow's sensor.
func programs(t *testing.T, a *app) map[string]way {
	t.Helper()
	all := map[string]way{
		"cmd/pbirefresh": func(t *testing.T, ref sim.Ref) string { return ownClient(t, a, ref, false).message },
		"airflow": func(t *testing.T, ref sim.Ref) string {
			_, text := readSensor(t).poke(t, a, a.start(t, ref))
			return text
		},
	}
	for name, s := range shells(t) {
		folder := map[string]string{"GitHub Actions": "github-actions", "Azure DevOps": "azure-devops"}[name]
		if folder == "" {
			folder = "shell"
		}
		all[folder+" "+name] = func(t *testing.T, ref sim.Ref) string {
			_, said := s.run(t, a, a.host.FunctionKey(), ref)
			return said
		}
	}
	return all
}

// TestEveryCallerReportsTheReason: what each caller shows of a refresh that failed has
// error.message, whole.
func TestEveryCallerReportsTheReason(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	cloudy, plain := startApp(t, azure, r.allowed), startApp(t)
	reported := reportTheReason(t, cloudy, services(t, cloudy, r))
	maps.Copy(reported, reportTheReason(t, plain, programs(t, plain)))
	entries, err := os.ReadDir("../../integrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !reported[e.Name()] {
			t.Errorf("no caller of integrations/%s is tried", e.Name())
		}
	}
}

// reportTheReason lets each caller ask for a refresh that fails, and returns their folders.
func reportTheReason(t *testing.T, a *app, callers map[string]way) map[string]bool {
	t.Helper()
	folders := map[string]bool{}
	for name, call := range callers {
		folder, _, _ := strings.Cut(name, " ")
		folders[folder] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ref := a.model(t, sim.Knobs{})
			failure := sim.Outcome{Status: "Failed", Code: "ModelRefresh_ShortMessage_ProcessingError", Description: "Login failed for user etl-7."}
			if err := a.world.PowerBI.Next(ref, failure); err != nil {
				t.Fatal(err)
			}
			if got := call(t, ref); !strings.Contains(got, whole) {
				t.Errorf("got  %s\nwant %s", got, whole)
			}
			a.once(t, ref)
		})
	}
	return folders
}
