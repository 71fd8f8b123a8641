package refresh

import "context"

// Open verifies a link and returns the operation that it is about, or ErrBadID. It
// reads nothing but the status keys, at most once a minute.
func (c *Coordinator) Open(ctx context.Context, l Link) (ID, error) {
	a, err := c.open(ctx, l)
	return a.ID, err
}

func (c *Coordinator) open(ctx context.Context, l Link) (access, error) {
	keys, err := c.cfg.Keys.ring(ctx)
	if err != nil {
		return access{}, unavailable(err)
	}
	return keys.verify(l)
}
