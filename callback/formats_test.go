package callback

import "testing"

// Records of earlier formats can be read, and are written in the present one: of schema 1,
// which has a sealed id and the address of the app in its status URL, and of schema 2 before
// records had an owner.
func TestRecordsOfEarlierFormats(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]Operation{
		`{"schema":1,"state":"waiting","url":"` + exactURL + `","id":"sealed","statusUrl":"https://app.example/api/refreshes/sealed"}`: {ID: "sealed", Base: "https://app.example"},
		`{"schema":2,"state":"waiting","url":"` + exactURL + `","id":"op","caller":"nonce","base":"https://app.example"}`:              {ID: "op", Caller: "nonce", Base: "https://app.example"},
	} {
		got, err := decode([]byte(body))
		if err != nil || got.operation != want || got.owner != "" {
			t.Errorf("decode(%s) has the operation %q of %q at %q, owner %q, %v, want %q at %q and no owner", body, got.operation.ID, got.operation.Caller, got.operation.Base, got.owner, err, want.ID, want.Base)
		}
		written, _, err := got.encode()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := decode(written); err != nil || again.operation != want {
			t.Errorf("%s was written as %s, %v, want the same operation", body, written, err)
		}
	}
}
