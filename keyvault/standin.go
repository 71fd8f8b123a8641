package keyvault

import (
	"context"
	"time"
)

// standIn returns the secret before the current one: the one that this process used,
// or, if Entra ID rejects the current one and it never used another, the newest older
// version in the vault that is enabled. A process that starts in the middle of a
// rotation needs the latter.
func (s *secrets) standIn(ctx context.Context, failed *Error) (secret, bool) {
	if ctx.Err() != nil || !failed.rejectsSecret() && !failed.noAnswer() {
		return secret{}, false
	}
	release, err := s.take(ctx)
	if err != nil {
		return secret{}, false
	}
	defer release()
	if version, look := s.lookBack(failed); look {
		old, err := s.vault.before(ctx, version)
		s.lookedBack(version, old, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.previous.secret, s.previous.value != ""
}

// lookBack reports whether to look for a version older than which: once for each
// version that is rejected, and after a failure again, at most once an interval.
func (s *secrets) lookBack(failed *Error) (than string, look bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.previous.value != "" || !failed.rejectsSecret() || s.backFor == s.current.version || time.Since(s.backAt) < interval {
		return "", false
	}
	return s.current.version, true
}

// lookedBack keeps an older version, unless it is the same value again.
func (s *secrets) lookedBack(version string, old secret, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backAt = time.Now()
	if err == nil || hasCode(err, CodeSecretNotFound) {
		s.backFor = version // there is nothing more to find out
	}
	if err == nil && old.value != s.current.value {
		s.previous = tried{secret: old}
	}
}

// reject notes that Entra ID does not take the secret. Where secrets have worked
// before, this one was probably just replaced, and the new one is on its way to the
// vault: for a while the error counts as one that passes.
func (s *secrets) reject(rejected secret, e *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.failing.IsZero() {
		s.failing = now
	}
	e.passing = s.worked && now.Sub(s.failing) < patience
	if t := s.which(rejected); t != nil {
		t.rejection, t.rejectedAt = e, now
	}
}

// accept notes that it does. The current one then needs no stand-in any more.
func (s *secrets) accept(accepted secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.worked, s.failing = true, time.Time{}
	t := s.which(accepted)
	if t == nil {
		return
	}
	t.rejection = nil
	if t == &s.current {
		s.previous = tried{}
	}
}

// held returns the rejection of the secret while it is fresh.
func (s *secrets) held(asked secret) *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.which(asked)
	if t == nil || t.rejection == nil || time.Since(t.rejectedAt) >= interval {
		return nil
	}
	return t.rejection
}

// which is called under the lock.
func (s *secrets) which(of secret) *tried {
	switch of.value {
	case s.current.value:
		return &s.current
	case s.previous.value:
		return &s.previous
	default:
		return nil
	}
}
