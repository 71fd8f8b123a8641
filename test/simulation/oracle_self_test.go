//go:build !race

// Twelve bugs in up to 200 schedules each take minutes under the race detector, and what
// they show does not depend on it.
package simulation

import (
	"strings"
	"testing"
)

// TestOracleNotices: each deliberate bug breaks the invariant that forbids it.
func TestOracleNotices(t *testing.T) {
	if elsewhere(t) {
		return
	}
	defer inOrder()()
	for _, row := range []struct {
		bug       sabotage
		invariant string
	}{
		{unfenced, "G2:"}, {eager, "G4: intent"}, {rude, "G8:"}, {hopeful, "G6:"}, {blind, "G1:"}, {careless, "G1:"},
		{careless, "G4: attempt"}, {asleep, "due says never"}, {late, "something is to be done"}, {muddled, "the archive has"},
	} {
		bug, invariant := row.bug, row.invariant
		t.Run(string(bug), func(t *testing.T) {
			for seed := uint64(1); seed <= 200; seed++ {
				for _, v := range play(t, seed, bug).oracle.violations() {
					if strings.Contains(v, invariant) {
						return
					}
				}
			}
			t.Errorf("200 schedules did not show %s broken", invariant)
		})
	}
}
