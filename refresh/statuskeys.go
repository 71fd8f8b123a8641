package refresh

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pbirefresh/lease"
)

// statusKeysName is the document that holds the status keys, which sign status URLs.
// Who can read it can forge signatures, and could read the state itself as well.
const statusKeysName = "keys/status.json"

// Timing of the status keys, on the storage service's clock. Every process reads the
// keys again once what it has is older than keyRefresh, before it signs or verifies. A
// new key signs only keySettling after it was added: by then every process that works
// verifies with it. keySettling is twice keyRefresh, for a read that is slow or fails.
const (
	keyRefresh   = time.Minute
	keyRetry     = 5 * time.Second // after a read that failed
	keyLoadLimit = 3 * time.Second // of a read while older keys are known
	keySettling  = 2 * time.Minute
)

// errBadKeys is about a document that is not what this package writes.
var errBadKeys = fmt.Errorf("%s holds no status keys of 32 bytes; delete it to have a new key made, which ends all status URLs", statusKeysName)

func decodeKeys(body []byte) (keyRing, error) {
	var r keyRing
	if err := json.Unmarshal(body, &r); err != nil || len(r.Root) < 32 {
		return keyRing{}, errBadKeys
	}
	if len(r.Versions) == 0 {
		r.Versions = []statusKey{{Version: 1, Key: r.Root}}
	}
	for _, k := range r.Versions {
		if len(k.Key) < 32 {
			return keyRing{}, errBadKeys
		}
	}
	return r, nil
}

// signing returns the newest key that may sign at a time.
func (r keyRing) signing(now time.Time) statusKey {
	best := r.Versions[0]
	for _, k := range r.Versions[1:] {
		if !k.SignsFrom.After(now) {
			best = k
		}
	}
	return best
}

// StatusKeys are the status keys as a process knows them. All processes on one store
// agree on them. It is safe for concurrent use. Use [NewStatusKeys].
type StatusKeys struct {
	store lease.Store
	turn  chan struct{} // a lock for which a caller waits no longer than its ctx lasts
	keys  keyRing
	date  time.Time // the storage service's clock at the last read
	read  time.Time // the local clock before it
	tried time.Time // the local clock when a read was last begun
}

// NewStatusKeys returns the keys in a store. It does no I/O.
func NewStatusKeys(store lease.Store) *StatusKeys {
	return &StatusKeys{store: store, turn: make(chan struct{}, 1)}
}

// Warm reads the keys, and makes the first one where there is none.
func (k *StatusKeys) Warm(ctx context.Context) error {
	_, err := k.ring(ctx)
	return err
}

// sign returns the link of an access, signed with the key whose turn it is.
func (k *StatusKeys) sign(ctx context.Context, a access) (Link, error) {
	keys, err := k.ring(ctx)
	if err != nil {
		return Link{}, unavailable(err)
	}
	return keys.signing(k.now()).sign(a)
}

// now is the storage service's clock, about. Call it after ring.
func (k *StatusKeys) now() time.Time {
	k.turn <- struct{}{}
	defer func() { <-k.turn }()
	return k.date.Add(time.Since(k.read))
}

// ring returns the keys, at most keyRefresh old. Where they cannot be read again it
// returns those that were read before: what they sign is accepted everywhere.
func (k *StatusKeys) ring(ctx context.Context) (keyRing, error) {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return keyRing{}, ctx.Err()
	}
	known := k.keys.Root != nil
	if known && (time.Since(k.read) < keyRefresh || time.Since(k.tried) < keyRetry) {
		return k.keys, nil
	}
	if known { // nobody waits long for what is good as it is
		limited, cancel := context.WithTimeout(ctx, keyLoadLimit)
		defer cancel()
		ctx = limited
	}
	k.tried = time.Now()
	if err := k.load(ctx); err != nil && !known {
		return keyRing{}, fmt.Errorf("the status keys: %w", err)
	}
	return k.keys, nil
}

// load reads the keys, and makes the first one where there is none.
func (k *StatusKeys) load(ctx context.Context) error {
	began := time.Now()
	doc, err := readAnswered(ctx, k.store, statusKeysName)
	if errors.Is(err, lease.ErrNotFound) {
		if err = k.create(ctx); err == nil {
			doc, err = readAnswered(ctx, k.store, statusKeysName)
		}
	}
	if err != nil {
		return err
	}
	keys, err := decodeKeys(doc.Body)
	if err != nil {
		return err
	}
	k.keys, k.date, k.read = keys, doc.Date, began
	return nil
}

// create writes the first key. Whether this process or another wrote it does not
// matter: the one that is read back counts.
func (k *StatusKeys) create(ctx context.Context) error {
	body, err := json.Marshal(keyRing{Root: newKey()})
	if err != nil {
		return err
	}
	_, err = answered(ctx, func() (lease.Version, error) { return k.store.Create(ctx, statusKeysName, body, nil) })
	if errors.Is(err, lease.ErrExists) {
		return nil
	}
	return err
}

func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	return key
}
