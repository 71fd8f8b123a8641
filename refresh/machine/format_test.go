package machine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// What earlier versions wrote is read, whole, and written again: as it was, but for what
// the first one wrote, which becomes a document that it refuses (it refuses every schema
// above 1): it would drop members.
func TestDocumentsOfEarlierVersions(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/schema[0-9]*/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file))+" "+filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			old, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			old = bytes.TrimSpace(old)
			s, err := Decode(old)
			if err != nil || len(s.Pending) == 0 {
				t.Fatalf("%d pending, %v", len(s.Pending), err)
			}
			want := bytes.Replace(old, []byte(`{"schema":1,`), []byte(`{"schema":2,"minReader":2,`), 1)
			want = bytes.Replace(want, []byte(`{"schema":2,`), []byte(`{"schema":3,`), 1)
			if got := mustEncode(t, s); !bytes.Equal(got, want) {
				t.Errorf("it has become\n%s\nwant\n%s", got, want)
			}
			finishState(t, s)
		})
	}
}

// finishState lets everything that is pending come to its end, in a world where every
// POST is accepted and has completed by the next look.
func finishState(t *testing.T, s State) {
	t.Helper()
	rules, now := DefaultRules(), time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC)
	for i := range 600 {
		var effects []Effect
		if i%3 == 0 { // else what follows from the last answers
			now = now.Add(time.Minute)
		}
		s, effects = rules.Next(s, Tick{At: At(now), Txn: fmt.Sprint("next", i)})
		for _, e := range effects {
			switch e := e.(type) {
			case Post:
				s, _ = rules.Next(s, Answered{At: At(now), Txn: e.Txn, Answer: Answer{Kind: Accepted, RefreshID: "N" + e.Txn, Sent: Enhanced}})
			case Look:
				seen := Observed{At: At(now), Txn: e.Txn, SentAt: now}
				if e.RefreshID != "" {
					seen.Detail, seen.Rows = true, []Row{{ID: e.RefreshID, State: RowCompleted, Start: now, End: now}}
				}
				s, _ = rules.Next(s, seen)
			}
		}
		if len(s.Pending) == 0 {
			return
		}
	}
	t.Errorf("not finished: %s", mustEncode(t, s))
}

// What a newer version demands decides, and not that it is newer.
func TestWhoMayRead(t *testing.T) {
	t.Parallel()
	const rest = `"epoch":"e","last":3,"mood":{"good":true}}`
	for _, tc := range []struct {
		head  string
		reads bool
	}{
		{`{"schema":1,`, true},
		{`{"schema":2,"minReader":1,`, true},
		{`{"schema":2,"minReader":2,`, true},
		{`{"schema":3,"minReader":2,`, true},
		{`{"schema":9,"minReader":2,`, true},
		{`{"schema":9,"minReader":1,`, true},
		{`{"schema":4,"minReader":4,`, false},
		{`{"schema":2,"minReader":4,`, false}, // nobody writes it; the demand counts
		{`{"schema":4,`, false},
		{`{"schema":4,"minReader":0,`, false},
		{`{"schema":1000000,"minReader":1000000,"pending":"elsewhere",`, false},
	} {
		s, err := Decode([]byte(tc.head + rest))
		if tc.reads != (err == nil) || !tc.reads && !errors.Is(err, ErrNewer) || tc.reads && s.Last != 3 {
			t.Errorf("%s...: %v", tc.head, err)
		}
	}
}

