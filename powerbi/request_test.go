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
	if n := reflect.TypeFor[RefreshRequest]().NumField(); n != 9 {
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
