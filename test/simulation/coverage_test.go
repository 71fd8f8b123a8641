package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// coverage counts what the schedules exercised: faults, phase changes, endings.
type coverage struct {
	mu     sync.Mutex
	counts map[string]int
}

func newCoverage() *coverage { return &coverage{counts: map[string]int{}} }

func (c *coverage) hit(format string, args ...any) {
	name := fmt.Sprintf(format, args...)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[name]++
}

// count is how often something was exercised.
func (c *coverage) count(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[name]
}

func (c *coverage) add(other *coverage) {
	for name, n := range other.counts {
		c.counts[name] += n
	}
}

// missing returns the names of want that never happened.
func (c *coverage) missing(want []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(name string) bool { return c.counts[name] > 0 })
}

func (c *coverage) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.counts)) {
		fmt.Fprintf(&b, "%7d  %s\n", c.counts[name], name)
	}
	return b.String()
}
