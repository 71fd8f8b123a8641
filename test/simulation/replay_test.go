//go:build !race

// The race detector shuffles goroutines: a seed may play out differently under it.
package simulation

import "testing"

// TestReplayIsExact: a seed does the same thing twice, to the nanosecond.
func TestReplayIsExact(t *testing.T) {
	defer inOrder()()
	for seed := uint64(101); seed <= 110; seed++ {
		first, second := play(t, seed, honest).trace.exact(), play(t, seed, honest).trace.exact()
		for i := range min(len(first), len(second)) {
			if first[i] != second[i] {
				t.Errorf("seed %d: two runs differ:\n%s\n%s", seed, first[i], second[i])
				break
			}
		}
	}
}
