//go:build !race

package simulation

// How much a run does by default: random schedules, and crowds.
const (
	usual  = 200
	crowds = 4
	// schedules in which nobody may get a 503
	patients = 100
)
