package schedule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"pbirefresh/lease"
)

// lastGoodName is the document that keeps the last valid file, for a process that starts
// with an invalid one.
const lastGoodName = "schedules/last-good.json"

type lastGood struct {
	Source  string `json:"source"`
	Version string `json:"version"`
	Text    []byte `json:"text"`
}

// loader keeps the file that is in use. An invalid text changes only the [Trouble].
type loader struct {
	source Source
	store  lease.Store
	read   RequestReader
	log    *slog.Logger
	turn   chan struct{} // a lock; waiting for it ends with the ctx

	tried []byte // what was read last: a text, or an error's
	used  loaded
	text  []byte // of used.file
	kept  string // version that lastGoodName is known to hold
}

// loaded is the file in use; nil if there never was a good one.
type loaded struct {
	file    *File
	since   time.Time
	trouble *Trouble // with the source as it is now
}

// load returns the file to use now. If the source cannot be read or is invalid, the file
// before stays in use, also across a restart.
func (l *loader) load(ctx context.Context) (loaded, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return loaded{}, ctx.Err()
	}
	text, err := l.source.Read(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist) && l.source.Optional:
		l.use(&File{Version: "none"}, nil)
	case err != nil:
		l.doubt(l.source.unreadable(err), []byte(err.Error()))
	case !bytes.Equal(l.tried, text):
		l.take(text)
	}
	if l.used.file == nil {
		l.recall(ctx)
	}
	l.keep(ctx)
	return l.used, nil
}

func (l *loader) use(f *File, text []byte) {
	changed := l.used.file == nil || l.used.file.Version != f.Version || l.used.trouble != nil
	if changed && text != nil {
		l.log.Info("schedules in use", "source", l.source.Name, "version", f.Version, "entries", len(f.Entries))
	}
	if changed {
		l.used.since = time.Now()
	}
	l.used.file, l.used.trouble, l.text, l.tried = f, nil, text, text
}

// doubt keeps a trouble, and logs it once. A source that cannot be read is logged only if
// that lasts: storage that is unavailable for a moment is no mistake in a file.
func (l *loader) doubt(t *Trouble, tried []byte) {
	t.since = time.Now()
	if old := l.used.trouble; old != nil && old.Code == t.Code && (t.Code == CodeFileUnreadable || bytes.Equal(l.tried, tried)) {
		t.since, t.logged = old.since, old.logged
	}
	if !t.logged && (t.Code != CodeFileUnreadable || time.Since(t.since) > onTime) {
		t.logged = true
		l.log.Error("the schedule file cannot be used; the last good one goes on", "event", "schedule.failed",
			"schedule", l.source.Name, "code", t.Code, "cause", t.Message)
	}
	l.used.trouble, l.tried = t, tried
}

// take reads a text that was not read before.
func (l *loader) take(text []byte) {
	f, err := Parse(text, l.read)
	var wrong *FileError
	switch {
	case errors.As(err, &wrong):
		l.doubt(&Trouble{Code: CodeFileInvalid, Version: Version(text), Problems: wrong.Problems,
			Message: "The file is wrong and not in use. The first problem is at " + wrong.Problems[0].String()}, text)
	default:
		l.use(f, text)
	}
}

// recall reads the last valid file of this source.
func (l *loader) recall(ctx context.Context) {
	doc, err := l.store.Read(ctx, lastGoodName)
	if err != nil {
		if !errors.Is(err, lease.ErrNotFound) {
			l.log.Warn("the last good schedule file cannot be read", "error", err)
		}
		return
	}
	var kept lastGood
	if json.Unmarshal(doc.Body, &kept) != nil || kept.Source != l.source.Name {
		return
	}
	if f, err := Parse(kept.Text, l.read); err == nil {
		l.used.file, l.used.since, l.text, l.kept = f, time.Now(), kept.Text, f.Version
		l.log.Warn("the last good schedule file is in use", "source", l.source.Name, "version", f.Version)
	}
}

// keep saves the file in use for a later process. A failure is logged, and the next call
// tries again.
func (l *loader) keep(ctx context.Context) {
	if l.text == nil || l.kept == l.used.file.Version || l.used.trouble != nil {
		return
	}
	body, err := json.Marshal(lastGood{l.source.Name, l.used.file.Version, l.text})
	if err == nil {
		err = put(ctx, l.store, lastGoodName, body)
	}
	if err != nil {
		l.log.Warn("the schedule file is not kept for a restart", "error", err)
		return
	}
	l.kept = l.used.file.Version
}

// put writes a document unless it has that body already.
func put(ctx context.Context, store lease.Store, name string, body []byte) error {
	same := func(b []byte) bool { return string(b) == string(body) }
	doc, err := store.Read(ctx, name)
	switch {
	case err == nil && same(doc.Body):
		return nil
	case errors.Is(err, lease.ErrNotFound):
		_, err = store.Create(ctx, name, body, nil)
		return err
	case err != nil:
		return err
	}
	s, err := lease.Enter(ctx, store, name)
	if err != nil {
		return err
	}
	defer s.Close(ctx)
	return s.Commit(ctx, body, nil, same)
}
