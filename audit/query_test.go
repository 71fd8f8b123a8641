package audit

import (
	"strings"
	"testing"
	"time"

	"pbirefresh/lease"
)

// seeded has records of three days, by two callers, of two models.
func seeded(t *testing.T) *lease.Memory {
	t.Helper()
	store := lease.NewMemory()
	for i, at := range []string{"2026-05-30T23:59:59Z", "2026-05-31T00:00:00Z", "2026-05-31T12:00:00Z", "2026-06-01T01:00:00Z"} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		r := Record{Time: when, Event: Ended, WorkspaceID: "w1", DatasetID: "d", Epoch: "e", Operation: int64(i), Caller: "key:adf"}
		if i%2 == 1 {
			r.WorkspaceID, r.Caller, r.Name = "w2", "object:ada", "Ada@contoso.com"
		}
		if err := New(store, nil, nil).EndNow(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func at(text string) time.Time {
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return when
}

func TestQueries(t *testing.T) {
	t.Parallel()
	store := seeded(t)
	from, to := at("2026-05-01T00:00:00Z"), at("2026-07-01T00:00:00Z")
	for name, tt := range map[string]struct {
		q    Query
		want string
	}{
		"all":            {Query{From: from, To: to}, "0123"},
		"a day":          {Query{From: at("2026-05-31T00:00:00Z"), To: at("2026-06-01T00:00:00Z")}, "12"},
		"an hour":        {Query{From: at("2026-05-31T11:30:00Z"), To: at("2026-05-31T12:30:00Z")}, "2"},
		"another zone":   {Query{From: at("2026-05-31T02:00:00+02:00"), To: at("2026-05-31T02:00:01+02:00")}, "1"},
		"a workspace":    {Query{From: from, To: to, Workspace: "W2"}, "13"},
		"a model":        {Query{From: from, To: to, Workspace: "w2", Dataset: "x"}, ""},
		"a caller":       {Query{From: from, To: to, Caller: "key:adf"}, "02"},
		"by id":          {Query{From: from, To: to, Caller: "ADA"}, "13"},
		"by name":        {Query{From: from, To: to, Caller: "ada@contoso.com"}, "13"},
		"nobody":         {Query{From: from, To: to, Caller: "bob"}, ""},
		"an empty month": {Query{From: at("2025-05-01T00:00:00Z"), To: at("2025-06-01T00:00:00Z")}, ""},
	} {
		var got strings.Builder
		for r, err := range Read(t.Context(), store, tt.q) {
			if err != nil {
				t.Errorf("%s: Read returned %v, want no error", name, err)
			}
			got.WriteByte('0' + byte(r.Operation))
		}
		if got.String() != tt.want {
			t.Errorf("%s: Read(%+v) returned operations %q, want %q", name, tt.q, &got, tt.want)
		}
	}
	if IsBy("key:adf", "object:eve", "key:adf") {
		t.Error("a person with the name key:adf matches the caller key:adf, want no match")
	}
}

func TestQueriesThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	for _, q := range []Query{{}, {From: at("2026-05-02T00:00:00Z"), To: at("2026-05-01T00:00:00Z")}, {From: at("2020-01-01T00:00:00Z"), To: at("2026-01-01T00:00:00Z")}} {
		n := 0
		for _, err := range Read(t.Context(), lease.NewMemory(), q) {
			if n++; err == nil {
				t.Errorf("Read(%+v) returned a record, want an error", q)
			}
		}
		if n != 1 {
			t.Errorf("Read(%+v) returned %d results, want one error", q, n)
		}
	}
}

// Read returns an error for a blob that is no record, and all other records.
func TestABrokenBlobHidesNothing(t *testing.T) {
	t.Parallel()
	store := seeded(t)
	for name, body := range map[string]string{"a": "{", "b": `{"schema":2,"records":[]}`} {
		if _, err := store.Create(t.Context(), "audit/2026/05/31/"+name+".json", []byte(body), nil); err != nil {
			t.Fatal(err)
		}
	}
	records, problems := 0, 0
	for _, err := range Read(t.Context(), store, Query{From: at("2026-05-31T00:00:00Z"), To: at("2026-06-01T00:00:00Z")}) {
		if err != nil {
			problems++
		} else {
			records++
		}
	}
	if records != 2 || problems != 2 {
		t.Errorf("Read returned %d records and %d errors, want 2 and 2", records, problems)
	}
	for _, err := range Read(t.Context(), store, Query{From: at("2026-05-01T00:00:00Z"), To: at("2026-07-01T00:00:00Z")}) {
		if err != nil {
			t.Error(err)
		}
		break // a reader may stop early
	}
}

// FuzzDecode: any blob is records or an error.
func FuzzDecode(f *testing.F) {
	body, err := encode([]Record{ask(1), end(2)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"schema":1,"records":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		records, err := decode(body)
		if err != nil {
			return
		}
		if again, err := encode(records); err == nil {
			if _, err := decode(again); err != nil {
				t.Errorf("decode(%q), encoded again, is %v, want no error", body, err)
			}
		}
	})
}
