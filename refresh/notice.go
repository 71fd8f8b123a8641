package refresh

import (
	"context"
	"fmt"
	"sync"

	"pbirefresh/refresh/machine"
)

// notice runs what has to be done between the write that admits a request and its answer,
// as soon as that is saved and while Power BI is being asked: the pointer of its key is
// made, and its caller's hook is called. A nil notice has nothing to do.
type notice struct {
	ctx  context.Context // without the caller's end: what has begun is finished
	c    *Coordinator
	key  machine.Key
	tell func(ctx context.Context, a Admission) error
	once sync.Once
	done chan noticed
}

// noticed is the operation that the caller is answered with.
type noticed struct {
	epoch  string
	number int64
	err    error
}

func (c *Coordinator) newNotice(ctx context.Context, r Request) *notice {
	if r.Admitted == nil && r.Key == (machine.Key{}) {
		return nil
	}
	return &notice{ctx: context.WithoutCancel(ctx), c: c, key: r.Key, tell: r.Admitted, done: make(chan noticed, 1)}
}

// begin begins, once, and does not wait.
func (n *notice) begin(a answer) {
	if n == nil {
		return
	}
	n.once.Do(func() {
		go func() {
			epoch, number, err := n.guarded(a)
			n.done <- noticed{epoch, number, err}
		}()
	})
}

// guarded turns a panic into an error: no caller's recover covers this goroutine.
func (n *notice) guarded(a answer) (epoch string, number int64, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("refresh: panic in the hook of an admission: %v", p)
		}
	}()
	epoch, number = a.epoch, a.number
	if n.key != (machine.Key{}) && !a.pointed {
		epoch, number, err = n.c.point(n.ctx, n.key, epoch, number)
	}
	if err == nil && n.tell != nil {
		err = n.tell(n.ctx, a.admission(epoch, number))
	}
	return epoch, number, err
}

// admission is what the hook gets for the operation that the key's pointer names.
func (a answer) admission(epoch string, number int64) Admission {
	admission := Admission{Epoch: epoch, Number: number}
	if !a.repeated && a.epoch == epoch && a.number == number {
		admission.Created = a.view.Operation.Created
	}
	return admission
}

// wait begins, if that has not happened, and waits for the end. It returns the answer of
// the key's pointer. Only one may wait.
func (n *notice) wait(ctx context.Context, a answer) (answer, error) {
	if n == nil {
		return a, nil
	}
	n.begin(a)
	select {
	case got := <-n.done:
		if got.err == nil && (got.epoch != a.epoch || got.number != a.number) {
			a = answer{epoch: got.epoch, number: got.number, repeated: true}
		}
		return a, got.err
	case <-ctx.Done():
		return a, unavailable(ctx.Err())
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
