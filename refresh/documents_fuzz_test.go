package refresh

import (
	"errors"
	"strings"
	"testing"

	"pbirefresh/lease"
)

// FuzzKeyRecords: whatever is in the place of a key's two records, its request gets an
// operation with an id that opens, or an error.
func FuzzKeyRecords(f *testing.F) {
	payload := keyed("k").Key.Payload
	f.Add([]byte(`{"schema":1,"payload":"`+payload+`"}`), []byte(`{"schema":1,"payload":"`+payload[:8]+`","epoch":"0123456789abcdef","number":1}`))
	f.Add([]byte(`{"payload":"`+payload+`"}`), []byte(`{"payload":"`+payload+`","epoch":"../../keys/status","number":-1}`))
	f.Add([]byte(`{"payload":""}`), []byte(`null`))
	f.Add([]byte{}, []byte(`[]`))
	f.Fuzz(func(t *testing.T, claim, pointer []byte) {
		bubble(t, func(t *testing.T) {
			store, r := lease.NewMemory(), keyed("k")
			store.Overwrite(claimName(r.Key.Name), claim, nil)
			store.Overwrite(pointerName(r.Key.Name), pointer, nil)
			receipt, err := newTestCoordinator(store, &fakePowerBI{}).Trigger(t.Context(), r)
			if err != nil {
				return
			}
			key, err := StatusKey(store)(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if id, err := OpenID(receipt.ID, key); err != nil || id.Model != r.Model {
				t.Fatalf("%+v, %v", id, err)
			}
		})
	})
}

// FuzzStatusKey: whatever is in the place of the key of the ids, it is a key of full
// length, or an error that does not repeat it.
func FuzzStatusKey(f *testing.F) {
	const half = "c2VjcmV0LXNlY3JldC1zZWNyZXQ=" // 20 bytes
	for _, seed := range []string{`{"key":"` + half + half + `"}`, `{"key":"` + half + `"}`, `{"key":7}`, `{"key":"` + half, `null`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		store := lease.NewMemory()
		store.Overwrite(KeyName, body, nil)
		key, err := StatusKey(store)(t.Context())
		if err == nil && len(key) < 32 {
			t.Fatalf("a key of %d bytes", len(key))
		}
		if err != nil && (errors.Is(err, lease.ErrNotFound) || strings.Contains(err.Error(), half)) {
			t.Fatalf("%v", err)
		}
	})
}
