//go:build !race

package schedule

// What TestAYearOfMinutes plays.
const (
	yearBegins = "2026-01-01T00:00"
	yearEnds   = "2027-01-01T00:00"
)
