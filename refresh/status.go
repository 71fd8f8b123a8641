package refresh

import (
	"context"
	"errors"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// view reads an operation: from the document, the archive, and the document
// again, because it may move from the one to the other in between.
func (c *Coordinator) view(ctx context.Context, id access) (machine.View, time.Time, error) {
	for range 2 {
		view, due, err := c.viewState(ctx, id)
		if err == nil {
			view, err = c.stepped(ctx, id, view, due)
			return view, due.date, err
		}
		if !errors.Is(err, errNotInState) {
			return machine.View{}, time.Time{}, err
		}
		op, date, err := c.fromArchive(ctx, id.ID)
		switch {
		case err == nil:
			s := machine.State{Model: id.Model}
			return s.View(op, id.Nonce, op.Ended), date, nil
		case !errors.Is(err, lease.ErrNotFound):
			return machine.View{}, time.Time{}, unavailable(err)
		}
	}
	return machine.View{}, time.Time{}, &Refusal{Code: machine.CodeNotFound, Message: "There is no such operation, or it ended too long ago."}
}

var errNotInState = errors.New("refresh: the operation is not in the state document")

// viewState reads the operation from the state document, and when the model's
// next step is due.
func (c *Coordinator) viewState(ctx context.Context, id access) (machine.View, due, error) {
	seen, err := c.reader(id.Model).read(ctx)
	if errors.Is(err, lease.ErrNotFound) {
		return machine.View{}, due{}, errNotInState
	}
	if err != nil {
		return machine.View{}, due{}, unavailable(err)
	}
	s := seen.state
	op, ok := s.Find(id.Number)
	if !ok || s.Epoch != id.Epoch {
		return machine.View{}, due{}, errNotInState
	}
	at, any := s.Due()
	return s.View(op, id.Nonce, seen.date), due{at: at, now: any && !at.After(seen.date), date: seen.date}, nil
}

// due is when a model's next step can be taken, and whether that is now.
type due struct {
	at   time.Time
	now  bool
	date time.Time // the storage service's clock when the model was read
}

// stepped takes the model's next step if it is due, and returns the operation after it. The
// wait is short, since the caller polls.
func (c *Coordinator) stepped(ctx context.Context, id access, view machine.View, d due) (machine.View, error) {
	if !d.now || view.Status.Terminal() || !c.queue(id.Model).claim(d.at) {
		return view, nil
	}
	ctx, cancel := context.WithTimeout(ctx, advanceLimit)
	defer cancel()
	job := newJob(time.Now().Add(advanceLimit), nil)
	job.patient, job.nonce, job.show = false, id.Nonce, id
	a, err := c.do(ctx, id.Model, job)
	if err != nil || a.number == 0 {
		return view, nil //nolint:nilerr // what was read is a true answer without the step
	}
	return a.view, nil
}

// claim reports whether to set off a due step: once for each due time in this process, and
// again if it is still due after a while.
func (q *queue) claim(at time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if at.Equal(q.stepDue) && time.Since(q.stepAt) < comeAgain {
		return false
	}
	q.stepDue, q.stepAt = at, time.Now()
	return true
}
