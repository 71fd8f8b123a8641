package integrations

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/test/callers/pipeline"
)

const appConnection, vaultConnection = "0b1c0000-0000-4000-8000-00000000000a", "0b1c0000-0000-4000-8000-00000000000b"

// fabric runs a pipeline of Fabric, whose connections hold the addresses, and the
// one to the vault the credentials.
func fabric(t *testing.T, a *app, change func(*pipeline.Runner), name string, ref sim.Ref) pipeline.Result {
	t.Helper()
	text := strings.NewReplacer("YOUR-APP-CONNECTION-ID", appConnection, "YOUR-VAULT-CONNECTION-ID", vaultConnection).
		Replace(string(file(t, "fabric/"+name+".DataPipeline/pipeline-content.json")))
	d, err := pipeline.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r := &pipeline.Runner{Client: &http.Client{Transport: withVaultToken(cloud{a})}, Connections: map[string]string{appConnection: appURL, vaultConnection: vaultURL},
		Poll: 200 * time.Millisecond, Retry: a.retry(), Patience: callBackWithin}
	change(r)
	got, err := r.Run(patience(t), d, "run-"+ref.Model, map[string]any{"workspaceId": ref.Workspace, "datasetId": ref.Model})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// withVaultToken is what the connection to the vault adds.
func withVaultToken(next http.RoundTripper) http.RoundTripper {
	return between{next, func(r *http.Request) error {
		if r.URL.Host == strings.TrimPrefix(vaultURL, "https://") {
			r.Header.Set("Authorization", "Bearer "+msi("https://vault.azure.net"))
		}
		return nil
	}}
}

func TestFabric(t *testing.T) {
	t.Parallel()
	a := startApp(t, azure)
	for name, change := range map[string]func(*pipeline.Runner){
		"":                       func(*pipeline.Runner) {},
		" and Until forgives":    func(r *pipeline.Runner) { r.Forgiving = true },
		" and Web tells no body": func(r *pipeline.Runner) { r.BareErrors = true },
	} {
		t.Run("succeeds"+name, func(t *testing.T) {
			t.Parallel()
			ref := a.model(t, sim.Knobs{})
			wantSucceeded(t, fabric(t, a, change, "RefreshModel", ref))
			a.once(t, ref)
		})
		t.Run("fails"+name, func(t *testing.T) {
			t.Parallel()
			ref := a.failing(t)
			got := fabric(t, a, change, "RefreshModel", ref)
			wantFailed(t, got, "FailWithReason", "409")
			if !strings.Contains(name, "no body") {
				wantFailed(t, got, reason)
			}
			a.once(t, ref)
		})
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		wantFailed(t, fabric(t, a, func(*pipeline.Runner) {}, "RefreshModel", sim.Ref{Workspace: "sales", Model: "x"}), "StartRefresh", "workspaceId")
	})
}

// The members of the activities that the templates use; those that start with a
// star are required. Published as tables only (documented, 02/19/2025:
// https://learn.microsoft.com/rest/api/fabric/articles/item-management/definitions/datapipeline-definition),
// so this list is ours.
var fabricMembers = map[string]string{
	"activity":    "*name *type *typeProperties dependsOn policy externalReferences state onInactiveMarkAs",
	"policy":      "timeout retry retryIntervalInSeconds secureInput secureOutput",
	"WebActivity": "*relativeUrl *method headers body disableCertValidation httpRequestTimeout turnOffAsync",
	"WebHook":     "*method *relativeUrl timeout headers body reportStatusOnCallBack disableCertValidation",
	"Until":       "*expression *activities timeout",
	"IfCondition": "*expression ifTrueActivities ifFalseActivities",
	"Wait":        "*waitTimeInSeconds",
	"Fail":        "*message *errorCode",
}

func TestFabricFilesFitTheDefinition(t *testing.T) {
	t.Parallel()
	for _, path := range glob(t, "fabric/*.DataPipeline/pipeline-content.json") {
		var d struct {
			Properties struct{ Activities []map[string]any }
		}
		if err := json.Unmarshal(raw(t, path), &d); err != nil {
			t.Fatal(err)
		}
		for _, problem := range fabricProblems(d.Properties.Activities) {
			t.Errorf("%s: %s", path, problem)
		}
	}
	bad := []map[string]any{{"name": "A", "type": "Wait", "typeProperties": map[string]any{"seconds": 1.0}, "policies": nil}, {"name": "B", "type": "AzureFunctionActivity"}}
	if got := fabricProblems(bad); len(got) != 5 {
		t.Errorf("the check finds %q", got)
	}
}

// fabricProblems lists what is wrong with activities, and with those inside them.
func fabricProblems(activities []map[string]any) []string {
	var problems []string
	check := func(a map[string]any, kind string, members any) {
		object, _ := members.(map[string]any)
		for _, problem := range misfits(fabricMembers[kind], object) {
			problems = append(problems, fmt.Sprintf("%v, %s: %s", a["name"], kind, problem))
		}
	}
	for _, a := range activities {
		kind, _ := a["type"].(string)
		if fabricMembers[kind] == "" {
			problems = append(problems, "there is no type "+kind)
		}
		check(a, "activity", a)
		check(a, kind, a["typeProperties"])
		check(a, "policy", a["policy"])
		properties, _ := a["typeProperties"].(map[string]any)
		for _, inside := range []string{"activities", "ifTrueActivities", "ifFalseActivities"} {
			list, _ := properties[inside].([]any)
			for _, item := range list {
				problems = append(problems, fabricProblems([]map[string]any{item.(map[string]any)})...)
			}
		}
	}
	return problems
}

func misfits(members string, object map[string]any) []string {
	var problems []string
	known := strings.Fields(members)
	for name := range object {
		if !slices.Contains(known, name) && !slices.Contains(known, "*"+name) {
			problems = append(problems, name+" is not known")
		}
	}
	for _, name := range known {
		if required, is := strings.CutPrefix(name, "*"); is && object[required] == nil {
			problems = append(problems, required+" is missing")
		}
	}
	return problems
}

// Fabric imports a folder from git only with a .platform file of its own id.
func TestFabricFoldersHaveTheirIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, path := range glob(t, "fabric/*.DataPipeline/.platform") {
		var d struct {
			Metadata struct{ Type, DisplayName string }
			Config   struct{ LogicalID string }
		}
		if err := json.Unmarshal(raw(t, path), &d); err != nil {
			t.Fatal(err)
		}
		if want := "fabric/" + d.Metadata.DisplayName + "." + d.Metadata.Type + "/.platform"; path != want {
			t.Errorf("%s says that it is %s", path, want)
		}
		id := d.Config.LogicalID
		if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id) || seen[id] != "" {
			t.Errorf("%s and %s are both %q", path, seen[id], id)
		}
		seen[id] = path
	}
}
