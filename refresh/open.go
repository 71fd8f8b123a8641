package refresh

import "context"

// Open takes a sealed id apart: which operation it is about. It returns ErrBadID for
// one that is not ours, and asks nobody but for the key, once.
func (c *Coordinator) Open(ctx context.Context, sealed string) (ID, error) {
	return c.open(ctx, sealed)
}
