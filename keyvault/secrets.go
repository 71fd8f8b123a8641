package keyvault

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

const (
	// interval is the shortest time between two reads of the vault, and how long the error
	// of a rejection or a failed read is returned without another request.
	interval = 30 * time.Second
	// firstInterval is the interval until the first successful read. It is shorter, because
	// at a cold start the network may not be ready.
	firstInterval = 5 * time.Second
	// grace is how long a rejection counts as temporary if a secret has worked before: the
	// new one will soon be in the vault.
	grace = 5 * time.Minute
	// freshness is how long the secret is used without a read of the vault.
	freshness = 6 * time.Hour
)

// secret is one value and its credential.
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

// reader reads the vault.
type reader interface {
	newest(context.Context) (secret, error)
	before(ctx context.Context, version string) (secret, error)
}

// secrets decides when to read the vault.
type secrets struct {
	vault  reader
	what   string // is in the vault, in words
	onRead func(Read)
	logger *slog.Logger

	turn chan struct{} // full while the vault is read: one read at a time

	mu       sync.Mutex
	current  candidate // value "" : none yet
	previous candidate // value "" : none
	readAt   time.Time // of the last successful read
	triedAt  time.Time // of the last read
	backAt   time.Time // of the last search for an older version
	backFor  string    // the version that it was older than, if it succeeded
	failure  error     // of the last read; nil if it succeeded

	judgedAt time.Time // of the last read because of a rejection
	worked   bool      // Entra ID has accepted a secret in this process
	failing  time.Time // since when it rejects all; zero: it does not
}

// candidate is a secret and its last rejection by Entra ID.
type candidate struct {
	secret
	rejection  *Error // nil: none since it was last accepted
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

// get returns the secret to use, after a read of the vault if one is due. If that read
// fails, it returns the secret that was read before.
func (s *secrets) get(ctx context.Context) (secret, error) {
	release, err := s.take(ctx)
	if err != nil {
		return secret{}, err
	}
	defer release()
	if s.due() {
		next, err := s.vault.newest(ctx)
		s.keep(next, err)
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

// due reports whether to read the vault now. After a rejection it is, also if the last read
// was a moment ago: the secret may have been replaced since.
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

// keep stores the result of a read. An unchanged value keeps its principal, and so the tokens
// in azidentity's cache. A changed one makes the old secret the previous one.
func (s *secrets) keep(next secret, err error) {
	s.mu.Lock()
	s.triedAt, s.failure = time.Now(), err
	changed := err == nil && next.value != s.current.value
	had := s.current.value != ""
	if err == nil {
		s.readAt = s.triedAt
		s.current.version, s.current.expires = next.version, next.expires
	}
	if changed {
		s.previous, s.current = s.current, candidate{secret: next}
	}
	s.mu.Unlock()
	switch {
	case err != nil && had:
		s.logger.Warn("Key Vault could not be read again; the known secret stays in use", "err", err)
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
