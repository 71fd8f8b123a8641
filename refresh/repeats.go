package refresh

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"pbirefresh/refresh/machine"
)

// repeats answers the callers whose operation has left the document, and returns the
// other jobs. While the lease is held none leaves it.
func (s *section) repeats(ctx context.Context, jobs []*job) []*job {
	answers := make([]*answer, len(jobs))
	each(len(jobs), func(i int) {
		if !s.mayHaveLeft(jobs[i]) {
			return
		}
		a, found, err := s.q.c.pointer(ctx, jobs[i].key)
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

// clocksApart is by how much the times of operations may be late or early: the storage
// service's clock shows whole seconds, and each section reads it anew.
const clocksApart = 5 * time.Second

// mayHaveLeft reports whether the job's key may have been admitted to an operation that
// has left the document. Others find the key once its claim is made; operations leave in
// the order in which they ended, so none left that ended after the first one that is there.
func (s *section) mayHaveLeft(j *job) bool {
	if j.key == (machine.Key{}) {
		return false
	}
	if _, _, here := s.state.Keyed(j.key); here {
		return false
	}
	recent := s.state.Recent
	switch {
	case s.state.Last == int64(len(s.state.Pending)+len(recent)): // none has left
		return false
	case j.made.IsZero(), len(recent) == 0:
		return true
	}
	return !s.lease.Local(recent[0].Ended).Before(j.made.Add(-clocksApart))
}

// pointAll makes the pointers of an operation that is about to leave the document, for
// keys whose claims an earlier version made.
func (c *Coordinator) pointAll(ctx context.Context, epoch string, op machine.Operation) error {
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
