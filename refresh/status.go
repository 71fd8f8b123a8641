package refresh

import (
	"context"
	"errors"
	"sync"
	"time"

	"pbirefresh/lease"
)

// Terminal reports whether the status is final.
func (s Status) Terminal() bool {
	return s == StatusSucceeded || s == StatusFailed || s == StatusCanceled
}

// view reads an operation: from the document, the archive, and the document
// again, because it may move from the one to the other in between.
func (c *Coordinator) view(ctx context.Context, id ID) (View, error) {
	for range 2 {
		view, due, err := c.viewState(ctx, id)
		if err == nil {
			return c.stepped(ctx, id, view, due)
		}
		if !errors.Is(err, errNotInState) {
			return View{}, err
		}
		op, err := c.fromArchive(ctx, id)
		switch {
		case err == nil:
			s := State{Model: id.Model}
			return s.View(op, id.Nonce, op.Ended), nil
		case !errors.Is(err, lease.ErrNotFound):
			return View{}, unavailable(err)
		}
	}
	return View{}, &Refusal{Code: CodeNotFound, Message: "There is no such operation, or it ended too long ago."}
}

var errNotInState = errors.New("refresh: the operation is not in the state document")

// viewState reads the operation from the state document, and when the model's
// next step is due.
func (c *Coordinator) viewState(ctx context.Context, id ID) (View, due, error) {
	doc, err := c.reader(id.Model).read(ctx)
	if errors.Is(err, lease.ErrNotFound) {
		return View{}, due{}, errNotInState
	}
	if err != nil {
		return View{}, due{}, unavailable(err)
	}
	s, err := Decode(doc.Body)
	if err != nil {
		return View{}, due{}, unavailable(err)
	}
	op, ok := s.Find(id.Number)
	if !ok || s.Epoch != id.Epoch {
		return View{}, due{}, errNotInState
	}
	at, any := s.Due()
	return s.View(op, id.Nonce, doc.Date), due{at: at, now: any && !at.After(doc.Date)}, nil
}

// due is when a model's next step can be taken, and whether that is now.
type due struct {
	at  time.Time
	now bool
}

// stepped takes the model's next step if it is due and shows the operation as it
// stands then. The wait is short: the caller comes again anyway.
func (c *Coordinator) stepped(ctx context.Context, id ID, view View, d due) (View, error) {
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

// claim reports whether a due step is worth setting off: once for each due time
// in this process, and again if nothing has come of it for a while.
func (q *queue) claim(at time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if at.Equal(q.stepDue) && time.Since(q.stepAt) < comeAgain {
		return false
	}
	q.stepDue, q.stepAt = at, time.Now()
	return true
}

// finishedViews remembers finished operations: the only state that may be served
// without reading, because it never changes.
type finishedViews struct {
	mu    sync.Mutex
	limit int
	views map[string]View
}

func newFinishedViews(limit int) *finishedViews {
	return &finishedViews{limit: limit, views: map[string]View{}}
}

func (f *finishedViews) get(id string) (View, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.views[id]
	return v, ok
}

func (f *finishedViews) put(id string, v View) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.views) >= f.limit {
		clear(f.views) // rare, and a read is cheap: no bookkeeping for an order of eviction
	}
	f.views[id] = v
}
