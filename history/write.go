package history

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"pbirefresh/audit"
	"pbirefresh/lease"
)

const (
	askedPart = "asked-" // and a digest
	endedPart = "ended"
	suffix    = ".json"
)

const (
	lanes = 16 // writes at a time
	tries = 2  // of a write
)

// Store is where the index is kept; lease.Store is one.
type Store interface {
	Create(ctx context.Context, name string, body []byte, meta lease.Meta) (lease.Version, error)
	List(ctx context.Context, prefix, cursor string, limit int) (lease.Page, error)
}

// Index writes and reads the index. It is safe for concurrent use.
type Index struct{ store Store }

// New returns an index. It does no I/O.
func New(store Store) *Index { return &Index{store} }

// Asked writes the requests of records that were admitted. Records without the time of
// their operation's creation, such as those of repeated requests, are left out.
func (x *Index) Asked(ctx context.Context, records []audit.Record) error {
	groups := map[string][]audit.Record{}
	for _, r := range records {
		if r.Event == audit.Asked && r.ID != "" && !r.Created.IsZero() {
			k := key(r.Created, r.ID)
			groups[k] = append(groups[k], r)
		}
	}
	running := lanesOf(ctx)
	for k, group := range groups {
		for _, a := range summaries(group) {
			running.write(x, k, group[0], a)
		}
	}
	return running.Wait()
}

// Ended writes the end of an operation.
func (x *Index) Ended(ctx context.Context, r audit.Record) error {
	if r.End == nil || r.ID == "" {
		return nil
	}
	created := stamp(r.End.Created)
	if created.IsZero() {
		return nil
	}
	running := lanesOf(ctx)
	running.write(x, key(created, r.ID), r, endOf(r))
	return running.Wait()
}

// writes are several writes at a time.
type writes struct {
	*errgroup.Group
	ctx context.Context
}

func lanesOf(ctx context.Context) writes {
	g := new(errgroup.Group)
	g.SetLimit(lanes)
	return writes{g, ctx}
}

// write writes a content under both prefixes.
func (w writes) write(x *Index, k string, r audit.Record, content any) {
	body, meta, err := encode(content)
	what := endedPart
	if _, is := content.(asked); is {
		digest := sha256.Sum256(body)
		what = askedPart + hex.EncodeToString(digest[:8])
	}
	for _, root := range []string{timePrefix, modelPrefix(r.WorkspaceID, r.DatasetID)} {
		w.Go(func() error {
			return cmp.Or(err, x.create(w.ctx, root+k+"/"+what+suffix, body, meta))
		})
	}
}

// create writes a blob. If one of that name exists, it has the same content.
func (x *Index) create(ctx context.Context, name string, body []byte, meta lease.Meta) error {
	var err error
	for range tries {
		_, err = x.store.Create(ctx, name, body, meta)
		if err == nil || errors.Is(err, lease.ErrExists) {
			return nil
		}
	}
	return fmt.Errorf("history: %s was not written: %w", strings.TrimSuffix(name, suffix), err)
}
