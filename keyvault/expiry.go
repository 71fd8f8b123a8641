package keyvault

import (
	"math"
	"sync"
	"time"
)

const (
	// warnDays is how many days before the end of a secret the reports begin.
	warnDays = 30
	// warnEvery is how often a process reports it.
	warnEvery = 24 * time.Hour
)

// Expiring reports that the secret or certificate in use ends soon.
type Expiring struct {
	Version string
	At      time.Time
	Days    int // whole days that are left, rounded down; below 0: it has ended
}

// daysLeft counts whole days, rounded down: 0 on the last one.
func daysLeft(at, now time.Time) int {
	return int(math.Floor(at.Sub(now).Hours() / 24))
}

// Days returns the whole days until Expires, rounded down. It has no meaning if Expires is
// zero.
func (r Read) Days(now time.Time) int { return daysLeft(r.Expires, now) }

// reminder limits reports to one a day.
type reminder struct {
	mu   sync.Mutex
	last time.Time // report
}

// due returns what to report now, if anything.
func (r *reminder) due(s secret, now time.Time) (Expiring, bool) {
	days := daysLeft(s.expires, now)
	r.mu.Lock()
	defer r.mu.Unlock()
	if days > warnDays || !r.last.IsZero() && now.Sub(r.last) < warnEvery {
		return Expiring{}, false
	}
	r.last = now
	return Expiring{Version: s.version, At: s.expires, Days: days}, true
}
