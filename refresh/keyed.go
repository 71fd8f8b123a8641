package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// binding is what the claim of a key says.
type binding struct {
	ticket machine.Ticket // zero: an earlier version made the claim
	// made is when this request made the claim, on the wall clock, which also goes on while
	// a machine is suspended; zero: an earlier request made it.
	made time.Time
}

// claim binds the key to its request. Two requests of one key agree here on which of them
// it stands for, and on their ticket, before either has changed anything.
func (c *Coordinator) claim(ctx context.Context, r Request) (binding, error) {
	b := binding{ticket: c.queue(r.Model).ticket(r.Ask.Shape), made: time.Now().Round(0)}
	record := keyRecord{Schema: machine.Schema, MinReader: machine.MinReader, Payload: r.Key.Payload, Stream: b.ticket.Stream, Ticket: b.ticket.Number}
	body, err := json.Marshal(record)
	if err != nil {
		return binding{}, err
	}
	for range 3 {
		// Without an answer it may have landed, and may still: the next try finds out.
		_, err = answered(ctx, func() (lease.Version, error) { return c.cfg.Store.Create(ctx, claimName(r.Key.Name), body, nil) })
		if errors.Is(err, lease.ErrExists) {
			if record, err = c.keyRecord(ctx, claimName(r.Key.Name)); err == nil {
				return binding{ticket: record.ticket()}, record.accepts(r.Key)
			}
		}
		// A record that was there and is not was deleted in between.
		if !errors.Is(err, lease.ErrNotFound) {
			break
		}
	}
	if err != nil {
		return binding{}, unavailable(err)
	}
	return b, nil
}

// repeat looks for the operation of a key that was claimed before, without the lease:
// among the pointers, and then in the document. Who is in neither may have left the
// document in between: that is found out under the lease.
func (c *Coordinator) repeat(ctx context.Context, r Request, nonce string) (a answer, found bool, err error) {
	if a, found, err = c.pointer(ctx, r.Key); found || err != nil {
		return a, found, err
	}
	seen, err := c.reader(r.Model).read(ctx)
	if errors.Is(err, lease.ErrNotFound) {
		return answer{}, false, nil
	}
	if err != nil {
		return answer{}, false, unavailable(err)
	}
	a, found = repeatIn(seen.state, r.Key, nonce, seen.date)
	return a, found, a.err
}

// repeatIn is the answer to a caller whose key the document knows.
func repeatIn(s *machine.State, k machine.Key, nonce string, now time.Time) (answer, bool) {
	number, same, found := s.Keyed(k)
	switch {
	case !found:
		return answer{}, false
	case !same:
		return answer{err: &Refusal{Code: machine.CodeKeyReused, Message: machine.KeyReused}}, true
	}
	op, _ := s.Find(number)
	return answer{epoch: s.Epoch, number: number, view: s.View(op, nonce, now), repeated: true}, true
}

// pointer is the answer to a caller whose key has a pointer.
func (c *Coordinator) pointer(ctx context.Context, k machine.Key) (a answer, found bool, err error) {
	r, err := c.keyRecord(ctx, pointerName(k.Name))
	switch {
	case errors.Is(err, lease.ErrNotFound):
		return answer{}, false, nil
	case err != nil:
		return answer{}, false, unavailable(err)
	}
	return answer{epoch: r.Epoch, number: r.Number, repeated: true, pointed: true}, true, r.accepts(k)
}
