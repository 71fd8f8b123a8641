//go:build !race

package simulation

// How much a run does unless it is told otherwise: random schedules, and crowds.
const (
	usual  = 3000
	crowds = 4
	// schedules in which nobody may get a 503
	patients = 100
)
