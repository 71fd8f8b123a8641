package refresh

import (
	"context"
	"fmt"
	"sync"

	"pbirefresh/refresh/machine"
)

// notice tells somebody that a request is admitted, as soon as that is saved and while
// Power BI is being asked. A nil notice has nobody to tell.
type notice struct {
	ctx  context.Context // without the caller's end: what has begun is finished
	tell func(ctx context.Context, epoch string, number int64) error
	once sync.Once
	done chan error
}

func newNotice(ctx context.Context, r Request) *notice {
	if r.Admitted == nil {
		return nil
	}
	return &notice{ctx: context.WithoutCancel(ctx), tell: r.Admitted, done: make(chan error, 1)}
}

// begin tells, once, and does not wait.
func (n *notice) begin(epoch string, number int64) {
	if n == nil {
		return
	}
	n.once.Do(func() { go func() { n.done <- n.guarded(epoch, number) }() })
}

// guarded turns a panic into an error: the goroutine belongs to nobody.
func (n *notice) guarded(epoch string, number int64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("refresh: panic while telling of an admission: %v", p)
		}
	}()
	return n.tell(n.ctx, epoch, number)
}

// wait tells, if that has not begun, and waits for it. Only one may wait.
func (n *notice) wait(ctx context.Context, epoch string, number int64) error {
	if n == nil {
		return nil
	}
	n.begin(epoch, number)
	select {
	case err := <-n.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// see shows a state that was read under the lease, or saved.
func (c *Coordinator) see(s machine.State) {
	c.watched(s)
	if c.cfg.Seen != nil {
		c.cfg.Seen(s)
	}
}

// leaving asks whether an operation that has ended may leave the state document.
func (c *Coordinator) leaving(ctx context.Context, m machine.Model, epoch string, op machine.Operation) error {
	if c.cfg.Leaving == nil {
		return nil
	}
	return c.cfg.Leaving(ctx, m, epoch, op)
}
