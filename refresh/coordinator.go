package refresh

import (
	"context"
	"errors"
	"time"

	"pbirefresh/refresh/machine"
)

// Trigger admits a caller and starts what can be started. When it returns
// without an error, the operation is saved and its id readable. It returns
// [*Refusal] where the request cannot be admitted; any other error means that
// nothing is promised, and the caller should come again.
//
// A request with a key that came before returns the operation that it was admitted
// to then, also after it has ended; [*Refusal] if it was another request.
//
// Trigger is detached from ctx: a caller that leaves cancels nothing for others. It
// waits longer than any lease lasts, and returns within a minute.
func (c *Coordinator) Trigger(ctx context.Context, r Request) (Receipt, error) {
	until := time.Now().Add(callerWait)
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	keys, err := c.cfg.Keys.ring(ctx)
	if err != nil {
		return Receipt{}, unavailable(err)
	}
	id := access{ID: ID{Model: r.Model}, Nonce: random(16)}
	a, repeated, b, err := answer{}, false, binding{}, error(nil)
	if r.Key != (machine.Key{}) {
		id.Nonce = r.Key.Nonce(keys.Root)
		a, repeated, b, err = c.bind(ctx, r, id.Nonce)
		r.Key.Ticket = b.ticket
	}
	told := c.newNotice(ctx, r)
	if err == nil && !repeated {
		a, err = c.arrive(ctx, r, b, id.Nonce, told, until)
	}
	if err != nil {
		return Receipt{}, err
	}
	if a, err = told.wait(ctx, a); err != nil {
		return Receipt{}, err
	}
	id.Epoch, id.Number = a.epoch, a.number
	return c.receipt(ctx, id, a)
}

// receipt is what the caller of an admitted request gets.
func (c *Coordinator) receipt(ctx context.Context, id access, a answer) (Receipt, error) {
	if a.view.Operation.Number == 0 {
		var err error
		if a.view, _, err = c.view(ctx, id); err != nil {
			return Receipt{}, err
		}
	}
	// A repeated request gets its id: the first one may hold it already.
	if f := a.view.Operation.Fault; f != nil && f.Code == machine.CodeBusy && !a.repeated {
		return Receipt{}, &Refusal{Code: f.Code, Message: f.Message}
	}
	if a.repeated && c.expired(a.view, c.cfg.Keys.now()) {
		return Receipt{}, &Refusal{Code: machine.CodeKeyReused, Message: keyExpired}
	}
	link, err := c.cfg.Keys.sign(ctx, id)
	return Receipt{ID: link.ID, Sig: link.Sig, View: a.view, Replayed: a.repeated, access: id}, err
}

// bind claims the request's key, and finds what became of an earlier request of it.
func (c *Coordinator) bind(ctx context.Context, r Request, nonce string) (answer, bool, binding, error) {
	if !r.Key.Valid() {
		return answer{}, false, binding{}, errors.New("refresh: the key was not made by NewKey")
	}
	b, err := c.claim(ctx, r)
	if err != nil || !b.made.IsZero() {
		return answer{}, false, b, err
	}
	r.Key.Ticket = b.ticket
	a, found, err := c.repeat(ctx, r, nonce)
	return a, found, b, err
}

// arrive lets the state machine admit a caller.
func (c *Coordinator) arrive(ctx context.Context, r Request, b binding, nonce string, told *notice, until time.Time) (answer, error) {
	owner := machine.OwnerMark(r.Owner)
	job := newJob(until, func(at machine.At) machine.Event {
		return machine.Arrive{At: at, Nonce: nonce, Key: r.Key, Owner: owner, Ask: r.Ask}
	})
	job.made = b.made
	job.nonce, job.ask, job.key, job.told = nonce, &r.Ask, r.Key, told
	return c.do(ctx, r.Model, job)
}

