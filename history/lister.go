package history

import (
	"context"
	"strings"

	"pbirefresh/lease"
)

const (
	maxListings = 8    // of one scan
	firstPage   = 250  // blobs of the first listing: most scans want one page of entries
	fullPage    = 1000 // blobs of the others
)

// lister goes through the blobs of a query: of the whole root, or of prefix after prefix of
// its times.
type lister struct {
	ctx    context.Context
	store  Store
	oldest string // the last times to list, as a prefix; empty: all

	page   position // that is in blobs
	next   string   // the marker of the page after it, if more
	more   bool     // pages of these times
	blobs  []blob
	listed int
	spent  bool // all listings are made, and there may be more blobs
	err    error
}

// blob is one row of a listing.
type blob struct {
	key, what string
	meta      lease.Meta
	page      position
}

func newLister(ctx context.Context, store Store, q Query) *lister {
	l := &lister{ctx: ctx, store: store, more: true}
	l.page, l.err = q.start()
	l.next = l.page.Marker
	if !q.Since.IsZero() {
		l.oldest = bucket(q.Since)
	}
	return l
}

// peek returns the next blob and leaves it in place.
func (l *lister) peek() (blob, bool) {
	for l.err == nil && len(l.blobs) == 0 && l.advance() {
		l.list()
	}
	if l.err != nil || len(l.blobs) == 0 {
		return blob{}, false
	}
	return l.blobs[0], true
}

// follow drops the present blob, and returns the next one if it is of the same operation.
func (l *lister) follow() (blob, bool) {
	k := l.blobs[0].key
	l.blobs = l.blobs[1:]
	for l.err == nil && len(l.blobs) == 0 && l.more && l.advance() {
		l.list()
	}
	if l.err != nil || len(l.blobs) == 0 || l.blobs[0].key != k {
		return blob{}, false
	}
	return l.blobs[0], true
}

// cut reports whether the listings have ended before the blobs of these times have.
func (l *lister) cut() bool { return l.spent && l.more && len(l.blobs) == 0 }

// advance moves to the next page, of these times or of those before. It returns false after
// the last one, and when all listings are made.
func (l *lister) advance() bool {
	switch {
	case l.more:
		l.page.Marker = l.next
	case !l.moveBack():
		return false
	}
	l.spent = l.listed >= maxListings
	return !l.spent
}

// moveBack moves to the times before, unless all are older than the query's.
func (l *lister) moveBack() bool {
	times := ""
	if l.page.Times != "" {
		times = before(l.page.Times)
	}
	if times == "" || l.oldest != "" && times > l.oldest[:len(times)] {
		return false
	}
	l.page.Times, l.page.Marker, l.next, l.more = times, "", "", true
	return true
}

func (l *lister) list() {
	limit := fullPage
	if l.listed == 0 {
		limit = firstPage
	}
	l.listed++
	page, err := l.store.List(l.ctx, l.page.Root+l.page.Times, l.page.Marker, limit)
	if err != nil {
		l.err = err
		return
	}
	l.next, l.more = page.Next, page.Next != ""
	for _, e := range page.Entries {
		k, what, ok := splitName(strings.TrimPrefix(e.Name, l.page.Root))
		if ok && k > l.page.After {
			l.blobs = append(l.blobs, blob{k, what, e.Meta, l.page})
		}
	}
}

// splitName splits what follows the root in a name.
func splitName(name string) (k, what string, ok bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 || !strings.HasSuffix(name, suffix) {
		return "", "", false
	}
	_, ok = parseKey(name[:i])
	return name[:i], strings.TrimSuffix(name[i+1:], suffix), ok
}
