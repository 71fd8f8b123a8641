package handler

import (
	"container/list"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often something may happen: Count times at once, and again as the time
// goes by, Count times in Per. The zero Rate is no limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// interval is the time that one event costs.
func (r Rate) interval() time.Duration { return r.Per / time.Duration(r.Count) }

// maxKeys bounds what a limiter remembers: those that asked last.
const maxKeys = 10_000

// limiter holds callers or models to a rate, in this process: a token bucket for each
// of them.
type limiter struct {
	rate Rate

	mu      sync.Mutex
	buckets map[string]*list.Element // of recent
	recent  *list.List               // of *bucket; the one that asked last is at the front
}

type bucket struct {
	key    string
	tokens *rate.Limiter
}

func newLimiter(r Rate) *limiter {
	return &limiter{rate: r, buckets: map[string]*list.Element{}, recent: list.New()}
}

// take takes one token, or returns how long until there is one.
func (l *limiter) take(key string, now time.Time) (wait time.Duration, ok bool) {
	if l.rate.Count <= 0 || l.rate.Per <= 0 {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.bucket(key).tokens.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait, wait == 0
}

// bucket returns the bucket of a key, and forgets the one that was not used for longest
// if there are too many. A key that goes on asking is never forgotten.
func (l *limiter) bucket(key string) *bucket {
	if e, known := l.buckets[key]; known {
		l.recent.MoveToFront(e)
		return e.Value.(*bucket)
	}
	b := &bucket{key, rate.NewLimiter(rate.Every(l.rate.interval()), l.rate.Count)}
	l.buckets[key] = l.recent.PushFront(b)
	if l.recent.Len() > maxKeys {
		delete(l.buckets, l.recent.Remove(l.recent.Back()).(*bucket).key)
	}
	return b
}

// limited is the answer to one request too many. It changes nothing.
func limited(setting string, r Rate, wait time.Duration) error {
	return &Error{Status: http.StatusTooManyRequests, Code: "TooManyRequests", RetryAfter: wait,
		Message: fmt.Sprintf("Too many requests: %s allows %d in %s. Send it again in %.0f s.", setting, r.Count, r.Per, math.Ceil(wait.Seconds()))}
}
