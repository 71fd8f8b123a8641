package checks

import (
	"sync"
	"testing"
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
