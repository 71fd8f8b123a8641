package refresh

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ErrNewer says that the document was written by a newer version of this program. It is
// left alone: an older binary must never destroy or misjudge it.
var ErrNewer = errors.New("refresh: the state document was written by a newer version")

// Encode returns the document of the state.
func (s State) Encode() ([]byte, error) { return json.Marshal(s) }

// Decode reads a state document. It refuses what it does not fully understand.
func Decode(doc []byte) (State, error) {
	var head struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(doc, &head); err != nil {
		return State{}, fmt.Errorf("refresh: the state document is not readable: %w", err)
	}
	if head.Schema > Schema {
		return State{}, fmt.Errorf("%w (schema %d, this one knows %d)", ErrNewer, head.Schema, Schema)
	}
	var s State
	if err := json.Unmarshal(doc, &s); err != nil {
		return State{}, fmt.Errorf("refresh: the state document is not readable: %w", err)
	}
	return s, s.check()
}

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
