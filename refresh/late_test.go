package refresh

import (
	"testing"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// TestLateRetry: tables that do not exist or may not be read are worth one repeat, after
// some minutes, if the caller has as much time and attempts.
func TestLateRetry(t *testing.T) {
	t.Parallel()
	absent := sim.Outcome{Status: "Failed", Code: "ModelRefresh_ShortMessage_ProcessingError",
		Description: "The source tables 'a' and 'b' either do not exist or access was denied."}
	for name, tc := range map[string]struct {
		outcomes []sim.Outcome
		timeout  time.Duration
		attempts int
		want     machine.Status
		tries    int
	}{
		"it passes":        {[]sim.Outcome{absent}, time.Hour, 3, machine.StatusSucceeded, 2},
		"it stays":         {[]sim.Outcome{absent, absent, absent}, time.Hour, 3, machine.StatusFailed, 2},
		"one attempt only": {[]sim.Outcome{absent}, time.Hour, 1, machine.StatusFailed, 1},
		"no time for it":   {[]sim.Outcome{absent}, 4 * time.Minute, 3, machine.StatusFailed, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				cloud, c, _ := simulatedCoordinator(t)
				if err := cloud.PowerBI.Next(sim.Sales(), tc.outcomes...); err != nil {
					t.Fatal(err)
				}
				r := wholeModel()
				r.Model, r.Ask.Timeout, r.Ask.MaxAttempts = modelOfRef(sim.Sales()), tc.timeout, tc.attempts
				op := finish(t, c, mustTrigger(t, c, r).Link())
				if op.Status != tc.want || len(op.Operation.Tries) != tc.tries {
					t.Fatalf("got %s after %d attempts, want %s after %d: %+v", op.Status, len(op.Operation.Tries), tc.want, tc.tries, op.Operation.Fault)
				}
				if f := op.Operation.Fault; f != nil && f.Class != "source" {
					t.Errorf("got class %s, want source", f.Class)
				}
				if tries := op.Operation.Tries; tc.tries > 1 && tries[1].Started.Sub(tries[0].Ended) < machine.LateRetry-time.Second {
					t.Errorf("the repeat left %s after the failure, want %s", tries[1].Started.Sub(tries[0].Ended), machine.LateRetry)
				}
			})
		})
	}
}
