//go:build race

package schedule

// The race detector makes each minute ten times as long: here the years of the tests have
// only the six weeks in which most clocks are changed.
const (
	yearBegins = "2026-03-01T00:00"
	yearEnds   = "2026-04-12T00:00"
)
