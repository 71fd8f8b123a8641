package history

import (
	"context"
	"strings"
	"time"
)

// Scan goes through the operations of a query, the newest first.
//
//	scan := index.Scan(ctx, query)
//	for scan.Next() {
//		use(scan.Entry())
//	}
//	if err := scan.Err(); err != nil { ... }
//	next := scan.Cursor()
type Scan struct {
	query Query
	list  *lister
	at    position // where another scan goes on
	entry Entry
	ended bool // there are no more entries

	groups int // operations that were read
}

// Scan begins a scan. It does no I/O.
func (x *Index) Scan(ctx context.Context, q Query) *Scan {
	l := newLister(ctx, x.store, q)
	return &Scan{query: q, list: l, at: l.page}
}

// Next moves to the next entry. It returns false at the end, after an error, and when the
// scan has made all its listings.
func (s *Scan) Next() bool {
	for !s.ended {
		e, ok := s.group()
		if !ok {
			s.ended = !s.list.spent
			return false
		}
		if e.Created.Before(s.query.Since) {
			s.ended = true // the others are older
			return false
		}
		if s.query.wants(&e) {
			s.entry = e
			return true
		}
	}
	return false
}

// Entry returns the present entry.
func (s *Scan) Entry() Entry { return s.entry }

// Err returns what has ended the scan early; [ErrCursor] for a cursor that is not its query's.
func (s *Scan) Err() error { return s.list.err }

// Cursor returns where another scan goes on after the present entry; empty at the end.
func (s *Scan) Cursor() string {
	if s.ended {
		return ""
	}
	return s.at.cursor()
}

// group reads all blobs of the next operation. If the last listing cuts them off, another
// scan begins with them, unless this one has read no other operation.
func (s *Scan) group() (Entry, bool) {
	first, ok := s.list.peek()
	if !ok {
		s.pass()
		return Entry{}, false
	}
	e, _ := parseKey(first.key)
	at := first.page
	for b := first; ok; b, ok = s.list.follow() {
		e.add(b.what, b.meta)
		at = b.page
	}
	if s.list.err != nil || s.list.cut() && s.groups > 0 {
		return Entry{}, false
	}
	at.After = first.key
	s.groups++
	s.at = at
	e.finish()
	return e, true
}

// pass moves behind the pages that were read.
func (s *Scan) pass() {
	if s.list.spent {
		after := s.at.After
		s.at = s.list.page
		s.at.After = after
	}
}

// Find returns one operation, with a single listing. It returns an entry without callers and
// end if the index has none.
func (x *Index) Find(ctx context.Context, workspace, dataset, id string, created time.Time) (Entry, error) {
	k := key(created, id)
	e, _ := parseKey(k)
	root := modelPrefix(workspace, dataset)
	page, err := x.store.List(ctx, root+k+"/", "", fullPage)
	for _, b := range page.Entries {
		if _, what, ok := splitName(strings.TrimPrefix(b.Name, root)); ok {
			e.add(what, b.Meta)
		}
	}
	e.finish()
	return e, err
}
