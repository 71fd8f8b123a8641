package callback

import "testing"

// A record that was made before ids and signatures were apart can be read: it has a
// sealed id, and the address of the app is in its status URL.
func TestRecordOfSchema1(t *testing.T) {
	t.Parallel()
	got, err := decode([]byte(`{"schema":1,"state":"waiting","url":"` + exactURL + `","id":"sealed","statusUrl":"https://app.example/api/refreshes/sealed"}`))
	if want := (Operation{ID: "sealed", Base: "https://app.example"}); err != nil || got.Operation.ID != want.ID || got.Operation.Base != want.Base || got.Operation.Caller != "" {
		t.Errorf("decode of schema 1 has the operation %q at %q, %v, want %q at %q", got.Operation.ID, got.Operation.Base, err, want.ID, want.Base)
	}
	body, _, err := got.encode()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := decode(body); err != nil || again.Operation != got.Operation {
		t.Errorf("written again it has another operation, %v: %s", err, body)
	}
}
