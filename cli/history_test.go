package cli

import (
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/refresh/machine"
)

func TestSparkline(t *testing.T) {
	t.Parallel()
	for want, took := range map[string][]time.Duration{
		"▁":    {0},
		"█":    {time.Minute},
		"▁▄█▁": {0, 30 * time.Minute, time.Hour, time.Second},
	} {
		if got := sparkline(took); got != want {
			t.Errorf("sparkline(%v) = %s, want %s", took, got, want)
		}
	}
}

// Only refreshes that succeeded count, and the oldest comes first.
func TestDurationsOfAHistory(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)
	entry := func(status machine.Status, minutes int) handler.OperationEntry {
		return handler.OperationEntry{Status: status, Started: at, Ended: at.Add(time.Duration(minutes) * time.Minute)}
	}
	took := durations([]handler.OperationEntry{entry("Succeeded", 3), entry("Failed", 9), entry("Succeeded", 1), {Status: "Succeeded"}})
	if len(took) != 2 || took[0] != time.Minute || took[1] != 3*time.Minute {
		t.Errorf("durations are %v, want 1m0s and 3m0s", took)
	}
}
