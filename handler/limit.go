package handler

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"
)

// Rate is how often something may happen: Count times at once, and again as the time
// goes by, Count times in Per. The zero Rate is no limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// interval is the time that one event costs.
func (r Rate) interval() time.Duration { return r.Per / time.Duration(r.Count) }

// maxKeys bounds what a limiter remembers. Who is at rest is forgotten first.
const maxKeys = 10_000

// limiter holds callers or models to a rate, in this process. It is a token bucket
// for each of them, kept as one time: when the bucket will be full again.
type limiter struct {
	rate Rate

	mu   sync.Mutex
	full map[string]time.Time
}

func newLimiter(r Rate) *limiter { return &limiter{rate: r, full: map[string]time.Time{}} }

// take takes one token, or tells how long until there is one.
func (l *limiter) take(key string, now time.Time) (wait time.Duration, ok bool) {
	if l.rate.Count <= 0 || l.rate.Per <= 0 {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.full[key]
	if full.Before(now) {
		full = now
	}
	full = full.Add(l.rate.interval())
	if over := full.Sub(now) - l.rate.Per; over > 0 {
		return over, false
	}
	l.forget(now)
	l.full[key] = full
	return 0, true
}

// forget makes room. Buckets that are full again say nothing; if none is, all are
// forgotten, which lets too much through once rather than keep somebody out.
func (l *limiter) forget(now time.Time) {
	if len(l.full) < maxKeys {
		return
	}
	for key, full := range l.full {
		if !full.After(now) {
			delete(l.full, key)
		}
	}
	if len(l.full) >= maxKeys {
		clear(l.full)
	}
}

// limited is the answer to one request too many. It changes nothing.
func limited(setting string, r Rate, wait time.Duration) error {
	return &Error{Status: http.StatusTooManyRequests, Code: "TooManyRequests", RetryAfter: wait,
		Message: fmt.Sprintf("Too many requests: %s allows %d in %s. Send it again in %.0f s.", setting, r.Count, r.Per, math.Ceil(wait.Seconds()))}
}
