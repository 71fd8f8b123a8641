//go:build race

package refresh

// keyedCallers is less with the race detector, which bears some 8,000 goroutines.
const keyedCallers = 2000