// A document that a newer version has written keeps that version's demands and members
// when this one writes it, also while operations move and end.
func TestNewerDocumentIsWrittenAsNewer(t *testing.T) {
	t.Parallel()
	s, err := Decode([]byte(`{"schema":7,"minReader":2,"epoch":"e","new":[ 1, {"b":2,"a":1e999} ]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schema":7,"minReader":2,"epoch":"e","model":{"workspaceId":"","datasetId":""},"last":0,"new":[ 1, {"b":2,"a":1e999} ]}`
	if got := mustEncode(t, s); string(got) != want {
		t.Errorf("%s", got)
	}
	if s.Same(State{Schema: 7, MinReader: 2, Epoch: "e"}) {
		t.Error("a document without the newer members is the same")
	}
}

// A word that the machine decides by, and does not know: the document is left alone,
// whatever its MinReader says.
func TestUnknownWordsAreNotJudged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*State){
		"phase":            func(s *State) { s.Pending[1].Phase = "paused" },
		"phase of the end": func(s *State) { s.Recent[0].Phase = "halfDone" },
		"stage":            func(s *State) { s.Attempt.Stage = "queuedThere" },
		"kind":             func(s *State) { s.Attempt.Kind = "streaming" },
		"kind asked for":   func(s *State) { s.Pending[0].Shape.Kind = "streaming" },
		"kind of a try":    func(s *State) { s.Recent[1].Tries[0].Kind = "streaming" },
		"kind of the post": func(s *State) { s.Attempt.Shape.Kind = "streaming" },
		"outcome":          func(s *State) { s.Pending[0].Tries[1].Outcome = "evicted" },
		"kind on watch":    func(s *State) { s.Abandoned[1].Kind = "streaming" },
		"reason to hold":   func(s *State) { s.Hold.Reason = "moon" },
	} {
		s := fullState()
		change(&s)
		if _, err := Decode(mustEncode(t, s)); !errors.Is(err, ErrNewer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is to be refreshed cannot be understood in part.
func TestUnknownPartsOfWhatIsAskedForAreNotIgnored(t *testing.T) {
	t.Parallel()
	for _, object := range []string{`"model":{`, `"shape":{`, `{"table":`, `"tuning":{`} {
		doc := string(mustEncode(t, fullState()))
		with := strings.TrimSuffix(object, `"table":`) + `"filter":"x",` + strings.TrimPrefix(object, `{`)
		if !strings.HasPrefix(object, "{") {
			with = object + `"filter":"x",`
		}
		if !strings.Contains(doc, object) {
			t.Fatalf("no %s in %s", object, doc)
		}
		if _, err := Decode([]byte(strings.Replace(doc, object, with, 1))); !errors.Is(err, ErrNewer) {
			t.Errorf("%s: %v", with, err)
		}
	}
}

// encoding/json takes "Phase" for "phase". Which of them counts nobody can tell.
func TestMembersThatDifferInCapitals(t *testing.T) {
	t.Parallel()
	_, err := Decode([]byte(`{"schema":2,"minReader":2,"epoch":"e","Hold":null,"new":1}`))
	if err == nil || !strings.Contains(err.Error(), "not readable") {
		t.Error(err)
	}
}

// The strings of fullState have no braces and no quotes.
var (
	braces      = regexp.MustCompile(`\{`)
	memberNames = regexp.MustCompile(`"([^"]*)":`)
)

// FuzzUnknownMembers puts a member that no version knows anywhere into a document: it is
// written again as it was, or the document is refused.
func FuzzUnknownMembers(f *testing.F) {
	for i, value := range []string{`1`, `"<\u0041>&"`, `{"a": [1 , 2.50], "a":null}`, `[]`, ` null`, `1e400`, `{"schema":9}`} {
		f.Add("new", value, uint(i*7))
		f.Add("a \u2028 <name> \"", value, uint(i*5))
	}
	f.Fuzz(func(t *testing.T, name, value string, where uint) {
		if !utf8.ValidString(name) || !json.Valid([]byte(value)) {
			return
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		doc := mustEncode(t, fullState())
		for _, taken := range memberNames.FindAllSubmatch(doc, -1) {
			if strings.EqualFold(string(taken[1]), name) {
				return // encoding/json takes one for the other
			}
		}
		member := slices.Concat(quoted, []byte(":"), bytes.TrimSpace([]byte(value)))
		braces := braces.FindAllIndex(doc, -1)
		at := braces[where%uint(len(braces))][1]
		s, err := Decode(slices.Concat(doc[:at], member, []byte(","), doc[at:]))
		switch {
		case errors.Is(err, ErrNewer): // it says what is to be refreshed
			return
		case err != nil:
			t.Fatal(err)
		}
		again, err := Decode(mustEncode(t, s))
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("it is not stable: %v", err)
		}
		if !bytes.Contains(mustEncode(t, s), member) {
			t.Errorf("%s is not in the document any more", member)
		}
	})
}
