//go:build tofu

package checks

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pbirefresh/test/infra/config"
)

// TestTofuPlansVariablesAsPasted: the file that the guide's block writes has the variables of
// examples/minimal.tfvars, and can be planned.
func TestTofuPlansVariablesAsPasted(t *testing.T) {
	t.Parallel()
	_, out, err := follow(t, strings.Join(blocks(t, "docs/deploy.md", "sh"), "\n")+"\necho; echo '#written'; cat infra/terraform.tfvars", reader(t, "docs/deploy.md")...)
	_, written, ok := strings.Cut(out, "#written\n")
	if err != nil || !ok {
		t.Fatalf("%v\n%s", err, out)
	}
	newBench(t, tree(t)).mustPlan(t, written)
	var names [2][]string
	for i, text := range []string{written, string(tree(t)["infra/examples/minimal.tfvars"])} {
		values, err := config.ParseVariables("pasted", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		names[i] = slices.Sorted(maps.Keys(values))
	}
	if !slices.Equal(names[0], names[1]) {
		t.Errorf("the block sets %v, examples/minimal.tfvars sets %v", names[0], names[1])
	}
}

// TestTofuPlansAzdAsPasted: what the guide's block sets before azd up is all that
// infra/main.tfvars.json reads, and can be planned.
func TestTofuPlansAzdAsPasted(t *testing.T) {
	t.Parallel()
	values := map[string]string{}
	for _, call := range followGuide(t, "docs/deploy.md") {
		switch strings.Join(call[:min(3, len(call))], " ") {
		case "azd env new":
			values["AZURE_ENV_NAME"], values["AZURE_SUBSCRIPTION_ID"], values["AZURE_LOCATION"] = call[3], call[5], call[7]
		case "azd env set":
			values[call[3]] = call[4]
		case "azd up":
			written := os.Expand(string(tree(t)["infra/main.tfvars.json"]), func(name string) string {
				if values[name] == "" {
					t.Errorf("nothing sets %s before azd up", name)
				}
				return values[name]
			})
			var object map[string]json.RawMessage
			if err := json.Unmarshal([]byte(written), &object); err != nil {
				t.Fatalf("%v\n%s", err, written)
			}
			var text strings.Builder
			for name, value := range object {
				fmt.Fprintf(&text, "%s = %s\n", name, value)
			}
			newBench(t, tree(t)).mustPlan(t, text.String())
			return
		}
	}
	t.Error("docs/deploy.md does not call azd up")
}

// TestTofuPlansAssignmentsInSentences plans each assignment of the guides' sentences on top of
// examples/minimal.tfvars.
func TestTofuPlansAssignmentsInSentences(t *testing.T) {
	t.Parallel()
	b := newBench(t, tree(t))
	seen := 0
	for _, guide := range guides {
		for _, m := range span.FindAllStringSubmatch(sentences(t, guide), -1) {
			if assignment.MatchString(m[1]) {
				seen++
				b.mustPlan(t, string(tree(t)["infra/"+minimal]), m[1])
			}
		}
	}
	if seen < 6 {
		t.Errorf("got %d assignments in the guides, want at least 6", seen)
	}
	if _, err := b.plan(t, string(tree(t)["infra/"+minimal]), `plan = "consumption"`); err == nil || !strings.Contains(err.Error(), "plan must be") {
		t.Errorf("a plan that there is not: got %v, want an error with %q", err, "plan must be")
	}
}
