package keyvault

import (
	"math"
	"sync"
	"time"
)

const (
	// warnDays is when the end of a secret begins to be told.
	warnDays = 30
	// warnEvery is how often a process tells it.
	warnEvery = 24 * time.Hour
)

// Expiring tells that the secret or certificate in use ends soon.
type Expiring struct {
	Version string
	At      time.Time
	Days    int // whole days that are left, rounded down; below 0: it has ended
}

// daysLeft counts whole days, rounded down: 0 on the last one.
func daysLeft(at, now time.Time) int {
	return int(math.Floor(at.Sub(now).Hours() / 24))
}

// Days counts the whole days that are left of what was read, rounded down. It means
// nothing where Expires is zero.
func (r Read) Days(now time.Time) int { return daysLeft(r.Expires, now) }

// reminder tells at most once a day.
type reminder struct {
	mu   sync.Mutex
	told time.Time
}

// due returns what is to be told now, if anything is.
func (r *reminder) due(s secret, now time.Time) (Expiring, bool) {
	days := daysLeft(s.expires, now)
	r.mu.Lock()
	defer r.mu.Unlock()
	if days > warnDays || !r.told.IsZero() && now.Sub(r.told) < warnEvery {
		return Expiring{}, false
	}
	r.told = now
	return Expiring{Version: s.version, At: s.expires, Days: days}, true
}
