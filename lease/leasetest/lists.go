package leasetest

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pbirefresh/lease"
)

var listChecks = []check{
	{"List/empty store", listEmpty},
	{"List/only names that begin with the prefix", listPrefix},
	{"List/pages in name order, each entry once", listPages},
	{"List/entries have metadata and version", listEntries},
	{"List/sees every write answered before", listYourWrites},
	{"List/limits", listLimits},
}

func listEmpty(t testing.TB, s *subject) {
	page, err := s.List(ctx(t), "", "", 10)
	mustDo(t, "List", err)
	if len(page.Entries) != 0 || page.Next != "" || page.Date.IsZero() {
		t.Fatalf("List: %+v, want a date and nothing else", page)
	}
}

func listPrefix(t testing.TB, s *subject) {
	s.mustFill(t, "models/a/1", "models/a/2", "models/ab", "other", "models")
	for prefix, want := range map[string][]string{
		"models/a/": {"models/a/1", "models/a/2"},
		"models/a":  {"models/a/1", "models/a/2", "models/ab"},
		"models/":   {"models/a/1", "models/a/2", "models/ab"},
		"":          {"models", "models/a/1", "models/a/2", "models/ab", "other"},
		"nothing":   nil,
	} {
		if got := names(s.mustList(t, prefix, 10)); !slices.Equal(got, want) {
			t.Fatalf("List of %q: %v, want %v", prefix, got, want)
		}
	}
}

func listPages(t testing.TB, s *subject) {
	var want []string
	for i := range 7 {
		want = append(want, fmt.Sprintf("models/%d", i))
	}
	s.mustFill(t, "models/5", "models/0", "models/6", "models/3", "models/1", "models/4", "models/2")
	for _, limit := range []int{1, 2, 3, 6, 7, 8} {
		if got := names(s.mustList(t, "models/", limit)); !slices.Equal(got, want) {
			t.Fatalf("List by %d: %v, want %v", limit, got, want)
		}
	}
}

func listEntries(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	s.mustFill(t, "none")
	id := s.mustAcquire(t)
	version, err := s.Write(ctx(t), doc, id, base, []byte("two"), lease.Meta{"due": "now", "a_1": "x y"})
	mustDo(t, "Write", err)
	got := s.mustList(t, "", 10)
	if len(got) != 2 {
		t.Fatalf("List: %d entries, want 2", len(got))
	}
	if !maps.Equal(got[0].Meta, lease.Meta{"due": "now", "a_1": "x y"}) || got[0].Version != version {
		t.Fatalf("List: %+v, want the metadata of the last write at version %q", got[0], version)
	}
	if len(got[1].Meta) != 0 {
		t.Fatalf("List: metadata %v of a document that has none", got[1].Meta)
	}
	s.mustWrite(t, id, got[0].Version, "three")
}

func listYourWrites(t testing.TB, s *subject) {
	for i := range 5 {
		s.mustFill(t, fmt.Sprintf("models/%d", i))
		if got := s.mustList(t, "models/", 100); len(got) != i+1 {
			t.Fatalf("List after %d creations: %d entries", i+1, len(got))
		}
	}
}

func listLimits(t testing.TB, s *subject) {
	s.mustFill(t, "a", "b")
	for _, limit := range []int{0, -1} {
		_, err := s.List(ctx(t), "", "", limit)
		wantRefused(t, fmt.Sprintf("List by %d", limit), err)
	}
	for _, limit := range []int{lease.MaxPage, 2 * lease.MaxPage} {
		if got := s.mustList(t, "", limit); len(got) != 2 {
			t.Fatalf("List by %d: %d entries, want 2", limit, len(got))
		}
	}
}

// mustFill creates empty documents.
func (s *subject) mustFill(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		_, err := s.Create(ctx(t), name, nil, nil)
		mustDo(t, "Create "+name, err)
	}
}

// mustList reads all pages.
func (s *subject) mustList(t testing.TB, prefix string, limit int) []lease.Entry {
	t.Helper()
	var all []lease.Entry
	cursor := ""
	for range 100 {
		page, err := s.List(ctx(t), prefix, cursor, limit)
		mustDo(t, "List", err)
		if len(page.Entries) > limit || page.Date.IsZero() {
			t.Fatalf("List: %d entries at %v, want at most %d and a date", len(page.Entries), page.Date, limit)
		}
		all = append(all, page.Entries...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
	t.Fatalf("List of %q by %d does not end", prefix, limit)
	return nil
}

func names(entries []lease.Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Name)
	}
	return all
}
