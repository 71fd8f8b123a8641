package simulation

import (
	"runtime"
	"strings"
	"testing"
)

// sabotage is a deliberate bug in the world around the coordinators, to see the
// oracle notice what it leads to.
type sabotage string

const (
	honest   sabotage = ""
	unfenced sabotage = "a store that ignores lease and version"
	eager    sabotage = "a client that posts again when the answer was lost"
	rude     sabotage = "a client that deletes another tool's refresh"
	hopeful  sabotage = "a client that takes failed refreshes for completed"
	blind    sabotage = "a client that takes a failed look for an empty history"
	careless sabotage = "processes that settle at once"
	asleep   sabotage = "documents that hide from the sweep"
	late     sabotage = "documents that hide from the sweep for an hour"
	muddled  sabotage = "an archive that has something else"
)

// TestOracleNotices: each deliberate bug breaks the invariant that forbids it.
func TestOracleNotices(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
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
