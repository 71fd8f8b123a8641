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
	// patience is for how long a rejection counts as passing, where secrets have
	// worked before: somebody is about to put the new one into the vault.
	patience = 5 * time.Minute
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

// reader is the vault as it is needed here.
type reader interface {
	newest(context.Context) (secret, error)
	before(ctx context.Context, version string) (secret, error)
}

// secrets decides when to read the vault.
type secrets struct {
	vault  reader
	what   string // the vault holds, in words
	onRead func(Read)
	logger *slog.Logger

	turn chan struct{} // holds a token while the vault is read: one read at a time

	mu       sync.Mutex
	current  tried // value "" : none yet
	previous tried // what may stand in for current; value "" : none
	readAt   time.Time
	triedAt  time.Time
	backAt   time.Time // of the last look for an older version
	backFor  string    // the version that it was older than, if it went well
	failure  error     // of the last try, nil if it went well

	judgedAt time.Time // of the last read because of a rejection
	worked   bool      // Entra ID has taken a secret in this process
	failing  time.Time // since when it has taken none; zero: it does
}

// tried is a secret and what Entra ID said of it last.
type tried struct {
	secret
	rejection  *Error // nil: nothing bad
	rejectedAt time.Time
}

func newSecrets(v reader, o Options) *secrets {
	what := "client secret"
	if o.Method == ClientCertificate {
		what = "certificate"
	}
	return &secrets{vault: v, what: what, onRead: o.OnRead, logger: o.Logger, turn: make(chan struct{}, 1)}
}

// take waits for the turn to read the vault.
func (s *secrets) take(ctx context.Context) (release func(), err error) {
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn }, nil
	case <-ctx.Done():
		return nil, timeoutError(ctx)
	}
}

// get returns the secret to use, after a look at the vault if one is due. If that
// look fails the secret at hand is still the best there is.
func (s *secrets) get(ctx context.Context) (secret, error) {
	release, err := s.take(ctx)
	if err != nil {
		return secret{}, err
	}
	defer release()
	if s.due() {
		next, err := s.vault.newest(ctx)
		s.learn(next, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.value == "" {
		return secret{}, s.failure
	}
	return s.current.secret, nil
}

// ping implements source.
func (s *secrets) ping(ctx context.Context) error {
	_, err := s.get(ctx)
	return err
}

// due reports whether to read the vault now. A rejection is a reason at once, however
// fresh the last read is: the secret may have been replaced since.
func (s *secrets) due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.current.value == "" {
		return now.Sub(s.triedAt) >= firstInterval
	}
	if s.current.rejection != nil && now.Sub(s.judgedAt) >= interval {
		s.judgedAt = now
		return true
	}
	expired := !s.current.expires.IsZero() && now.After(s.current.expires)
	return now.Sub(s.triedAt) >= interval && (expired || now.Sub(s.readAt) >= freshness)
}

// learn keeps the result of a read. The same value keeps its principal, and with it
// the tokens in azidentity's cache; another one keeps the old one as a stand-in.
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
		s.previous, s.current = s.current, tried{secret: next}
	}
	s.mu.Unlock()
	switch {
	case err != nil && had:
		s.logger.Warn("Key Vault could not be read again; the secret at hand stays in use", "err", err)
	case changed && had:
		s.logger.Info("Key Vault has a new "+s.what, "version", next.version)
	}
	s.onRead(Read{Version: next.version, Expires: next.expires, Changed: changed, Err: err})
}

// expiry implements source.
func (s *secrets) expiry() (secret, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current.secret, !s.current.expires.IsZero()
}
