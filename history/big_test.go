package history

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"pbirefresh/audit"
	"pbirefresh/lease"
)

// bigContainer lists the index of a million operations of 100,000 models in 31 days, without
// keeping it: blob 2i+1 is the end of operation i, and blob 2i its ask; operation 0 is the
// newest one.
type bigContainer struct {
	lease.Memory
	ask, end lease.Meta
	lists    int
}

const (
	bigOperations = 1_000_000
	bigModels     = 100_000
	bigDays       = 31
)

func (b *bigContainer) created(i int) time.Time {
	return morning.Add(-time.Duration(i) * (bigDays * 24 * time.Hour / bigOperations)).Truncate(time.Second)
}

func (b *bigContainer) name(blob int) string {
	i := blob / 2
	id := fmt.Sprintf("%s_%08d-0000-4000-8000-%012d_0123456789abcdef_%d", workspace, i, i%bigModels, bigOperations-i)
	return timePrefix + key(b.created(i), id) + "/" + []string{"asked-0", "ended"}[blob%2] + suffix
}

func (b *bigContainer) List(_ context.Context, prefix, cursor string, limit int) (lease.Page, error) {
	b.lists++
	first := sort.Search(2*bigOperations, func(n int) bool { return b.name(n) >= prefix })
	if cursor != "" {
		first, _ = strconv.Atoi(cursor)
	}
	page := lease.Page{}
	n := first
	for ; n < min(first+limit, 2*bigOperations) && strings.HasPrefix(b.name(n), prefix); n++ {
		page.Entries = append(page.Entries, lease.Entry{Name: b.name(n), Meta: []lease.Meta{b.ask, b.end}[n%2]})
	}
	if n == first+limit {
		page.Next = strconv.Itoa(n)
	}
	return page, nil
}

// On a container of a million operations a page of 50 is one listing, any time of the month
// is reached with a few, and no scan makes more than its bound.
func TestABigContainer(t *testing.T) {
	t.Parallel()
	_, askMeta, err := encode(askedOf([]audit.Record{ask(dataset, 1, morning, "key:adf")}))
	must(t, err)
	_, endMeta, err := encode(End{Status: "Failed"})
	must(t, err)
	b := &bigContainer{ask: askMeta, end: endMeta}
	x := New(b)
	for name, tt := range map[string]struct {
		q     Query
		lists int // at most
	}{
		"the newest":                 {Query{}, 1},
		"the newest of a week ago":   {Query{Until: morning.Add(-7 * 24 * time.Hour)}, 1 + maxListings},
		"an hour of three weeks ago": {Query{Since: morning.Add(-21 * 24 * time.Hour), Until: morning.Add(-21*24*time.Hour + time.Hour)}, 40},
		"a month before the first":   {Query{Until: morning.Add(-62 * 24 * time.Hour)}, 40},
	} {
		b.lists = 0
		found, scans := 0, 0
		for q := tt.q; found < 50 && scans < 10; scans++ {
			before := b.lists
			scan := x.Scan(t.Context(), q)
			for found < 50 && scan.Next() {
				if e := scan.Entry(); e.End == nil || e.Requests != 1 || !q.Until.IsZero() && !e.Created.Before(q.Until) {
					t.Fatalf("%s: entry %+v", name, e)
				}
				found++
			}
			must(t, scan.Err())
			if b.lists-before > maxListings {
				t.Errorf("%s: a scan made %d listings, want at most %d", name, b.lists-before, maxListings)
			}
			if q.Cursor = scan.Cursor(); q.Cursor == "" {
				break
			}
		}
		if want := 50; b.lists > tt.lists || name != "a month before the first" && found < want {
			t.Errorf("%s: %d operations after %d listings, want %d after at most %d", name, found, b.lists, want, tt.lists)
		}
	}
}
