package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/audit"
	"pbirefresh/lease"
)

const (
	workspace = "f089354e-8366-4e18-aea3-4cb4a3a50b48"
	dataset   = "cfafbeb1-8037-4d0c-896e-a46fb27ff229"
	other     = "00000000-8037-4d0c-896e-a46fb27ff229"
)

var morning = time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)

func idOf(dataset string, number int) string {
	return fmt.Sprintf("%s_%s_0123456789abcdef_%d", workspace, dataset, number)
}

// ask is a record of a request that was admitted to an operation.
func ask(dataset string, number int, created time.Time, caller string, labels ...string) audit.Record {
	return audit.Record{Event: audit.Asked, Time: created.Add(time.Millisecond), Created: created, ID: idOf(dataset, number),
		WorkspaceID: workspace, DatasetID: dataset, Epoch: "0123456789abcdef", Operation: int64(number), Caller: caller, Ask: &audit.Ask{Labels: labels}}
}

func end(dataset string, number int, created time.Time, status string) audit.Record {
	seen := created.Add(10*time.Minute + 25*time.Second)
	return audit.Record{Event: audit.Ended, Time: seen, ID: idOf(dataset, number),
		WorkspaceID: workspace, DatasetID: dataset, Epoch: "0123456789abcdef", Operation: int64(number),
		End: &audit.End{Status: status, Code: "RefreshFailed", Reason: "The refresh failed.", Cause: "credentials", Words: "Login failed.", Remedy: "Set the credentials.",
			Created: created.Format(time.RFC3339), Started: created.Add(time.Second).Format(time.RFC3339), Completed: created.Add(10 * time.Minute).Format(time.RFC3339Nano), Attempts: 2}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// numbers runs a query to its end and returns the operations' numbers, and the scans it took.
func numbers(t *testing.T, x *Index, q Query) (list []string, scans int) {
	t.Helper()
	for {
		scan := x.Scan(t.Context(), q)
		for scan.Next() {
			e := scan.Entry()
			list = append(list, e.ID[strings.LastIndexByte(e.ID, '_')+1:])
		}
		must(t, scan.Err())
		scans++
		if q.Cursor = scan.Cursor(); q.Cursor == "" {
			return list, scans
		}
		if scans > 1000 {
			t.Fatal("the query has no end")
		}
	}
}

// filled has operations 1 to 6, one every eight hours, of two models and two callers.
func filled(t *testing.T) *Index {
	t.Helper()
	x := New(lease.NewMemory())
	for i := 1; i <= 6; i++ {
		model, caller := dataset, "key:adf"
		if i%2 == 0 {
			model = other
		}
		if i%3 == 0 {
			caller = "object:ada"
		}
		created := morning.Add(time.Duration(i) * 8 * time.Hour)
		must(t, x.Asked(t.Context(), []audit.Record{ask(model, i, created, caller, fmt.Sprintf("run-%d", i))}))
		if i != 6 {
			must(t, x.Ended(t.Context(), end(model, i, created, "Failed")))
		}
	}
	return x
}

func TestQueriesFindOperationsNewestFirst(t *testing.T) {
	t.Parallel()
	x := filled(t)
	hour := func(n int) time.Time { return morning.Add(time.Duration(n) * time.Hour) }
	for name, tt := range map[string]struct {
		q    Query
		want string
	}{
		"all":                  {Query{}, "6 5 4 3 2 1"},
		"a workspace":          {Query{WorkspaceID: strings.ToUpper(workspace)}, "6 5 4 3 2 1"},
		"another workspace":    {Query{WorkspaceID: dataset}, ""},
		"a model":              {Query{WorkspaceID: workspace, DatasetID: strings.ToUpper(other)}, "6 4 2"},
		"since":                {Query{Since: hour(24)}, "6 5 4 3"},
		"until":                {Query{Until: hour(24)}, "2 1"},
		"a day":                {Query{Since: hour(18), Until: hour(42)}, "5 4 3"},
		"a model and a time":   {Query{WorkspaceID: workspace, DatasetID: other, Since: hour(18), Until: hour(42)}, "4"},
		"a caller":             {Query{Caller: "adf"}, "5 4 2 1"},
		"a person":             {Query{Caller: "object:ADA"}, "6 3"},
		"a label":              {Query{Label: "run-4"}, "4"},
		"part of a label":      {Query{Label: "run"}, ""},
		"before all":           {Query{Until: hour(-100)}, ""},
		"long before anything": {Query{Since: hour(-1000)}, "6 5 4 3 2 1"},
	} {
		if got, _ := numbers(t, x, tt.q); strings.Join(got, " ") != tt.want {
			t.Errorf("%s: operations %v, want %s", name, got, tt.want)
		}
	}
}

func TestAnEntryHasWhatIsOnRecord(t *testing.T) {
	t.Parallel()
	x := New(lease.NewMemory())
	second := ask(dataset, 7, morning, "object:ada", "run-2")
	second.Time, second.Name = morning.Add(time.Minute), "Ada"
	must(t, x.Asked(t.Context(), []audit.Record{second}))
	must(t, x.Asked(t.Context(), []audit.Record{ask(dataset, 7, morning, "key:adf", "run-1"), ask(dataset, 7, morning, "key:adf", "run-1")}))
	repeated := ask(dataset, 7, morning, "key:repeats")
	repeated.Created = time.Time{}
	must(t, x.Asked(t.Context(), []audit.Record{repeated, {Event: audit.CancelAsked, Created: morning, ID: idOf(dataset, 7)}}))
	must(t, x.Ended(t.Context(), end(dataset, 7, morning, "Failed")))
	must(t, x.Ended(t.Context(), end(dataset, 7, morning, "Failed"))) // another process
	scan := x.Scan(t.Context(), Query{})
	if !scan.Next() {
		t.Fatalf("no entry: %v", scan.Err())
	}
	e := scan.Entry()
	got := fmt.Sprint(e.ID, e.WorkspaceID, e.DatasetID, e.Created, e.Callers, e.Requests, e.Labels)
	want := fmt.Sprint(idOf(dataset, 7), workspace, dataset, morning, []Caller{{ID: "key:adf"}, {"object:ada", "Ada"}}, 3, []string{"run-1", "run-2"})
	if got != want {
		t.Errorf("entry %s, want %s", got, want)
	}
	found, err := x.Find(t.Context(), workspace, dataset, idOf(dataset, 7), morning)
	if again := fmt.Sprint(found.ID, found.WorkspaceID, found.DatasetID, found.Created, found.Callers, found.Requests, found.Labels); err != nil || again != want {
		t.Errorf("Find returned %s (%v), want %s", again, err, want)
	}
	if none, err := x.Find(t.Context(), workspace, dataset, idOf(dataset, 70), morning); err != nil || none.Requests != 0 || none.End != nil {
		t.Errorf("Find of an unknown operation returned %+v (%v), want no callers and no end", none, err)
	}
	wantEnd := End{Status: "Failed", Code: "RefreshFailed", Message: "The refresh failed.", Cause: "credentials", Words: "Login failed.", Remedy: "Set the credentials.",
		Started: morning.Add(time.Second), Ended: morning.Add(10 * time.Minute), Seen: morning.Add(10*time.Minute + 25*time.Second), Attempts: 2}
	if e.End == nil || *e.End != wantEnd {
		t.Errorf("end %+v, want %+v", e.End, wantEnd)
	}
}

// counting counts listings, and may fail.
type counting struct {
	*lease.Memory
	mu             sync.Mutex
	lists, creates int
	fail           error
}

func (c *counting) Create(ctx context.Context, name string, body []byte, meta lease.Meta) (lease.Version, error) {
	c.mu.Lock()
	c.creates++
	c.mu.Unlock()
	return c.Memory.Create(ctx, name, body, meta)
}

func (c *counting) List(ctx context.Context, prefix, cursor string, limit int) (lease.Page, error) {
	c.lists++
	if c.fail != nil {
		return lease.Page{}, c.fail
	}
	return c.Memory.List(ctx, prefix, cursor, limit)
}

// A scan makes a bounded number of listings, and the scans of a query find each operation
// once, also if pages end in the middle of an operation.
func TestAScanIsBounded(t *testing.T) {
	t.Parallel()
	store := &counting{Memory: lease.NewMemory()}
	x := New(store)
	const operations = 4000
	for i := 1; i <= operations; i++ {
		created := morning.Add(time.Duration(i) * time.Minute)
		must(t, x.Asked(t.Context(), []audit.Record{ask(dataset, i, created, "key:adf")}))
		must(t, x.Ended(t.Context(), end(dataset, i, created, "Succeeded")))
	}
	for name, q := range map[string]Query{
		"all": {}, "a model": {WorkspaceID: workspace, DatasetID: dataset}, "by day": {Since: morning, Until: morning.Add(operations*time.Minute + time.Second)},
	} {
		store.lists = 0
		got, scans := numbers(t, x, q)
		if len(got) != operations || got[0] != "4000" || got[operations-1] != "1" || len(slices.Compact(slices.Clone(got))) != operations {
			t.Errorf("%s: %d operations, from %s to %s, want %d, each once", name, len(got), got[0], got[len(got)-1], operations)
		}
		if scans < 2 || store.lists > scans*maxListings {
			t.Errorf("%s: %d listings in %d scans, want at most %d a scan, and more than one scan", name, store.lists, scans, maxListings)
		}
	}
	// One page of a list costs one listing.
	store.lists = 0
	scan := x.Scan(t.Context(), Query{})
	for range 50 {
		scan.Next()
	}
	if store.lists != 1 {
		t.Errorf("50 entries took %d listings, want 1", store.lists)
	}
	again := x.Scan(t.Context(), Query{Cursor: scan.Cursor()})
	if !again.Next() || again.Entry().ID != idOf(dataset, 3950) {
		t.Errorf("after 50 entries comes %s, want operation 3950", again.Entry().ID)
	}
	if old, _ := numbers(t, x, Query{Caller: "key:other"}); len(old) != 0 {
		t.Errorf("a caller without requests has %d operations, want none", len(old))
	}
}

func TestCursorsThatAreNotOfTheQuery(t *testing.T) {
	t.Parallel()
	x := filled(t)
	scan := x.Scan(t.Context(), Query{})
	scan.Next()
	for name, q := range map[string]Query{
		"no base64":     {Cursor: "%%%"},
		"no JSON":       {Cursor: "aGVsbG8"},
		"another root":  {Cursor: scan.Cursor(), WorkspaceID: workspace, DatasetID: dataset},
		"now by day":    {Cursor: scan.Cursor(), Until: morning},
		"longer times":  {Cursor: position{Root: timePrefix, Times: "79739468/719"}.cursor(), Since: morning.Add(-time.Hour), Until: morning},
		"other times":   {Cursor: position{Root: timePrefix, Times: "../models"}.cursor(), Since: morning.Add(-time.Hour), Until: morning},
		"much too long": {Cursor: strings.Repeat("A", 2*maxCursor)},
	} {
		again := x.Scan(t.Context(), q)
		if again.Next() || !errors.Is(again.Err(), ErrCursor) || again.Cursor() != "" {
			t.Errorf("%s: error %v, want ErrCursor", name, again.Err())
		}
	}
	store := &counting{Memory: lease.NewMemory(), fail: errors.New("down")}
	if scan := New(store).Scan(t.Context(), Query{}); scan.Next() || !errors.Is(scan.Err(), store.fail) {
		t.Errorf("a store that is down: error %v, want %v", scan.Err(), store.fail)
	}
}

// What is not one of this package's blobs is left out.
func TestForeignBlobsAreLeftOut(t *testing.T) {
	t.Parallel()
	store := lease.NewMemory()
	x := New(store)
	must(t, x.Asked(t.Context(), []audit.Record{ask(dataset, 1, morning, "key:adf")}))
	for _, name := range []string{
		timePrefix + "x.json", timePrefix + "79739468/00000/" + idOf(dataset, 2) + "/ended.txt", timePrefix + "79739400/00000/" + idOf(dataset, 3) + "/ended.json",
		timePrefix + "79739468/99999/" + idOf(dataset, 4) + "/ended.json", timePrefix + "79739468/00000/short_1/ended.json",
	} {
		_, err := store.Create(t.Context(), name, []byte("{}"), nil)
		must(t, err)
	}
	if got, _ := numbers(t, x, Query{}); strings.Join(got, " ") != "1" {
		t.Errorf("operations %v, want 1 only", got)
	}
}

// Long and foreign texts fit into metadata.
func TestContentsFitIntoMetadata(t *testing.T) {
	t.Parallel()
	x := New(lease.NewMemory())
	var labels []string
	for i := range 10 {
		labels = append(labels, strings.Repeat("é<&", 60)+fmt.Sprint(i))
	}
	var herd []audit.Record
	for i := range 200 {
		r := ask(dataset, 1, morning, fmt.Sprintf("object:%036d", i), labels...)
		r.Name = strings.Repeat("名", 400)
		herd = append(herd, r)
	}
	must(t, x.Asked(t.Context(), herd))
	r := end(dataset, 1, morning, "Failed")
	r.End.Reason, r.End.Words, r.End.Remedy = strings.Repeat("ü", 5000), strings.Repeat("\n\"", 5000), strings.Repeat("x", 5000)
	must(t, x.Ended(t.Context(), r))
	scan := x.Scan(t.Context(), Query{})
	for _, i := range []int{0, 99, 199} {
		if got, _ := numbers(t, x, Query{Caller: fmt.Sprintf("object:%036d", i)}); len(got) != 1 {
			t.Errorf("caller %d of 200 has operations %v, want one", i, got)
		}
	}
	if !scan.Next() || scan.Entry().Requests != 200 || scan.Entry().End == nil || !strings.HasSuffix(scan.Entry().End.Words, "…") {
		t.Errorf("entry %+v, %v: want 200 requests, and an end with words that are cut", scan.Entry(), scan.Err())
	}
}

// The prefixes before a day have every earlier day of the century once, in their order.
func TestPrefixesOfEarlierDays(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"2026-05-31", "2026-01-01", "2024-02-29", "2029-12-31", "2000-01-02"} {
		day, err := time.Parse(time.DateOnly, from)
		must(t, err)
		prefixes := []string{digits(day)}
		for p := before(prefixes[0]); p != ""; p = before(p) {
			prefixes = append(prefixes, p)
		}
		if len(prefixes) > 40 {
			t.Errorf("%s: %d prefixes, want at most 40", from, len(prefixes))
		}
		for i := 0; ; day = day.Add(-24 * time.Hour) {
			if day.Year() < 2000 {
				break
			}
			for !strings.HasPrefix(digits(day), prefixes[i]) {
				if i++; i == len(prefixes) {
					t.Fatalf("%s: %s has no prefix", from, day.Format(time.DateOnly))
				}
			}
		}
	}
}
