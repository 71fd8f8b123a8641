package callback

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	countsFor  = 10 * time.Second // how long this process uses the counts that it read
	generation = time.Minute      // an admitted callback counts by itself for one to two of these
)

// FullError says that an owner has too many callbacks for another one to be admitted.
type FullError struct {
	Limit        int
	PerOperation bool // the limit is on those that wait for one operation; else on all of the owner
}

func (e *FullError) Error() string {
	if e.PerOperation {
		return fmt.Sprintf("callback: %d callbacks of the owner wait for one operation of the model: the limit", e.Limit)
	}
	return fmt.Sprintf("callback: %d callbacks of the owner are not delivered: the limit", e.Limit)
}

// admissions counts the callbacks that are not final, as far as this process can. The
// zero value is ready for use.
type admissions struct {
	mu       sync.Mutex
	swept    count     // by the last complete listing of a sweep, in any process
	read     time.Time // when swept was read
	began    time.Time // of the generation recent
	recent   count     // admitted by this process
	previous count     // by this process, in the generation before
}

// Admit counts one more callback of an owner. Its operation need not be known yet. It
// returns a [*FullError] if a limit is reached. Call it before anything is started. A
// callback that is admitted and not registered counts for two minutes at most.
func (s *Service) Admit(ctx context.Context, owner, model string) error {
	s.readCounts(ctx)
	return s.admitted.add(ownerHash(owner), model, time.Now())
}

// add uses the larger of both counts, not the sum: a sweep may have counted what this
// process admitted.
func (a *admissions) add(owner, model string, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.age(now)
	key := owner + "/" + model
	switch {
	case max(a.swept.Owners[owner], a.recent.Owners[owner]+a.previous.Owners[owner]) >= maxPerOwner:
		return &FullError{Limit: maxPerOwner}
	case max(a.swept.Models[key], a.recent.Models[key]+a.previous.Models[key]) >= maxPerOperation:
		return &FullError{Limit: maxPerOperation, PerOperation: true}
	}
	a.recent.Owners[owner]++
	a.recent.Models[key]++
	return nil
}

// age begins a new generation after a minute.
func (a *admissions) age(now time.Time) {
	past := now.Sub(a.began)
	if past < generation {
		return
	}
	if a.previous = a.recent; past >= 2*generation {
		a.previous = count{}
	}
	a.began, a.recent = now, count{}.clone()
}

// readCounts reads the counts of the last sweep if it is time to. One caller reads, and
// the others do not wait for it. If they cannot be read, the earlier ones are used: that
// is no reason to reject a request.
func (s *Service) readCounts(ctx context.Context) {
	if !s.admitted.stale(time.Now()) {
		return
	}
	p, err := s.readPosition(ctx)
	if err != nil {
		s.log.Warn("counts of callbacks not read; the earlier ones are used", "error", err)
		return
	}
	s.admitted.mu.Lock()
	defer s.admitted.mu.Unlock()
	s.admitted.swept = p.Waiting
}

// stale reports, once for all callers, that the counts are to be read again.
func (a *admissions) stale(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.read) < countsFor {
		return false
	}
	a.read = now
	return true
}

// ownerHash names an owner in records. The owner may be the digest of a function key,
// which is in no document.
func ownerHash(owner string) string {
	if owner == "" {
		return ""
	}
	return hash(8, "callback owner", owner)
}