// Status shows the operation of a link, as its caller sees it, and moves its model
// forward if its next step is due. It returns ErrBadID for a link that was not signed
// here or has expired, and a [*Refusal] with CodeNotFound for one whose operation is
// not kept any more.
func (c *Coordinator) Status(ctx context.Context, l Link) (Receipt, error) {
	a, err := c.open(ctx, l)
	if err != nil {
		return Receipt{}, err
	}
	view, date, err := c.look(ctx, a)
	if err != nil {
		return Receipt{}, err
	}
	if c.expired(view, date) {
		return Receipt{}, ErrBadID
	}
	return Receipt{ID: l.ID, Sig: l.Sig, View: view, access: a}, nil
}

// expired reports whether links to an operation have ended.
func (c *Coordinator) expired(v machine.View, date time.Time) bool {
	end := v.Operation.Ended
	return !end.IsZero() && date.Sub(end) > c.cfg.LinkLife
}

// keyExpired: an idempotency key never outlives the status URL that it stands for.
const keyExpired = "The operation of this idempotency key ended so long ago that its status URL has ended, too. Send the request with a new key."

// Read shows an operation to somebody who has a right to it by other means than a
// link. It is Status otherwise.
func (c *Coordinator) Read(ctx context.Context, id ID) (Receipt, error) {
	a := access{ID: id}
	view, _, err := c.look(ctx, a)
	return Receipt{ID: id.String(), View: view, access: a}, err
}

// ReadAs shows an operation as the caller with a nonce sees it, with a new link. It is
// for who has kept the nonce, which [Receipt.Caller] returns.
func (c *Coordinator) ReadAs(ctx context.Context, id ID, nonce string) (Receipt, error) {
	a := access{ID: id, Nonce: nonce}
	view, _, err := c.look(ctx, a)
	if err != nil {
		return Receipt{}, err
	}
	link, err := c.cfg.Keys.sign(ctx, a)
	return Receipt{ID: link.ID, Sig: link.Sig, View: view, access: a}, err
}

// look returns how an operation stands, and the storage service's clock.
func (c *Coordinator) look(ctx context.Context, a access) (machine.View, time.Time, error) {
	if view, date, ok := c.finished.get(a); ok {
		return view, date, nil
	}
	view, date, err := c.view(ctx, a)
	if err == nil && view.Status.Terminal() {
		c.finished.put(a, view, date)
	}
	return view, date, err
}

// Cancel ends the operation of a link, or its caller's share of it. It returns a
// [*Refusal] that says why if it cannot be done.
func (c *Coordinator) Cancel(ctx context.Context, l Link) (Receipt, error) {
	until := time.Now().Add(callerWait)
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	r, err := c.Status(ctx, l)
	if err != nil {
		return Receipt{}, err // of another epoch, expired, or not kept any more
	}
	return c.cancel(ctx, until, r, r.access.Nonce, false)
}

// CancelAll ends an operation for every caller.
func (c *Coordinator) CancelAll(ctx context.Context, id ID) (Receipt, error) {
	until := time.Now().Add(callerWait)
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	r, err := c.Read(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	return c.cancel(ctx, until, r, random(16), true)
}

// cancel asks the state machine, and waits for its turn until then. The nonce names who
// asks.
func (c *Coordinator) cancel(ctx context.Context, until time.Time, r Receipt, nonce string, force bool) (Receipt, error) {
	if r.View.Status.Terminal() {
		return r, finishedAlready()
	}
	id := r.access.ID
	job := newJob(until, func(at machine.At) machine.Event {
		return machine.CancelAsked{At: at, Epoch: id.Epoch, Number: id.Number, Nonce: nonce, Force: force}
	})
	job.nonce = nonce
	answer, err := c.do(ctx, id.Model, job)
	r.View = answer.view
	return r, err
}

func finishedAlready() error {
	return &Refusal{Code: machine.CodeFinished, Message: "The operation has ended: there is nothing left to cancel."}
}
