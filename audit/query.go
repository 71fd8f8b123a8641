package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"pbirefresh/lease"
)

// Reader is what a query reads; lease.Store is one.
type Reader interface {
	Read(ctx context.Context, name string) (lease.Document, error)
	List(ctx context.Context, prefix, cursor string, limit int) (lease.Page, error)
}

// ErrUnreadable reports a blob that is no record of this version.
var ErrUnreadable = errors.New("the blob cannot be read")

// Query selects records. An empty member selects all.
type Query struct {
	From, To  time.Time // including From, excluding To
	Workspace string
	Dataset   string
	Caller    string // key:adf, the part behind the colon, or the name
}

const (
	maxDays  = 400
	pageSize = 1000
	readers  = 16
)

// Check returns an error if the query cannot be answered.
func (q Query) Check() error {
	switch {
	case !q.From.Before(q.To):
		return errors.New("audit: the start of the query is not before its end")
	case q.To.Sub(q.From) > maxDays*24*time.Hour:
		return fmt.Errorf("audit: the query covers more than %d days: query fewer at a time", maxDays)
	}
	return nil
}

func (q Query) wants(r Record) bool {
	return !r.Time.Before(q.From) && r.Time.Before(q.To) &&
		(q.Workspace == "" || strings.EqualFold(q.Workspace, r.WorkspaceID)) &&
		(q.Dataset == "" || strings.EqualFold(q.Dataset, r.DatasetID)) &&
		(q.Caller == "" || IsBy(q.Caller, r.Caller, r.Name))
}

// IsBy reports whether a query for a caller (key:adf, the part behind the colon, or the
// name) finds a record of it. People choose their names, so a name such as key:adf does not
// match the caller of that key.
func IsBy(query, caller, name string) bool {
	_, id, _ := strings.Cut(caller, ":")
	if strings.EqualFold(query, caller) || strings.EqualFold(query, id) {
		return true
	}
	return !strings.Contains(query, ":") && strings.EqualFold(query, name)
}

// Read returns the records of a query in the order of their times, day by day. For a blob
// that cannot be read it returns an error, and goes on.
func Read(ctx context.Context, store Reader, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := q.Check(); err != nil {
			yield(Record{}, err)
			return
		}
		last := q.To.UTC().Add(time.Minute) // a record may be written later than its time
		for at := q.From.UTC().Truncate(24 * time.Hour); at.Before(last); at = at.Add(24 * time.Hour) {
			if !readDay(ctx, store, q, day(at), yield) {
				return
			}
		}
	}
}

func readDay(ctx context.Context, store Reader, q Query, folder string, yield func(Record, error) bool) bool {
	var all []Record
	for cursor := ""; ; {
		page, err := store.List(ctx, folder, cursor, pageSize)
		if err != nil {
			yield(Record{}, err)
			return false
		}
		records, problems := readPage(ctx, store, page)
		for _, err := range problems {
			if !yield(Record{}, err) {
				return false
			}
		}
		all = append(all, slices.DeleteFunc(records, func(r Record) bool { return !q.wants(r) })...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b Record) int { return a.Time.Compare(b.Time) })
	for _, r := range all {
		if !yield(r, nil) {
			return false
		}
	}
	return true
}

// readPage reads the blobs of a page, several at a time.
func readPage(ctx context.Context, store Reader, page lease.Page) (records []Record, problems []error) {
	type result struct {
		records []Record
		err     error
	}
	results := make([]result, len(page.Entries))
	var running errgroup.Group
	running.SetLimit(readers)
	for i, entry := range page.Entries {
		running.Go(func() error {
			results[i].records, results[i].err = readBlob(ctx, store, entry.Name)
			return nil
		})
	}
	_ = running.Wait() // each result has its own error
	for _, r := range results {
		records = append(records, r.records...)
		if r.err != nil {
			problems = append(problems, r.err)
		}
	}
	return records, problems
}

func readBlob(ctx context.Context, store Reader, name string) ([]Record, error) {
	doc, err := store.Read(ctx, name)
	if err != nil {
		return nil, err
	}
	records, err := decode(doc.Body)
	if err != nil {
		return nil, fmt.Errorf("audit: %s: %w: %w", name, ErrUnreadable, err)
	}
	return records, nil
}
