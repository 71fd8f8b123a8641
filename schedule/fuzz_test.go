package schedule

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"pbirefresh/lease"
)

// FuzzDecodeState: whatever is in the place of the progress, it is a state that a file
// can be adopted into, or an error.
func FuzzDecodeState(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `{"schema":2}`, `{"schema":1,"version":"v","targets":null}`,
		`{"schema":1,"targets":{"e/` + workspace + `/` + dataset + `":{"timing":"every 1h0m0s","through":"2026-05-31T06:00:00Z","last":{"slot":"9999-12-31T23:59:59Z","outcome":"started","id":"x"}}}}`,
		`{"targets":{"":{"through":"0001-01-01T00:00:00+23:59"}}}`,
	} {
		f.Add([]byte(seed))
	}
	file, err := Parse([]byte(fileText(`"every":"1h"`)), readRequest)
	if err != nil {
		f.Fatal(err)
	}
	now := time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := decodeState(body)
		if err != nil {
			return
		}
		next, _ := s.Adopt(file, now)
		if _, there := next.Targets[targetName("e", model())]; !there {
			t.Fatalf("the entry is not in %+v", next)
		}
		if encoded, err := next.Encode(); err == nil {
			if again, err := decodeState(encoded); err != nil || len(again.Targets) != len(next.Targets) {
				t.Fatalf("%+v, %v", again, err)
			}
		}
	})
}

// FuzzLastGood: whatever is kept as the last good file, what is taken up of it is a good
// file of this source.
func FuzzLastGood(f *testing.F) {
	kept := func(source, text string) []byte {
		b, err := json.Marshal(lastGood{source, "v", []byte(text)})
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	f.Add(kept("s", fileText(`"every":"1h"`)))
	f.Add(kept("other", fileText(`"every":"1h"`)))
	f.Add(kept("s", fileText(`"every":"0s"`)))
	f.Add([]byte(`{"source":"s","text":"%%%"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		store := lease.NewMemory()
		if _, err := store.Create(t.Context(), lastGoodName, body, nil); err != nil {
			return // too large for any store
		}
		l := &loader{source: Source{Name: "s"}, store: store, read: readRequest, log: slog.New(slog.DiscardHandler)}
		l.recall(t.Context())
		if l.used.file == nil {
			return
		}
		if again, err := Parse(l.text, readRequest); err != nil || again.Version != l.used.file.Version || l.kept != again.Version {
			t.Fatalf("%v of %q is in use", err, l.text)
		}
	})
}
