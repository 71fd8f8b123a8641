package refresh

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"pbirefresh/lease"
)

// KeyName is the document that holds the key of the HMAC which seals ids.
// Whoever can read it can forge ids, and could read the state itself as well.
const KeyName = "keys/status.json"

// keyDocument has no version: it never changes, and another kind of key would get
// another document.
type keyDocument struct {
	Key string `json:"key"` // 32 bytes, base64
}

// StatusKey returns a function that reads the key from the store, once, and
// makes it when there is none. All processes on one store agree on it.
func StatusKey(store lease.Store) func(context.Context) ([]byte, error) {
	k := &statusKey{store: store, turn: make(chan struct{}, 1)}
	return k.get
}

type statusKey struct {
	store lease.Store
	turn  chan struct{} // a lock that a caller need not wait for longer than its ctx lasts
	key   []byte
}

func (k *statusKey) get(ctx context.Context) ([]byte, error) {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if k.key != nil {
		return k.key, nil
	}
	key, err := k.read(ctx)
	if errors.Is(err, lease.ErrNotFound) {
		if err = k.create(ctx); err == nil {
			key, err = k.read(ctx)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the key of the status URLs: %w", err)
	}
	k.key = key
	return key, nil
}

func (k *statusKey) read(ctx context.Context) ([]byte, error) {
	doc, err := readAnswered(ctx, k.store, KeyName)
	if err != nil {
		return nil, err
	}
	var d keyDocument
	if err := json.Unmarshal(doc.Body, &d); err != nil {
		return nil, fmt.Errorf("%s is not readable: %w", KeyName, err)
	}
	key, err := base64.StdEncoding.DecodeString(d.Key)
	if err != nil || len(key) < 32 {
		return nil, fmt.Errorf("%s holds no key of 32 bytes; delete it to have a new one made, which ends all status URLs", KeyName)
	}
	return key, nil
}

// create writes a new key. Whether this process or another wrote it does not
// matter: the one that is read back counts.
func (k *statusKey) create(ctx context.Context) error {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	body, err := json.Marshal(keyDocument{Key: base64.StdEncoding.EncodeToString(key)})
	if err != nil {
		return err
	}
	_, err = answered(ctx, func() (lease.Version, error) { return k.store.Create(ctx, KeyName, body, nil) })
	if errors.Is(err, lease.ErrExists) {
		return nil
	}
	return err
}
