package checks

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"pbirefresh/test/infra/config"
)

// azdRules: azure.yaml leads to infra/, main.tfvars.json gives what has no default, and
// what the hooks call is there and reads outputs that exist.
func azdRules(t Tree) (f findings) {
	yaml := string(t["azure.yaml"])
	for _, line := range []string{"provider: terraform", "path: infra", "run: make package", "run: ./infra/deploy.sh", "run: ./infra/deploy.ps1"} {
		if !strings.Contains(yaml, line+"\n") {
			f.add("azure.yaml has no line %q", line)
		}
	}
	var values map[string]any
	if err := json.Unmarshal(t["infra/main.tfvars.json"], &values); err != nil {
		return append(f, "infra/main.tfvars.json: "+err.Error())
	}
	c, err := t.Config()
	if err != nil {
		return findings{err.Error()}
	}
	for name := range values {
		if c.Variables[name] == nil {
			f.add("infra/main.tfvars.json gives %s, which is no variable", name)
		}
	}
	for name, v := range c.Variables {
		if _, given := values[name]; v.Body.Attributes["default"] == nil && !given {
			f.add("infra/main.tfvars.json does not give %s, which has no default", name)
		}
	}
	return append(f, scriptRules(t, c)...)
}

var variableOfScript = regexp.MustCompile(`\b(AZURE_(?:RESOURCE_GROUP|FUNCTION_APP_NAME)|PBIREFRESH_[A-Z_]+)\b`)

// scriptRules: both scripts read the same outputs, and those exist.
func scriptRules(t Tree, c *config.Config) (f findings) {
	var both [][]string
	for _, name := range []string{"infra/deploy.sh", "infra/deploy.ps1"} {
		read := variableOfScript.FindAllString(string(t[name]), -1)
		slices.Sort(read)
		read = slices.Compact(read)
		both = append(both, read)
		for _, output := range read {
			if c.Outputs[output] == nil && output != "PBIREFRESH_ZIP" {
				f.add("%s reads %s, which is no output", name, output)
			}
		}
	}
	if len(both[0]) < 4 || !slices.Equal(both[0], both[1]) {
		f.add("the scripts read different things: %v, %v", both[0], both[1])
	}
	return f
}
