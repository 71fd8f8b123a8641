package machine

import (
	"errors"
	"fmt"
)

// This file, with the changes in test/e2e/upgrade_next_test.go, makes of this version the one
// after it: a version that keeps more in the state document and depends on it. It is
// built only by that test.

// Laps is what the next version keeps in a document, and needs: how often it has written
// it, and which write of its own was the first to hold what. What is in here is told
// twice in the document, so that the loss of one is seen in the other.
type Laps struct {
	Count      int64     `json:"count,omitempty"`
	Operations []LapOf   `json:"operations,omitempty"`
	Tries      []LapOf   `json:"tries,omitempty"`
	Attempt    AttemptAt `json:"attempt,omitzero"`
}

// LapOf is the lap of an operation, or of its try of that transaction.
type LapOf struct {
	Number int64  `json:"number"`
	Txn    string `json:"txn,omitempty"`
	Lap    int64  `json:"lap"`
}

// AttemptAt is the lap of an attempt.
type AttemptAt struct {
	Txn string `json:"txn"`
	Lap int64  `json:"lap"`
}

var errLost = errors.New("next version: lost from the document")

// lap counts a write and marks what it is the first to hold.
func (s *State) lap() {
	*s = s.clone()
	s.Laps.Operations, s.Laps.Tries = append([]LapOf(nil), s.Laps.Operations...), append([]LapOf(nil), s.Laps.Tries...)
	s.Laps.Count++
	for _, list := range [][]Operation{s.Pending, s.Recent} {
		for i := range list {
			s.mark(&list[i])
		}
	}
	if a := s.Attempt; a != nil && a.Lap == 0 {
		a.Lap = s.Laps.Count
		s.Laps.Attempt = AttemptAt{a.Txn, a.Lap}
	}
}

func (s *State) mark(op *Operation) {
	if op.Lap == 0 {
		op.Lap = s.Laps.Count
		s.Laps.Operations = append(s.Laps.Operations, LapOf{op.Number, "", op.Lap})
	}
	for i := range op.Tries {
		if try := &op.Tries[i]; try.Lap == 0 && try.Txn != "" {
			try.Lap = s.Laps.Count
			s.Laps.Tries = append(s.Laps.Tries, LapOf{op.Number, try.Txn, try.Lap})
		}
	}
}

// checkLaps is check, and what of the marks is gone.
func (s *State) checkLaps() error { return errors.Join(s.check(), s.lost()) }

// lost says what of the marks is gone.
func (s *State) lost() error {
	var errs []error
	expect := func(what string, got, want int64) {
		if got != want {
			errs = append(errs, fmt.Errorf("%w: %s has lap %d, and it was %d", errLost, what, got, want))
		}
	}
	for _, list := range [][]Operation{s.Pending, s.Recent} {
		for _, op := range list {
			expect(fmt.Sprint("operation ", op.Number), op.Lap, lapOf(s.Laps.Operations, op.Number, ""))
			for _, try := range op.Tries {
				expect(fmt.Sprint("a try of operation ", op.Number), try.Lap, lapOf(s.Laps.Tries, op.Number, try.Txn))
			}
		}
	}
	if a := s.Attempt; a != nil && (a.Lap != 0 || a.Txn == s.Laps.Attempt.Txn) {
		expect("the attempt", a.Lap, s.Laps.Attempt.Lap)
	}
	return errors.Join(errs...)
}

func lapOf(list []LapOf, number int64, txn string) int64 {
	for _, l := range list {
		if l.Number == number && l.Txn == txn {
			return l.Lap
		}
	}
	return 0
}
