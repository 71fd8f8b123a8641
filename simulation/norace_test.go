//go:build !race

package simulation

// usual is how many random schedules a run has.
const usual = 3000
