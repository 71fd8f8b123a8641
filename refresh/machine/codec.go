package machine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Encode returns the document of the state.
func (s State) Encode() ([]byte, error) {
	s.Schema, s.MinReader = Raised(s.Schema, s.MinReader)
	return Marshal(s)
}

// Decode reads a state document. It refuses what it does not fully understand, and what
// wants a newer reader: see [ErrNewer].
func Decode(doc []byte) (State, error) {
	var head struct {
		Schema    int `json:"schema"`
		MinReader int `json:"minReader"`
	}
	if err := json.Unmarshal(doc, &head); err != nil {
		return State{}, unreadable(err)
	}
	if err := Readable(head.Schema, head.MinReader); err != nil {
		return State{}, err
	}
	var s State
	if err := unmarshal(doc, &s); err != nil {
		return State{}, unreadable(err)
	}
	if err := s.checkWords(); err != nil {
		return State{}, err
	}
	return s, s.check()
}

// DecodeOf reads the state document of a model. One that a writer of the container copied
// from another model is refused: what it says would be done to the wrong one.
func DecodeOf(m Model, doc []byte) (State, error) {
	s, err := Decode(doc)
	if err == nil && s.Model != m {
		return State{}, fmt.Errorf("refresh: the state document of the model %s is of the model %.80q: put back its own, or delete it", m, s.Model)
	}
	return s, err
}

func unreadable(cause error) error {
	return fmt.Errorf("refresh: the state document is not readable: %w", cause)
}

// Wrote reports whether a document carries the write transaction txn, whatever newer
// version may have written it since: this member keeps its meaning for ever.
func Wrote(doc []byte, txn string) bool {
	var s struct {
		Writes []string `json:"writes"`
	}
	return json.Unmarshal(doc, &s) == nil && slices.Contains(s.Writes, txn)
}

// WroteBy reports whether a transaction is among those that the state carries.
func (s *State) WroteBy(txn string) bool { return slices.Contains(s.Writes, txn) }

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

// Same reports whether two states would be the same document but for the list
// of writes. Nothing is written for a state that did not change.
func (s State) Same(t State) bool {
	s.Writes, t.Writes = nil, nil
	a, errA := s.Encode()
	b, errB := t.Encode()
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// Stamp adds a write's transaction to the state.
func (s *State) Stamp(txn string) {
	s.Writes = append(s.Writes[:len(s.Writes):len(s.Writes)], txn)
	s.Writes = s.Writes[max(0, len(s.Writes)-maxWrites):]
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
	for _, w := range s.Watch {
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
