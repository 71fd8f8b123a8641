package machine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// fill sets every field below v to something that is not its zero value, so that a
// field which does not survive the document is found without being named here.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		if t, ok := v.Addr().Interface().(*time.Time); ok {
			*t = time.Date(2026, 5, 31, 6, 0, 0, *n, time.UTC)
			return
		}
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() { // what is not exported is not stored
				fill(f, n)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map: // Unknown
		v.Set(reflect.ValueOf(Unknown{fmt.Sprintf("new <%d>", *n): json.RawMessage(fmt.Sprintf(`{"n": [%d, 1e400, "<\u0041>"]}`, *n))}))
	case reflect.String:
		v.SetString(fmt.Sprintf("text <%d> & \u2028 ü", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	default:
		panic("no value for a " + v.Kind().String())
	}
}

// fullState has something in every field and is a state that can be.
func fullState() State {
	s, n := State{}, 0
	fill(reflect.ValueOf(&s).Elem(), &n)
	s.Schema, s.MinReader, s.Last = Schema+1, MinReader, 9 // the next version has written it
	for i := range 2 {
		fillWords(&s.Pending[i])
		fillWords(&s.Recent[i])
	}
	s.Pending[0].Number, s.Pending[0].Phase = 7, Running
	s.Pending[1].Number, s.Pending[1].Phase = 9, Queued
	s.Attempt.Serves, s.Attempt.Stage, s.Attempt.Kind, s.Attempt.Shape.Kind = []int64{7}, StageRunning, Enhanced, Auto
	s.Hold.Reason, s.Abandoned[0].Kind, s.Abandoned[1].Kind = HoldThrottled, Standard, Enhanced
	s.Pending[0].Done, s.Pending[1].Done = []int{1}, []int{0}
	return s
}

// fillWords gives an operation words that the machine knows.
func fillWords(op *Operation) {
	op.Phase, op.Shape.Kind = Succeeded, Auto
	for i := range op.Tries {
		op.Tries[i].Kind, op.Tries[i].Outcome = Enhanced, OutcomeFailed
	}
}

func mustEncode(t *testing.T, s State) []byte {
	t.Helper()
	doc, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestStateSurvivesTheDocument(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]State{"new": NewState(testModel, "e"), "full": fullState()} {
		got, err := Decode(mustEncode(t, s))
		got.size = s.size
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", name, err, got, s)
		}
	}
}

