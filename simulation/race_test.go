//go:build race

package simulation

// usual is how many random schedules a run has: the race detector makes each ten
// times as long.
const usual = 40
