package checks

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// variableRules: each variable with a default is turned in infra/tests, by a run that
// asserts something; each one with a validation is given something that is refused.
func variableRules(t Tree) (f findings) {
	c, err := t.Config()
	if err != nil {
		return findings{err.Error()}
	}
	turned, refused := map[string]bool{}, map[string]bool{}
	for name, b := range t.Files("infra/tests", ".hcl") {
		file, diags := hclsyntax.ParseConfig(b, name, hcl.InitialPos)
		if diags.HasErrors() {
			return findings{diags.Error()}
		}
		for _, run := range file.Body.(*hclsyntax.Body).Blocks {
			if run.Type == "run" {
				readRun(run.Body, turned, refused)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Variables)) {
		b := c.Variables[name].Body
		if b.Attributes["default"] != nil && !turned[name] {
			f.add("no run of infra/tests turns %s and asserts what comes of it", name)
		}
		if hasValidation(b) && !refused[name] {
			f.add("no run of infra/tests expects that a bad %s is refused", name)
		}
	}
	return f
}

func hasValidation(b *hclsyntax.Body) bool {
	return slices.ContainsFunc(b.Blocks, func(inner *hclsyntax.Block) bool { return inner.Type == "validation" })
}

// readRun notes the variables that a run turns, if it asserts something, and those that
// it expects to be refused.
func readRun(b *hclsyntax.Body, turned, refused map[string]bool) {
	asserts := slices.ContainsFunc(b.Blocks, func(inner *hclsyntax.Block) bool { return inner.Type == "assert" })
	for _, inner := range b.Blocks {
		if inner.Type != "variables" || !asserts {
			continue
		}
		for name := range inner.Body.Attributes {
			turned[name] = true
		}
	}
	if expected := b.Attributes["expect_failures"]; expected != nil {
		for _, v := range expected.Expr.Variables() {
			if step, ok := v[len(v)-1].(hcl.TraverseAttr); ok && v.RootName() == "var" {
				refused[step.Name] = true
			}
		}
	}
}
