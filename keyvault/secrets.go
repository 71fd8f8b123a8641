package keyvault

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

const (
	// interval is the least time between two reads of the vault, and for how long a
	// rejection or a failed read is given again. Short enough for an operator who
	// has just put things right, long enough to be no load.
	interval = 30 * time.Second
	// firstInterval is the interval until the first read went well: nothing works
	// without it, and at a cold start the network may be a moment late.
	firstInterval = 5 * time.Second
	// freshness is how long the secret is used without a look at the vault.
	freshness = 6 * time.Hour
)

// secret is one value and what it can do.
type secret struct {
	value     string
	version   string
	expires   time.Time // zero: never, or not known
	principal azcore.TokenCredential
}

// String keeps the value out of logs.
func (s secret) String() string { return "secret version " + s.version }

// GoString keeps the value out of logs.
func (s secret) GoString() string { return s.String() }

// LogValue keeps the value out of logs.
func (s secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// secrets decides when to read the vault.
type secrets struct {
	read      func(context.Context) (secret, error)
	principal func(value string) (azcore.TokenCredential, error)
	onRead    func(Read)
	logger    *slog.Logger

	turn chan struct{} // holds a token while the vault is read: one read at a time

	mu         sync.Mutex
	current    secret // value "" : none yet
	readAt     time.Time
	triedAt    time.Time
	failure    error // of the last try, nil if it went well
	rejection  *Error
	rejectedAt time.Time
}

func newSecrets(read func(context.Context) (secret, error), o Options) *secrets {
	return &secrets{
		read: read, principal: o.principal, onRead: o.OnRead, logger: o.Logger,
		turn: make(chan struct{}, 1),
	}
}

// get returns the secret to use, after a look at the vault if one is due. If that
// look fails the secret at hand is still the best there is.
func (s *secrets) get(ctx context.Context) (secret, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return secret{}, timeoutError(ctx)
	}
	if s.due() {
		next, err := s.read(ctx)
		if err == nil && next.value != s.now().value {
			next.principal, err = s.principal(next.value)
		}
		s.learn(next, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.value == "" {
		return secret{}, s.failure
	}
	return s.current, nil
}

func (s *secrets) now() secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

func (s *secrets) due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	pause := interval
	if s.current.value == "" {
		pause = firstInterval
	}
	if !s.triedAt.IsZero() && time.Since(s.triedAt) < pause {
		return false
	}
	expired := !s.current.expires.IsZero() && time.Now().After(s.current.expires)
	return s.current.value == "" || s.rejection != nil || expired || time.Since(s.readAt) >= freshness
}

// learn keeps the result of a read. The same value keeps its principal, and with it
// the tokens in azidentity's cache.
func (s *secrets) learn(next secret, err error) {
	s.mu.Lock()
	s.triedAt, s.failure = time.Now(), err
	changed := err == nil && next.value != s.current.value
	had := s.current.value != ""
	if err == nil {
		s.readAt = s.triedAt
		s.current.version, s.current.expires = next.version, next.expires
	}
	if changed {
		s.current, s.rejection = next, nil
	}
	s.mu.Unlock()
	switch {
	case err != nil && had:
		s.logger.Warn("Key Vault could not be read again; the secret at hand stays in use", "err", err)
	case changed && had:
		s.logger.Info("Key Vault has a new client secret", "version", next.version)
	}
	s.onRead(Read{Version: next.version, Expires: next.expires, Changed: changed, Err: err})
}

// reject notes that Entra ID does not take the secret.
func (s *secrets) reject(rejected secret, e *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rejected.value == s.current.value {
		s.rejection, s.rejectedAt = e, time.Now()
	}
}

// held returns the rejection of the secret while it is fresh.
func (s *secrets) held(asked secret) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rejection == nil || asked.value != s.current.value || time.Since(s.rejectedAt) >= interval {
		return nil
	}
	return s.rejection
}

func (s *secrets) expires() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current.expires, !s.current.expires.IsZero()
}
