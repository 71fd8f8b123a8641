package machine

import (
	"errors"
	"fmt"
	"slices"
)

// check refuses a document that no version of this program can have written.
func (s *State) check() error {
	switch {
	case s.Schema < 1 || s.Epoch == "":
		return errors.New("refresh: the state document has no schema or epoch")
	case s.Attempt != nil && s.Attempt.Txn == "":
		return errors.New("refresh: the state document has an attempt without a transaction")
	}
	for _, op := range s.Pending {
		if op.Number < 1 || op.Number > s.Last || op.Phase.Terminal() {
			return fmt.Errorf("refresh: pending operation %d of the state document is impossible", op.Number)
		}
		if op.impossiblyDone() {
			return fmt.Errorf("refresh: operation %d of the state document has done what it was not asked for", op.Number)
		}
	}
	if s.Attempt != nil {
		return s.checkServed(s.Attempt)
	}
	return nil
}

// impossiblyDone: without anything left to do, an operation would do everything.
func (op *Operation) impossiblyDone() bool {
	n := len(op.Shape.Objects)
	return len(op.Done) > 0 && len(op.Done) >= n || slices.ContainsFunc(op.Done, func(i int) bool { return i < 0 || i >= n })
}

func (s *State) checkServed(a *Attempt) error {
	for _, n := range a.Serves {
		i := indexOf(s.Pending, n)
		if i < 0 || len(s.Pending[i].Tries) == 0 {
			return fmt.Errorf("refresh: the attempt of the state document serves operation %d, which it does not hold", n)
		}
	}
	return nil
}

// checkWords looks for such words everywhere in the document.
func (s *State) checkWords() error {
	var errs []error
	for _, list := range [][]Operation{s.Pending, s.Recent} {
		for i := range list {
			errs = append(errs, list[i].CheckWords())
		}
	}
	if a := s.Attempt; a != nil {
		errs = append(errs, a.Kind.check(), a.Shape.Kind.check(),
			strange("stage", a.Stage, StageStarting, StageRunning, StageSettling, StageCancelling))
	}
	for _, w := range s.Abandoned {
		errs = append(errs, w.Kind.check())
	}
	if h := s.Hold; h != nil {
		errs = append(errs, strange("reason to hold", h.Reason, HoldThrottled, HoldBackoff, HoldUnsent))
	}
	return errors.Join(errs...)
}

// CheckWords returns an error for each word of the operation that this version does not know.
func (op *Operation) CheckWords() error {
	errs := []error{op.Shape.Kind.check(), strange("phase", op.Phase, Queued, Blocking, Starting, Running, Retrying,
		Settling, Overdue, Cancelling, Succeeded, Failed, Cancelled)}
	for _, try := range op.Tries {
		errs = append(errs, try.Kind.check(), strange("outcome", try.Outcome, OutcomePending, OutcomeCompleted,
			OutcomeFailed, OutcomeCancelled, OutcomeRefused, OutcomeUnsent, OutcomeDropped, OutcomeUnknown))
	}
	return errors.Join(errs...)
}

func (k Kind) check() error { return strange("kind", k, Auto, Standard, Enhanced) }
