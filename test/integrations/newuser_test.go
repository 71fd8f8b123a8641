package integrations

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/test/callers/pipeline"
)

// factory is a data factory into which somebody imported the template by the words of
// adf/README.md alone.
type factory struct {
	readme   string
	deployed map[string]any // properties by name
}

// imported fills in the values that step 2 of the page lists, and no others.
func imported(t *testing.T, changes ...string) factory {
	t.Helper()
	f := factory{readme: string(raw(t, "adf/README.md"))}
	command := regexp.MustCompile(`(?s)az deployment group create.*?-p (.*?)\n   ` + "```").FindStringSubmatch(f.readme)
	if command == nil {
		t.Fatal("step 2 has no command")
	}
	typed := strings.NewReplacer(`\`, "", "<factory>", "contoso-factory", "<app>", "pbirefresh", "<vault>", "contoso").Replace(command[1])
	values := map[string]string{}
	for _, word := range strings.Fields(strings.NewReplacer(changes...).Replace(typed)) {
		name, value, _ := strings.Cut(word, "=")
		values[name] = value
	}
	if len(values) != 3 {
		t.Fatalf("step 2 of the page: got the values %v, want three", values)
	}
	f.deployed = deploy(t, raw(t, "adf/arm-template.json"), values)
	return f
}

// secretName is what step 1 calls the secret.
func (f factory) secretName(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`az keyvault secret set --vault-name <vault> -n (\S+)`).FindStringSubmatch(f.readme)
	if m == nil {
		t.Fatal("step 1 has no command")
	}
	return m[1]
}

// run runs a pipeline that was imported, as step 3 does.
func (f factory) run(t *testing.T, r *pipeline.Runner, a *app, name string, parameters map[string]any) pipeline.Result {
	t.Helper()
	if !strings.Contains(f.readme, name) || f.deployed[name] == nil {
		t.Fatalf("there is no %s on the page, or in the factory", name)
	}
	resource := func(name string) []byte {
		return indented(t, map[string]any{"name": name, "properties": f.deployed[name]})
	}
	linked, service, err := pipeline.ReadFunction(resource("RefreshFunction"), func(store, wanted string) string {
		if f.deployed[store] == nil || wanted != f.secretName(t) {
			return "" // the factory finds no such secret
		}
		return a.host.FunctionKey()
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Functions == nil {
		r.Functions = map[string]pipeline.Function{linked: service}
	}
	d, err := pipeline.Parse(resource(name))
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Run(patience(t), d, "run-"+name, parameters)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func user(a *app) *pipeline.Runner {
	return &pipeline.Runner{Client: &http.Client{Transport: cloud{a}}, Token: msi, Poll: 100 * time.Millisecond, Retry: 100 * time.Millisecond, Patience: callBackWithin}
}

func asks(ref sim.Ref) map[string]any {
	return map[string]any{"workspaceId": ref.Workspace, "datasetId": ref.Model}
}

// A user who follows adf/README.md alone gets a pipeline that refreshes, and that fails
// with the messages of the page.
func TestNewUserOfDataFactory(t *testing.T) {
	t.Parallel()
	a, f := startApp(t, azure), imported(t)
	ref := a.model(t, sim.Knobs{})
	got := f.run(t, user(a), a, "RefreshByFunction", asks(ref))
	wantSucceeded(t, got)
	if result, _ := got.Activities["WaitForRefresh"].Output["result"].(map[string]any); result["attempts"] == nil || result["endedDateTime"] == nil {
		t.Errorf("the output of WaitForRefresh: %v", got.Activities["WaitForRefresh"].Output)
	}
	a.once(t, ref)
	wantSucceeded(t, f.run(t, user(a), a, "RefreshByWeb", asks(a.model(t, sim.Knobs{}))))

	shown := regexp.MustCompile("(?s)## Results.*?```text\n(.*?)\n```").FindStringSubmatch(f.readme)
	if shown == nil {
		t.Fatal("the page shows no failure")
	}
	rest := f.run(t, user(a), a, "RefreshByFunction", asks(a.failing(t))).Message
	for _, fragment := range strings.Split(shown[1], "...") {
		_, after, found := strings.Cut(rest, fragment)
		if !found {
			t.Fatalf("the error goes on with %s\nand not with what the page shows: %s", rest, fragment)
		}
		rest = after
	}
}

// The activities that the pages show can be pasted as they are.
func TestOneActivityOfThePage(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	a := startApp(t, azure, r.allowed)
	for _, page := range []string{"adf/README.md", "../README.md"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			shown := activityOf(t, page)
			ref := a.model(t, sim.Knobs{})
			wantSucceeded(t, paste(t, a, r, shown, ref))
			a.once(t, ref)
			wantFailed(t, paste(t, a, r, shown, a.failing(t)), "RefreshModel")
		})
	}
}

// activityOf returns the one block of JSON on a page.
func activityOf(t *testing.T, page string) string {
	t.Helper()
	shown := regexp.MustCompile("(?s)```json\n(.*?)\n```").FindStringSubmatch(string(raw(t, page)))
	if shown == nil {
		t.Fatalf("%s shows no activity, want one block of JSON", page)
	}
	return shown[1]
}

// paste runs a pipeline of one activity, with the four values filled in.
func paste(t *testing.T, a *app, r *receiver, activity string, ref sim.Ref) pipeline.Result {
	t.Helper()
	activity = strings.NewReplacer("https://YOUR-APP.azurewebsites.net", appURL, "YOUR-FUNCTION-KEY", a.host.FunctionKey(),
		"YOUR-WORKSPACE-ID", ref.Workspace, "YOUR-DATASET-ID", ref.Model).Replace(activity)
	d, err := pipeline.Parse([]byte(`{"name":"Mine","properties":{"activities":[` + activity + `]}}`))
	if err != nil || strings.Contains(activity, "YOUR-") {
		t.Fatalf("error %v, want an activity without placeholders:\n%s", err, activity)
	}
	runner := user(a)
	runner.Callbacks = r
	got, err := runner.Run(patience(t), d, "run-"+ref.Model, nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// After each mistake of the page's list, its message is the one that the page shows.
func TestTroublesOfANewUser(t *testing.T) {
	t.Parallel()
	narrow := func(env map[string]string) {
		azure(env)
		env["ALLOWED_MODELS"] = sim.WorkspaceID + "/" + sim.SalesModel
	}
	broken := func(env map[string]string) { azure(env); env["POWERBI_TENANT_ID"] = "?" }
	a, narrowed, unset := startApp(t, azure), startApp(t, narrow), startApp(t, broken)
	readme := string(raw(t, "adf/README.md"))
	for _, tt := range []struct {
		cell  string // of the page
		says  string
		fails func(t *testing.T) pipeline.Result
	}{
		{"| 401 or `Unauthorized` |", "401", func(t *testing.T) pipeline.Result {
			r := user(a)
			r.Functions = map[string]pipeline.Function{"RefreshFunction": {URL: appURL, Key: "of another app"}}
			return imported(t).run(t, r, a, "RefreshByFunction", asks(a.model(t, sim.Knobs{})))
		}},
		{"| `There was an error while calling the endpoint` |", "There was an error while calling the endpoint", func(t *testing.T) pipeline.Result {
			return imported(t, "https://pbirefresh.azurewebsites.net", "https://pbirefesh.azurewebsites.net").run(t, user(a), a, "RefreshByFunction", asks(a.model(t, sim.Knobs{})))
		}},
		{"| `InvalidRequest` |", `"target":"datasetId"`, func(t *testing.T) pipeline.Result {
			return imported(t).run(t, user(a), a, "RefreshByFunction", asks(sim.Ref{Workspace: sim.WorkspaceID, Model: "Sales"}))
		}},
		{"| `ModelNotAllowed` |", "ModelNotAllowed", func(t *testing.T) pipeline.Result {
			return imported(t).run(t, user(narrowed), narrowed, "RefreshByFunction", asks(narrowed.model(t, sim.Knobs{})))
		}},
		{"| `CallbackHostNotAllowed` |", "CallbackHostNotAllowed", func(t *testing.T) pipeline.Result {
			r := user(a)
			r.Callbacks = elsewhere{}
			got := imported(t).run(t, r, a, "RefreshByWebHook", asks(a.model(t, sim.Knobs{})))
			if !strings.Contains(got.Message, "factory.example") || !strings.Contains(got.Message, "CALLBACK_HOSTS") {
				t.Errorf("neither host nor setting: %s", got.Message)
			}
			return got
		}},
		{"| `SettingsInvalid`,", "SettingsInvalid", func(t *testing.T) pipeline.Result {
			return imported(t).run(t, user(unset), unset, "RefreshByFunction", asks(sim.Sales()))
		}},
		{"| `RefreshNotFollowed` |", "not followed to its end", func(t *testing.T) pipeline.Result {
			r := user(a)
			r.Client = &http.Client{Transport: between{cloud{a}, func(req *http.Request) error {
				if req.Method == http.MethodGet && req.Header.Get("x-functions-key") == "" {
					return errors.New("connection lost")
				}
				return nil
			}}}
			return imported(t).run(t, r, a, "RefreshByFunction", asks(a.model(t, sim.Knobs{Duration: time.Hour})))
		}},
	} {
		t.Run(tt.says, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(readme, "\n"+tt.cell) {
				t.Errorf("the page does not have %s", tt.cell)
			}
			wantFailed(t, tt.fails(t), tt.says)
		})
	}
}

// elsewhere is a service whose callbacks go to a host that CALLBACK_HOSTS does not allow.
type elsewhere struct{}

func (elsewhere) New() (string, <-chan []byte) {
	return "https://factory.example/callback?" + query, make(chan []byte)
}
