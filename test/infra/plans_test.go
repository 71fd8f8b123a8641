package checks

import (
	"sync"
	"testing"

	"pbirefresh/test/infra/config"
	"pbirefresh/test/infra/schema"
)

const root = "../.."

var load = sync.OnceValues(func() (Tree, error) { return Load(root) })

func tree(t *testing.T) Tree {
	t.Helper()
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var recorded = sync.OnceValues(func() (map[string]schema.Provider, error) { return schema.Read(root + "/infra/testdata") })

func providers(t *testing.T) map[string]schema.Provider {
	t.Helper()
	all, err := recorded()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func plans(t *testing.T) map[string]*config.Plan {
	t.Helper()
	all, err := tree(t).Plans(providers(t))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every file parses, every reference leads somewhere, every block is as the recorded
// schema wants it: for all examples, and for each switch.
func TestEveryVariantCanBePlanned(t *testing.T) {
	t.Parallel()
	all := plans(t)
	if len(all) < 15 {
		t.Errorf("only %d variants", len(all))
	}
	for name, plan := range all {
		if len(plan.Instances) < 20 || len(plan.Outputs) < 8 {
			t.Errorf("%s: only %d resources, %d outputs", name, len(plan.Instances), len(plan.Outputs))
		}
	}
}
