package refresh

import (
	"log/slog"
	"testing"
	"time"

	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

// A row with an end occupies the model no more, also if its word is new; without an
// end it is at work.
func TestUnknownWordsEndWithTheirRow(t *testing.T) {
	t.Parallel()
	p := &powerBI{log: slog.New(slog.DiscardHandler)}
	begun := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		row  powerbi.Row
		want machine.RowState
		code string
	}{
		"new word, at work":   {powerbi.Row{Status: "Paused", Start: begun}, machine.RowInProgress, ""},
		"new word, ended":     {powerbi.Row{Status: "Paused", Start: begun, End: begun.Add(time.Minute)}, machine.RowFailed, machine.CodeOutcomeUnknown},
		"known word, at work": {powerbi.Row{Status: powerbi.StatusUnknown, Start: begun}, machine.RowInProgress, ""},
		"known word, ended":   {powerbi.Row{Status: powerbi.StatusCompleted, Start: begun, End: begun.Add(time.Minute)}, machine.RowCompleted, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := p.row(c.row)
			code := ""
			if row.Fault != nil {
				code = row.Fault.Code
			}
			if row.State != c.want || code != c.code {
				t.Errorf("%s %q, want %s %q", row.State, code, c.want, c.code)
			}
		})
	}
}

// The state machine, which imports no client, knows the beginnings of two of its messages.
func TestMachineKnowsTheClientsWords(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{machine.Between: powerbi.Between, machine.Unreadable: powerbi.Unreadable} {
		if got != want {
			t.Errorf("the machine expects %q of package powerbi, want %q", got, want)
		}
	}
}
