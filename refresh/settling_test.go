package refresh

import (
	"testing"
	"time"

	"pbirefresh/refresh/machine"
)

var joinTime = time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)

// settling is a model whose POST had no answer.
func settling(t *testing.T) (machine.Rules, machine.State) {
	t.Helper()
	r, s := machine.DefaultRules(), machine.NewState(testModel, "e")
	s.Last = 1
	s.Pending = []machine.Operation{{Number: 1, Nonce: "first", Created: joinTime, Deadline: joinTime.Add(12 * time.Hour),
		Shape: machine.Shape{Kind: machine.Standard}, MaxAttempts: 3, Phase: machine.Queued}}
	s, _ = r.Next(s, machine.Tick{At: machine.At(joinTime), Txn: "t"})
	s, _ = r.Next(s, machine.Answered{At: machine.At(joinTime.Add(time.Second)), Txn: "t", Answer: machine.Answer{Kind: machine.Lost}})
	return r, s
}

func standardRow(start time.Time) machine.Row {
	return machine.Row{ID: "R", Type: "ViaApi", State: machine.RowCompleted, Start: start, End: start.Add(10 * time.Second)}
}
