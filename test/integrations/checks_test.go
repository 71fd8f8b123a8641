package integrations

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// node runs one of checks/ with the pinned packages and reads what it prints.
func node[T any](t *testing.T, script string, args ...string) T {
	t.Helper()
	return nodeWith[T](t, nil, script, args...)
}

// nodeWith adds variables to the environment.
func nodeWith[T any](t *testing.T, env []string, script string, args ...string) T {
	t.Helper()
	cmd := exec.CommandContext(patience(t), "node", append([]string{"../test/integrations/checks/" + script, "../tools"}, args...)...)
	cmd.Dir, cmd.Stderr, cmd.Env = templates, os.Stderr, append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node %s: %v (run: make tools)", script, err)
	}
	var result T
	if err := json.Unmarshal(out, &result); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return result
}

// Every file of a pipeline or a linked service is what the models of the SDKs
// @azure/arm-datafactory and @azure/synapse-artifacts describe, and the workflows
// are what GitHub's parser and the schema of Azure Pipelines take.
func TestFilesFitThePublishedModels(t *testing.T) {
	t.Parallel()
	var args []string
	for _, service := range []string{"adf", "synapse"} {
		for _, kind := range []string{"pipeline", "linkedService"} {
			for _, path := range glob(t, service+"/"+kind+"/*.json") {
				args = append(args, service+"-"+kind+"="+path)
			}
		}
	}
	args = append(args, "github-workflow=github-actions/refresh.yml", "azure-pipeline=azure-devops/azure-pipelines.yml")
	for path, problems := range node[map[string][]string](t, "main.mjs", args...) {
		for _, problem := range problems {
			t.Errorf("%s%s", path, problem)
		}
	}
}

// The check finds mistakes: each of these is one problem.
func TestChecksFindMistakes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ kind, path, old, new, want string }{
		"unknown member":   {"adf-pipeline", "adf/pipeline/RefreshByWeb.json", `"secureOutput"`, `"secureOutputs"`, "is not a member of ActivityPolicy"},
		"at the activity":  {"adf-pipeline", "adf/pipeline/RefreshByWeb.json", `"dependsOn"`, `"dependson"`, "is not a member of WebActivity"},
		"required":         {"adf-pipeline", "adf/pipeline/RefreshByWeb.json", `"url"`, `"uri"`, "is required"},
		"type of activity": {"adf-pipeline", "adf/pipeline/RefreshByWebHook.json", `"WebHook"`, `"Webhook"`, "there is no Activity of the type"},
		"type of a value":  {"adf-pipeline", "adf/pipeline/RefreshByWeb.json", `"secureInput": true`, `"secureInput": "true"`, "must be a boolean"},
		"bounds":           {"adf-pipeline", "adf/pipeline/RefreshByWeb.json", `"retryIntervalInSeconds": 30`, `"retryIntervalInSeconds": 10`, "must be from 30"},
		"allowed value":    {"adf-pipeline", "adf/pipeline/RefreshByFunction.json", `["Failed"]`, `["Failure"]`, "one of Succeeded,Failed"},
		"array":            {"adf-pipeline", "adf/pipeline/RefreshByFunction.json", `["Failed"]`, `"Failed"`, "must be an array"},
		"parameter":        {"synapse-pipeline", "synapse/pipeline/RefreshByFunction.json", `"type": "object"`, `"type": "json"`, "one of"},
		"linked service":   {"adf-linkedService", "adf/linkedService/RefreshFunction.json", `"AzureFunction"`, `"AzureFunctions"`, "there is no LinkedService"},
		"secret":           {"synapse-linkedService", "synapse/linkedService/RefreshFunction.json", `"secretName"`, `"secret"`, "is required"},
		"GitHub, member":   {"github-workflow", "github-actions/refresh.yml", "timeout-minutes", "timeout-minute", "Unexpected value"},
		"GitHub, context":  {"github-workflow", "github-actions/refresh.yml", "secrets.PBI", "secret.PBI", "secret"},
		"Azure, member":    {"azure-pipeline", "azure-devops/azure-pipelines.yml", "timeoutInMinutes", "timeoutMinutes", "timeoutMinutes"},
		"Azure, no cron":   {"azure-pipeline", "azure-devops/azure-pipelines.yml", "cron:", "corn:", "corn"},
		"name":             {"adf-linkedService", "adf/linkedService/RefreshKeyVault.json", `"name": "RefreshKeyVault"`, `"name": "Vault"`, "must be that of the file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := string(raw(t, tt.path))
			if !strings.Contains(text, tt.old) {
				t.Fatalf("%s is not in %s", tt.old, tt.path)
			}
			path := filepath.Join(t.TempDir(), filepath.Base(tt.path))
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, tt.old, tt.new)), 0o600); err != nil {
				t.Fatal(err)
			}
			problems := node[map[string][]string](t, "main.mjs", tt.kind+"="+filepath.ToSlash(path))[filepath.ToSlash(path)]
			if !strings.Contains(strings.Join(problems, "\n"), tt.want) {
				t.Errorf("%q", problems)
			}
		})
	}
}

// decodeInto reads a value of encoding/json into a struct.
func decodeInto(value, into any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
