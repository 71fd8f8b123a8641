package pace

import (
	"math"
	"time"
)

// Percentile returns the length that a share p of the refreshes did not exceed, by nearest
// rank. The lengths are in ascending order, and there is at least one.
func Percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[int(math.Ceil(p*float64(len(sorted))))-1]
}
