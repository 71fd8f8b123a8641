package refresh

import (
	"errors"
	"slices"
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
			c := newTestCoordinator(store, &fakePowerBI{})
			receipt, err := c.Trigger(t.Context(), r)
			if err != nil {
				return
			}
			if id, err := c.Open(t.Context(), receipt.Link()); err != nil || id.Model != r.Model {
				t.Fatalf("Open(%+v) = %+v, %v, want model %s", receipt.Link(), id, err, r.Model)
			}
		})
	})
}

// FuzzStatusKeys: whatever is in the place of the status keys, they are keys of full
// length, or an error that does not repeat them.
func FuzzStatusKeys(f *testing.F) {
	const half = "c2VjcmV0LXNlY3JldC1zZWNyZXQ=" // 20 bytes
	for _, seed := range []string{`{"key":"` + half + half + `"}`, `{"key":"` + half + `"}`, `{"key":7}`, `{"key":"` + half, `null`, ``,
		`{"key":"` + half + half + `","versions":[{"version":2,"key":"` + half + `"}]}`,
		`{"key":"` + half + half + `","versions":[{"version":2,"key":"` + half + half + `","signsFrom":"2026-01-01T00:00:00Z"}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		store := lease.NewMemory()
		store.Overwrite(statusKeysName, body, nil)
		keys, err := NewStatusKeys(store).ring(t.Context())
		if err == nil && len(keys.Root) < 32 || slices.ContainsFunc(keys.Versions, func(k statusKey) bool { return len(k.Key) < 32 }) {
			t.Fatalf("%q gives keys that are too short: %+v", body, keys)
		}
		if err != nil && (errors.Is(err, lease.ErrNotFound) || strings.Contains(err.Error(), half)) {
			t.Fatalf("%v", err)
		}
	})
}
