//go:build !race

package schedule

// The year of TestAYearOfMinutes and of the comparison with the oracle.
const (
	yearBegins = "2026-01-01T00:00"
	yearEnds   = "2027-01-01T00:00"
)
