package refresh

import (
	"context"
	"errors"

	"pbirefresh/internal/wait"
	"pbirefresh/lease"
)

// answered repeats a request that changes nothing, or that can be repeated, until the
// storage answers or ctx ends.
func answered[T any](ctx context.Context, request func() (T, error)) (T, error) {
	for delay := firstPause; ; delay = min(2*delay, longestPause) {
		v, err := request()
		if !errors.Is(err, lease.ErrUnknown) || !wait.For(ctx, delay) {
			return v, err
		}
	}
}

// readAnswered is a read that is repeated until the storage answers or ctx ends.
func readAnswered(ctx context.Context, store lease.Store, name string) (lease.Document, error) {
	return answered(ctx, func() (lease.Document, error) { return store.Read(ctx, name) })
}
