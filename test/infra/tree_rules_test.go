package checks

import "testing"

func TestTreeRules(t *testing.T) {
	t.Parallel()
	all := plans(t)
	for name, rule := range TreeRules() {
		for _, problem := range rule(tree(t), all["examples/minimal.tfvars"], all["easy auth"]) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}
