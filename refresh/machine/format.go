package machine

import (
	"errors"
	"fmt"
	"slices"
)

// The versions of the documents. See "The documents and their versions" in the package
// doc for when to raise which.
const (
	// Schema is the newest format that this version can read. What it writes says so.
	Schema = 3
	// MinReader is the oldest version of the format whose readers may read what this
	// version writes, and write it again. Readers of schema 1 would drop members.
	MinReader = 2
)

// ErrNewer says that a document was written by a newer version of this program, in a
// way that this one cannot read for certain. It is left alone: an older binary must
// never destroy or misjudge it.
var ErrNewer = errors.New("a newer version of this program is at work: wait until it is rolled out everywhere, or deploy it again")

// Readable refuses a document that demands a newer reader. Whether it was written by a
// newer one does not matter. The first format knew no MinReader: it is its own.
func Readable(schema, minReader int) error {
	if minReader == 0 {
		minReader = schema
	}
	if minReader > Schema {
		return fmt.Errorf("refresh: a document of schema %d wants a reader of %d, and this version reads up to %d: %w",
			schema, minReader, Schema, ErrNewer)
	}
	return nil
}

// Raised returns the versions for a document that is written again: it keeps the
// demands of a newer version whose members it carries.
func Raised(schema, minReader int) (int, int) { return max(schema, Schema), max(minReader, MinReader) }

// strange refuses a word that the machine decides by and that it does not know: what a
// newer version means by it cannot be guessed. MinReader should have said so.
func strange[T ~string](what string, word T, known ...T) error {
	if word == "" || slices.Contains(known, word) {
		return nil
	}
	return fmt.Errorf("refresh: the %s %q is not known here: %w", what, word, ErrNewer)
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
