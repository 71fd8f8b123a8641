package pace

import (
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	sorted := []time.Duration{1, 2, 3, 4}
	if p50, p95 := Percentile(sorted, 0.5), Percentile(sorted, 0.95); p50 != 2 || p95 != 4 {
		t.Errorf("percentiles are %d and %d, want 2 and 4", p50, p95)
	}
}
