package refresh

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"pbirefresh/lease"
)

// longestOperation is more than an operation lives: the longest timeout, and the day
// for which an overdue one is waited for.
const longestOperation = 8 * 24 * time.Hour

// Rotation is what RotateStatusKey has done.
type Rotation struct {
	Version   int       // of the new key
	SignsFrom time.Time // when processes begin to sign with it
	// OldUntil is when the last URL that the version before has signed ends by itself.
	OldUntil time.Time
}

// RotateStatusKey adds a version of the status key. Two versions are accepted at a
// time: while URLs of the older of two are still good, it refuses, unless force says
// that these are to end now. life is how long a status URL is good after the end.
func RotateStatusKey(ctx context.Context, store lease.Store, life time.Duration, force bool) (Rotation, error) {
	if err := NewStatusKeys(store).Warm(ctx); err != nil {
		return Rotation{}, err
	}
	s, err := lease.Enter(ctx, store, statusKeysName)
	if err != nil {
		return Rotation{}, fmt.Errorf("the status keys are not free: %w", err)
	}
	defer s.Close(ctx)
	keys, err := decodeKeys(s.Doc().Body)
	if err != nil {
		return Rotation{}, err
	}
	next, done, err := keys.rotated(s.Now(), life, force)
	if err != nil {
		return Rotation{}, err
	}
	body, err := json.Marshal(next)
	if err != nil {
		return Rotation{}, err
	}
	return done, s.Commit(ctx, body, nil, func(b []byte) bool { return slices.Equal(b, body) })
}

// rotated returns the keys with a new version, and without the oldest of two.
func (r keyRing) rotated(now time.Time, life time.Duration, force bool) (keyRing, Rotation, error) {
	newest := r.Versions[len(r.Versions)-1]
	if newest.SignsFrom.After(now) {
		return keyRing{}, Rotation{}, fmt.Errorf("version %d of the status key signs only from %s, when every process has it: rotate again after that",
			newest.Version, newest.SignsFrom.UTC().Format(time.RFC3339))
	}
	if until := newest.SignsFrom.Add(longestOperation + life); len(r.Versions) > 1 && now.Before(until) && !force {
		return keyRing{}, Rotation{}, fmt.Errorf("URLs that version %d of the status key has signed may be good until %s: rotate after that, or with --force, which ends them now",
			r.Versions[0].Version, until.UTC().Format(time.RFC3339))
	}
	fresh := statusKey{Version: newest.Version + 1, Key: newKey(), SignsFrom: now.Add(keySettling).UTC().Truncate(time.Second)}
	next := keyRing{Root: r.Root, Versions: []statusKey{newest, fresh}}
	return next, Rotation{Version: int(fresh.Version), SignsFrom: fresh.SignsFrom, OldUntil: fresh.SignsFrom.Add(longestOperation + life)}, nil
}
