package checks

import "testing"

func TestFileRules(t *testing.T) {
	t.Parallel()
	for name, rule := range FileRules() {
		for _, problem := range rule(tree(t)) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}
