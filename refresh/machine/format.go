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
