//go:build race

package simulation

// How much a run does by default: the race detector makes each schedule
// ten times as long. The files without a race build have what does not depend on it.
const (
	usual    = 40
	crowds   = 1
	patients = 10
)
