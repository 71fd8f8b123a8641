package keyvault

import (
	"context"
	"time"
)

// previousSecret returns the secret that this process used before the current one. If there
// is none and Entra ID rejects the current one, it returns the newest older version in the
// vault that is enabled: a process that starts during a rotation needs that.
func (s *secrets) previousSecret(ctx context.Context, failed *Error) (secret, bool) {
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

// lookBack reports whether to search for an older version, and older than which. It does so
// once for each rejected version, and again after a failure, at most once an interval.
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
		s.backFor = version // the search is complete
	}
	if err == nil && old.value != s.current.value {
		s.previous = candidate{secret: old}
	}
}

// reject stores that Entra ID rejects the secret. If a secret has worked before, this one was
// probably replaced at the application, and the new value will soon be in the vault: during
// the grace period the error is temporary.
func (s *secrets) reject(rejected secret, e *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.failing.IsZero() {
		s.failing = now
	}
	e.temporary = s.worked && now.Sub(s.failing) < grace
	if t := s.find(rejected); t != nil {
		t.rejection, t.rejectedAt = e, now
	}
}

// accept stores that Entra ID accepts the secret. If it is the current one, the previous one
// is not needed any more.
func (s *secrets) accept(accepted secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.worked, s.failing = true, time.Time{}
	t := s.find(accepted)
	if t == nil {
		return
	}
	t.rejection = nil
	if t == &s.current {
		s.previous = candidate{}
	}
}

// held returns the rejection of a secret for an interval.
func (s *secrets) held(asked secret) *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(asked)
	if t == nil || t.rejection == nil || time.Since(t.rejectedAt) >= interval {
		return nil
	}
	return t.rejection
}

// find returns the candidate of a secret, or nil. The caller holds the lock.
func (s *secrets) find(of secret) *candidate {
	switch of.value {
	case s.current.value:
		return &s.current
	case s.previous.value:
		return &s.previous
	default:
		return nil
	}
}
