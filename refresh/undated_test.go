package refresh

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"pbirefresh/refresh/machine"
)

// undated is Power BI behind something that drops the Date of its answers.
type undated struct {
	Upstream
	rows []machine.Row
}

func (u undated) Look(context.Context, machine.Model, machine.Look) Observation {
	return Observation{Rows: u.rows}
}

// Without its clock nothing tells whether a row began before the intent or after it: it
// may be ours, and is not adopted.
func TestAnUndatedAnswerProvesNothing(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]time.Duration{"a little later": 30 * time.Second, "an hour before": -time.Hour} {
		r, s := settling(t)
		q := &queue{c: New(Config{Upstream: undated{rows: []machine.Row{standardRow(joinTime.Add(start))}}}), model: testModel, log: slog.New(slog.DiscardHandler)}
		for _, e := range q.look(t.Context(), machine.Look{Txn: "t"}, func() time.Time { return joinTime.Add(2 * time.Minute) }) {
			s, _ = r.Next(s, e)
		}
		if op, _ := s.Find(1); op.Phase != machine.Settling || len(s.Attempt.Settle.Known) != 1 {
			t.Errorf("%s: the operation is %s, weighed %v", name, op.Phase, s.Attempt.Settle.Known)
		}
	}
}
