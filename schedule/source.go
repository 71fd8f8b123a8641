package schedule

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"pbirefresh/lease"
)

// Source is where the file comes from. Read returns an error that is fs.ErrNotExist
// if there is none.
type Source struct {
	Name     string // as the setting names it
	Optional bool   // that there is no file is no problem: then there are no schedules
	Read     func(context.Context) ([]byte, error)
}

// FromFile reads a file of the app's package.
func FromFile(path string, optional bool) Source {
	return Source{Name: path, Optional: optional, Read: func(context.Context) ([]byte, error) { return os.ReadFile(path) }}
}

// FromBlob reads a document of the state store, which can be changed while the app runs.
func FromBlob(store lease.Store, name string) Source {
	return Source{Name: "blob:" + name, Read: func(ctx context.Context) ([]byte, error) {
		doc, err := store.Read(ctx, name)
		if errors.Is(err, lease.ErrNotFound) {
			return nil, fs.ErrNotExist
		}
		return doc.Body, err
	}}
}

// Trouble is why the source cannot be used as it is. The last valid file stays in use.
type Trouble struct {
	Code     string    // FileMissing, FileUnreadable, FileInvalid
	Message  string    // what is wrong and what to do
	Version  string    // of the text that was refused
	Problems []Problem // with it

	since  time.Time
	logged bool
}

// Codes of troubles.
const (
	CodeFileMissing    = "FileMissing"
	CodeFileUnreadable = "FileUnreadable"
	CodeFileInvalid    = "FileInvalid"
)

// unreadable is the trouble of a source that gives no text.
func (s Source) unreadable(err error) *Trouble {
	if errors.Is(err, fs.ErrNotExist) {
		return &Trouble{Code: CodeFileMissing, Message: "There is no " + s.Name + ", which SCHEDULES_FILE names. " +
			`Put it there; to have no schedules, write {"schedules":{}} into it.`}
	}
	return &Trouble{Code: CodeFileUnreadable, Message: "The schedules cannot be read from " + s.Name + ": " + err.Error()}
}
