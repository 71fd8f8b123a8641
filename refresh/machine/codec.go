package machine

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Encode returns the document of the state, and notes its size.
func (s *State) Encode() ([]byte, error) {
	written := *s
	written.Schema, written.MinReader = Raised(s.Schema, s.MinReader)
	doc, err := Marshal(written)
	s.size = size{bytes: len(doc), encodes: s.size.encodes + 1}
	return doc, err
}

// Decode reads a state document. It refuses what it does not fully understand, and what
// wants a newer reader: see [ErrNewer].
func Decode(doc []byte) (State, error) {
	s := State{}
	if !exactly(doc, &s) {
		s = State{}
		if err := loosely(doc, &s); err != nil {
			return State{}, err
		}
	}
	if err := Readable(s.Schema, s.MinReader); err != nil {
		return State{}, err
	}
	if err := s.checkWords(); err != nil {
		return State{}, err
	}
	s.size = size{bytes: len(doc)}
	return s, s.check()
}

// loosely reads a document with members that this version does not know, if a reader of
// its version may.
func loosely(doc []byte, s *State) error {
	var head struct {
		Schema    int `json:"schema"`
		MinReader int `json:"minReader"`
	}
	if err := json.Unmarshal(doc, &head); err != nil {
		return unreadable(err)
	}
	if err := Readable(head.Schema, head.MinReader); err != nil {
		return err
	}
	if err := unmarshal(doc, s); err != nil {
		return unreadable(err)
	}
	return nil
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

// Stamp adds a write's transaction to the state.
func (s *State) Stamp(txn string) {
	s.Writes = append(s.Writes[:len(s.Writes):len(s.Writes)], txn)
	s.Writes = s.Writes[max(0, len(s.Writes)-maxWrites):]
}
