package refresh

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// keyRecordPrefix is where the records of idempotency keys live. Nothing here deletes them: a
// lifecycle rule of the storage may, after seven days or more.
const keyRecordPrefix = "keys/requests/"

// A key has up to two records. The claim is made before anything else: it binds the
// key to one request, whichever model it is for. The pointer tells its operation; it
// is made when the operation leaves the state document, which tells it until then.
func claimName(name string) string   { return keyRecordPrefix + name + ".json" }
func pointerName(name string) string { return keyRecordPrefix + name + ".operation.json" }

// keyRecord is the document of a claim or a pointer. It never changes.
type keyRecord struct {
	Schema    int    `json:"schema"`
	MinReader int    `json:"minReader,omitempty"`
	Payload   string `json:"payload"` // of a pointer: as many digits as a mark has
	Epoch     string `json:"epoch,omitempty"`
	Number    int64  `json:"number,omitempty"`
}

func (c *Coordinator) keyRecord(ctx context.Context, name string) (keyRecord, error) {
	var r keyRecord
	doc, err := readAnswered(ctx, c.cfg.Store, name)
	if err != nil {
		return r, err
	}
	err = json.Unmarshal(doc.Body, &r)
	if newer := machine.Readable(r.Schema, r.MinReader); newer != nil {
		return r, newer
	}
	if err != nil || r.Payload == "" {
		return r, fmt.Errorf("refresh: the key's record %s is not readable (%w)", name, cmp.Or(err, errors.New("no payload")))
	}
	return r, nil
}

// accepts refuses a key that stands for another request.
func (r keyRecord) accepts(k machine.Key) error {
	if !strings.HasPrefix(k.Payload, r.Payload) {
		return &Refusal{Code: machine.CodeKeyReused, Message: machine.KeyReused}
	}
	return nil
}

// claim binds the key to its request, and reports whether it was bound before. Two
// requests of one key agree here on which of them it stands for, before either has
// changed anything.
func (c *Coordinator) claim(ctx context.Context, k machine.Key) (before bool, err error) {
	body, err := json.Marshal(keyRecord{Schema: machine.Schema, MinReader: machine.MinReader, Payload: k.Payload})
	if err != nil {
		return false, err
	}
	for range 3 {
		// Without an answer it may have landed, and may still: the next try finds out.
		_, err = answered(ctx, func() (lease.Version, error) { return c.cfg.Store.Create(ctx, claimName(k.Name), body, nil) })
		if errors.Is(err, lease.ErrExists) {
			var r keyRecord
			if r, err = c.keyRecord(ctx, claimName(k.Name)); err == nil {
				return true, r.accepts(k)
			}
		}
		// A record that was there and is not was deleted in between.
		if !errors.Is(err, lease.ErrNotFound) {
			break
		}
	}
	if err != nil {
		return false, unavailable(err)
	}
	return false, nil
}

// repeat looks for the operation of a key that was claimed before, without the
// lease: first in the document and then among the pointers, the way it goes.
func (c *Coordinator) repeat(ctx context.Context, r Request, nonce string) (a answer, found bool, err error) {
	seen, err := c.reader(r.Model).read(ctx)
	if errors.Is(err, lease.ErrNotFound) {
		return c.pointer(ctx, r.Key)
	}
	if err != nil {
		return answer{}, false, unavailable(err)
	}
	if a, found = repeatIn(seen.state, r.Key, nonce, seen.date); found {
		return a, true, a.err
	}
	return c.pointer(ctx, r.Key)
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

// pointer is the answer to a caller whose operation has left the document.
func (c *Coordinator) pointer(ctx context.Context, k machine.Key) (a answer, found bool, err error) {
	r, err := c.keyRecord(ctx, pointerName(k.Name))
	switch {
	case errors.Is(err, lease.ErrNotFound):
		return answer{}, false, nil
	case err != nil:
		return answer{}, false, unavailable(err)
	}
	return answer{epoch: r.Epoch, number: r.Number, repeated: true}, true, r.accepts(k)
}

// repeats answers the callers whose operation has left the document, and returns the
// other jobs. While the lease is held none leaves it: who is in neither place has
// never been admitted.
func (s *section) repeats(ctx context.Context, jobs []*job) []*job {
	answers := make([]*answer, len(jobs))
	each(len(jobs), func(i int) {
		k := jobs[i].key
		if _, _, here := s.state.Keyed(k); here || k == (machine.Key{}) {
			return
		}
		a, found, err := s.q.c.pointer(ctx, k)
		if a.err = err; found || err != nil {
			answers[i] = &a
		}
	})
	kept := jobs[:0:0]
	for i, j := range jobs {
		if answers[i] != nil {
			s.answers[j] = *answers[i]
		} else {
			kept = append(kept, j)
		}
	}
	return kept
}

// point makes the pointers of an operation that is about to leave the document.
func (c *Coordinator) point(ctx context.Context, epoch string, op machine.Operation) error {
	var marks []string
	for mark := range op.Marks {
		marks = append(marks, mark)
	}
	errs := make([]error, len(marks))
	each(len(marks), func(i int) {
		record := keyRecord{Schema: machine.Schema, MinReader: machine.MinReader, Payload: marks[i][machine.KeyName:], Epoch: epoch, Number: op.Number}
		errs[i] = c.createFinal(ctx, pointerName(marks[i][:machine.KeyName]), record)
	})
	return errors.Join(errs...)
}

// atOnce is how many records of keys are read or written at the same time.
const atOnce = 32

// each calls f for 0 to n-1, some at a time.
func each(n int, f func(int)) {
	var running errgroup.Group
	running.SetLimit(atOnce)
	for i := range n {
		running.Go(func() error {
			f(i)
			return nil
		})
	}
	_ = running.Wait() // f has no error
}
