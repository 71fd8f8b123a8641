package powerbi

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestEnhanced(t *testing.T) {
	t.Parallel()
	// documented: any member but notifyOption
	for _, r := range []RefreshRequest{
		{Type: "Full"}, {CommitMode: "x"}, {MaxParallelism: new(0)}, {RetryCount: new(0)}, {Objects: []Object{{Table: "A"}}},
		{ApplyRefreshPolicy: new(false)}, {EffectiveDate: "x"}, {Timeout: "x"},
		{Extra: ExtraOf(`{"mode":1}`)},
	} {
		if !r.Enhanced() {
			t.Errorf("%+v is not enhanced", r)
		}
	}
	for _, r := range []RefreshRequest{{}, {NotifyOption: "MailOnFailure"}, {Objects: []Object{}}} {
		if r.Enhanced() {
			t.Errorf("%+v is enhanced", r)
		}
	}
	// A new member must be thought of in Enhanced, Canonical and handler's parseOptions.
	if n := reflect.TypeFor[RefreshRequest]().NumField(); n != 10 {
		t.Errorf("RefreshRequest has %d members", n)
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	r := RefreshRequest{
		NotifyOption: " nonotification", Type: "full", CommitMode: "TRANSACTIONAL", Timeout: "5:00:00", EffectiveDate: " 2026-05-31 ",
		MaxParallelism: new(2), RetryCount: new(1), ApplyRefreshPolicy: new(false),
		Objects: []Object{{"B", ""}, {"A", "2"}, {"A", "1"}, {"B", ""}},
	}
	got := r.Canonical()
	want := RefreshRequest{
		NotifyOption: "NoNotification", Type: "Full", CommitMode: "Transactional", Timeout: "05:00:00", EffectiveDate: "2026-05-31",
		MaxParallelism: new(2), RetryCount: new(1), ApplyRefreshPolicy: new(false),
		Objects: []Object{{"A", "1"}, {"A", "2"}, {"B", ""}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if !reflect.DeepEqual(got.Canonical(), got) {
		t.Error("canonical twice is another")
	}
	*got.MaxParallelism, got.Objects[0].Table = 99, "Z"
	if *r.MaxParallelism != 2 || r.Objects[0].Table != "B" {
		t.Error("the canonical form shares memory with the original")
	}
	if empty := (RefreshRequest{Objects: []Object{}, Type: "odd"}).Canonical(); empty.Objects != nil || empty.Type != "odd" {
		t.Errorf("got %+v", empty)
	}
}

// FuzzCanonical: whatever can be asked for, its canonical form says the same.
func FuzzCanonical(f *testing.F) {
	f.Add([]byte(`{"type":"full","objects":[{"table":"A","partition":"B"}],"applyRefreshPolicy":false,"retryCount":2,"timeout":"1:00:00"}`))
	f.Add([]byte(`{"notifyOption":"x","maxParallelism":-1,"effectiveDate":"2026-05-31"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r, again RefreshRequest
		if json.Unmarshal(data, &r) != nil {
			return
		}
		r.Validate()
		c := r.Canonical()
		wire, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(wire, &again); err != nil || !reflect.DeepEqual(again.Canonical(), c) {
			t.Errorf("%s came back as %+v, %v", wire, again, err)
		}
		if c.Enhanced() && !r.Enhanced() {
			t.Errorf("%s: canonical changes the kind", data)
		}
	})
}

// Everything that can be asked for is in the body, once, in words that both readings of the
// documentation take.
func TestWire(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		r    RefreshRequest
		want string
	}{
		"everything": {RefreshRequest{Type: "Full", CommitMode: "PartialBatch", MaxParallelism: new(2), RetryCount: new(1), Objects: []Object{{"A", "P"}, {"B", ""}},
			ApplyRefreshPolicy: new(false), EffectiveDate: "2026-05-31", Timeout: "05:00:00"},
			`{"type":"Full","commitMode":"PartialBatch","maxParallelism":2,"retryCount":1,"objects":[{"table":"A","partition":"P"},{"table":"B"}],"applyRefreshPolicy":false,"effectiveDate":"2026-05-31T00:00:00Z","timeout":"05:00:00"}`},
		"nothing":        {RefreshRequest{}, ``},
		"a notification": {RefreshRequest{NotifyOption: "MailOnFailure"}, `{"notifyOption":"MailOnFailure"}`},
		// documented: date-time in the swagger, a date alone in the article
		"a date":            {RefreshRequest{EffectiveDate: "2026-05-31"}, `{"effectiveDate":"2026-05-31T00:00:00Z"}`},
		"no zone":           {RefreshRequest{EffectiveDate: "2026-05-31T10:00:00.5"}, `{"effectiveDate":"2026-05-31T10:00:00.5Z"}`},
		"a zone":            {RefreshRequest{EffectiveDate: "2026-05-31t10:00:00+02:00"}, `{"effectiveDate":"2026-05-31T10:00:00+02:00"}`},
		"of a newer API":    {RefreshRequest{Type: "Full", Extra: ExtraOf(`{"mode":{"a":[1]},"alpha":true}`)}, `{"alpha":true,"mode":{"a":[1]},"type":"Full"}`},
		"not a newer value": {RefreshRequest{Type: "Full", Extra: ExtraOf(`{"type":"Odd"}`)}, `{"type":"Full"}`},
	} {
		if got, err := tc.r.body(); string(got) != tc.want || err != nil {
			t.Errorf("%s: got %s, %v\nwant %s", name, got, err, tc.want)
		}
	}
}
