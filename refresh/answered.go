package refresh

import (
	"context"
	"errors"

	"pbirefresh/internal/wait"
	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
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

// createFinal writes a document that is never written otherwise, and confirms it.
func (c *Coordinator) createFinal(ctx context.Context, name string, content any) error {
	body, err := machine.Marshal(content)
	if err != nil {
		return err
	}
	_, err = c.cfg.Store.Create(ctx, name, body, nil)
	switch {
	case errors.Is(err, lease.ErrExists):
		return nil // what has ended does not change: it is this one
	case errors.Is(err, lease.ErrUnknown):
		_, err = c.cfg.Store.Read(ctx, name)
	}
	return err
}