// What is written about most models is short: every read of them costs this much.
func TestEmptyStateIsShort(t *testing.T) {
	t.Parallel()
	want := `{"schema":3,"minReader":2,"epoch":"e","model":{"workspaceId":"w","datasetId":"d"},"last":0}`
	if got := mustEncode(t, NewState(Model{"w", "d"}, "e")); string(got) != want {
		t.Errorf("%s", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	changed := func(change func(*State)) string {
		s := fullState()
		change(&s)
		doc, err := s.Encode()
		if err != nil {
			panic(err)
		}
		return string(doc)
	}
	for _, tc := range []struct{ name, doc, says string }{
		{"nothing", ``, "not readable"},
		{"half of it", `{"schema":1,"epo`, "not readable"},
		{"two documents", `{"schema":1,"epoch":"e"}{}`, "not readable"},
		{"an array", `[]`, "not readable"},
		{"another type", `{"schema":1,"epoch":"e","pending":{}}`, "not readable"},
		{"a time that is none", `{"schema":1,"epoch":"e","hold":{"since":"yesterday"}}`, "not readable"},
		{"a number too large", `{"schema":1,"epoch":"e","last":9223372036854775808}`, "not readable"},
		{"null", `null`, "no schema"},
		{"an empty object", `{}`, "no schema"},
		{"somebody else's", `{"name":"x"}`, "no schema"},
		{"schema 0", `{"schema":0,"epoch":"e"}`, "no schema"},
		{"negative schema", `{"schema":-1,"epoch":"e"}`, "no schema"},
		{"no epoch", `{"schema":1}`, "no schema or epoch"},
		{"an attempt without its name", changed(func(s *State) { s.Attempt.Txn = "" }), "without a transaction"},
		{"an operation of tomorrow", changed(func(s *State) { s.Pending[1].Number = 10 }), "operation 10"},
		{"an operation without a number", changed(func(s *State) { s.Pending[1].Number = 0 }), "operation 0"},
		{"a pending operation that has ended", changed(func(s *State) { s.Pending[1].Phase = Failed }), "operation 9"},
		{"all done, and yet pending", changed(func(s *State) { s.Pending[0].Done = []int{0, 1} }), "operation 7"},
		{"something done that was not asked for", changed(func(s *State) { s.Pending[1].Done = []int{2} }), "operation 9"},
		{"less than nothing done", changed(func(s *State) { s.Pending[1].Done = []int{-1} }), "operation 9"},
		{"an attempt for nobody we know", changed(func(s *State) { s.Attempt.Serves = []int64{7, 8} }), "operation 8"},
		{"an attempt for a finished operation", changed(func(s *State) { s.Attempt.Serves = []int64{s.Recent[0].Number} }), "does not hold"},
		{"an attempt that its operation knows nothing of", changed(func(s *State) { s.Pending[0].Tries = nil }), "operation 7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := Decode([]byte(tc.doc))
			if err == nil || !strings.Contains(err.Error(), tc.says) || errors.Is(err, ErrNewer) {
				t.Errorf("%v, want %q", err, tc.says)
			}
		})
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	s := fullState()
	for _, tc := range []struct {
		name   string
		change func(*State)
		same   bool
	}{
		{"itself", func(*State) {}, true},
		{"other writes", func(s *State) { s.Writes = []string{"x"} }, true},
		{"no writes", func(s *State) { s.Writes = nil }, true},
		{"another phase", func(s *State) { s.Pending[0].Phase = Settling }, false},
		{"no attempt", func(s *State) { s.Attempt = nil }, false},
		{"a look later", func(s *State) { s.Attempt.LookAt = s.Attempt.LookAt.Add(1) }, false},
		{"another member that is not known", func(s *State) { s.Unknown = Unknown{"new": json.RawMessage("2")} }, false},
		{"the same time elsewhere", func(s *State) { s.Hold.Until = s.Hold.Until.In(time.FixedZone("x", 3600)) }, false},
	} {
		other := s.clone()
		tc.change(&other)
		if s.Same(other) != tc.same || other.Same(s) != tc.same {
			t.Errorf("%s: want %t", tc.name, tc.same)
		}
	}
	if len(s.Writes) != 2 {
		t.Error("the comparison changed what it compared")
	}
}

func TestStampKeepsTheLatest(t *testing.T) {
	t.Parallel()
	s := NewState(testModel, "e")
	shared := s
	for i := range 100 {
		before := bytes.Clone(mustEncode(t, s))
		old := s
		s.Stamp(fmt.Sprint("t", i))
		if !bytes.Equal(before, mustEncode(t, old)) {
			t.Fatal("a stamp changed the state that another holds")
		}
		if len(s.Writes) > maxWrites || !Wrote(mustEncode(t, s), fmt.Sprint("t", i)) || s.Writes[len(s.Writes)-1] != fmt.Sprint("t", i) {
			t.Fatalf("after %d: %v", i, s.Writes)
		}
	}
	a, b := s, s
	a.Stamp("a")
	b.Stamp("b")
	if !slices.Contains(a.Writes, "a") || slices.Contains(a.Writes, "b") || !slices.Contains(b.Writes, "b") {
		t.Error("two states share one list")
	}
	if !Wrote(mustEncode(t, s), "t99") || Wrote(mustEncode(t, s), "t0") || shared.Writes != nil {
		t.Errorf("%v", s.Writes)
	}
}

// FuzzDecode: a document is refused, or it gives a state that can be written and
// read again without change. Reading may leave out what means nothing (an unknown
// member, an empty list); after that it is stable.
func FuzzDecode(f *testing.F) {
	// Short ones: the fuzzer spends its time on making long ones shorter.
	for _, seed := range []string{
		`null`, `{"schema":4}`, `{"schema":3,"minReader":2,"epoch":"e","new":[ 1e400],"attempt":{"txn":"t","new":{"a":1,"a":2},"settle":{"new":0}},"recent":[{"new":""},null]}`, `{"schema":1,"epoch":"e","model":{"workspaceId":"w"},"writes":["a"]}`,
		`{"schema":1,"epoch":"e","last":2,"pending":[{"number":2,"phase":"queued","deadline":"2026-05-31T06:00:00.5Z"}]}`,
		`{"schema":1,"epoch":"e","last":1,"pending":[{"number":1,"shape":{"applyRefreshPolicy":false},"tuning":{"retryCount":1},"tries":[{"intent":"0001-01-01T00:00:00Z"}]}],"attempt":{"txn":"t","serves":[1]}}`,
		`{"schema":1,"epoch":"e","attempt":{"txn":"t","sendBy":"2026-05-31T06:00:00+23:59","settle":{"known":[]}}}`,
		`{"schema":1,"epoch":"e","durations":[{"shape":"\u001e","length":-1}],"foreign":{},"hold":null,"recent":[{"fault":{"code":"\ud800"}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		s, err := Decode(doc)
		if err != nil {
			return
		}
		if !json.Valid(doc) {
			t.Error("it is read, and is no JSON")
		}
		first := mustEncode(t, s)
		again, err := Decode(first)
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v\n%s", err, first)
		}
		second := mustEncode(t, again)
		third, err := Decode(second)
		if err != nil || !bytes.Equal(second, mustEncode(t, third)) || !third.Same(again) {
			t.Errorf("it is not stable (%v):\n%s\n%s", err, first, second)
		}
		again.Attempt, s.Attempt = nil, nil // an empty list in it may go
		if !again.Same(s) {
			t.Errorf("it changed:\n%s\n%s", first, second)
		}
	})
}
