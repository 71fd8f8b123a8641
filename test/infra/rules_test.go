package checks

import "testing"

func TestRules(t *testing.T) {
	t.Parallel()
	for variant, plan := range plans(t) {
		for name, rule := range Rules() {
			for _, problem := range rule(plan) {
				t.Errorf("%s, %s: %s", variant, name, problem)
			}
		}
	}
}
