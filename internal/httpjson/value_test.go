package httpjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func mustParse(t *testing.T, text string) Value {
	t.Helper()
	v, err := Parse([]byte(text), depth)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return v
}

func TestValues(t *testing.T) {
	t.Parallel()
	v := mustParse(t, "\ufeff { \"s\" : \"a\\\"\\u00e9\\/\" , \"n\" : -1.5E+3 , \"l\" : [ 1 , [ ] , { } ] , \"t\" : true , \"z\" : null , \"\\u0062\" : \"]}\" } ")
	for _, tc := range []struct {
		name string
		want Type
		raw  string
		len  int
	}{
		{"s", String, `"a\"\u00e9\/"`, 0}, {"n", Number, "-1.5E+3", 0}, {"l", Array, "[ 1 , [ ] , { } ]", 3},
		{"t", Literal, "true", 0}, {"z", Literal, "null", 0}, {"b", String, `"]}"`, 0},
	} {
		m := v.Member(tc.name)
		if m.Missing() || m.Type() != tc.want || m.Raw() != tc.raw || m.Len() != tc.len {
			t.Errorf("%s: got %s %q of %d, want %s %q of %d", tc.name, m.Type(), m.Raw(), m.Len(), tc.want, tc.raw, tc.len)
		}
	}
	if s, ok := v.Member("s").Text(); s != `a"é/` || !ok {
		t.Errorf("got the text %q, %v", s, ok)
	}
	if _, ok := v.Member("n").Text(); ok {
		t.Error("got a text of a number")
	}
	if m := v.Member("x"); !m.Missing() || !m.Null() || m.Type() != Literal || m.Len() != 0 || !m.Member("y").Missing() {
		t.Errorf("got %+v for a member that is missing", m)
	}
	if !v.Member("z").Null() || v.Member("z").Missing() || v.Member("t").Null() || v.Len() != 6 {
		t.Error("null is not null, or something else is")
	}
	for m := range v.Members() { // the loop may break
		if m.Name != "s" || m.Start != 6 || m.Value.Offset() != 12 {
			t.Errorf("got %q at %d, its value at %d", m.Name, m.Start, m.Value.Offset())
		}
		break
	}
}

// FuzzParse: what passes is what encoding/json reads, member by member, and loses nothing.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[{"b":1,"c":"d"}]}`, `{"a":1,"a":2}`, `[[[[]]]]`, `{"a":1}x`, `"x"`, ` `, `{"\u0061":1,"a":2}`,
		"{\"\xff\":1,\"\xfe\":2}", "\ufeff{}", `["\ud83d\ude00\ud800",1.5e-3,true]`, `{"a" : "\\" , "b":null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Parse(text, depth)
		if err != nil {
			if e := describe(err); strings.Contains(e, "<nil>") || len(err.Error()) > 200 {
				t.Errorf("a poor error: %q", e)
			}
			return
		}
		d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, byteOrderMark)))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatalf("%q passes: %v", text, err)
		}
		if got := decoded(v); fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
			t.Errorf("%q\ngot  %#v\nwant %#v", text, got, want)
		}
	})
}

// decoded is a value as encoding/json has it.
func decoded(v Value) any {
	switch v.Type() {
	case Object:
		o := map[string]any{}
		for m := range v.Members() {
			o[m.Name] = decoded(m.Value)
		}
		return o
	case Array:
		a := []any{}
		for item := range v.Items() {
			a = append(a, decoded(item))
		}
		return a
	case String:
		s, _ := v.Text()
		return s
	case Number:
		return json.Number(v.Raw())
	case Literal:
	}
	return map[string]any{"null": nil, "true": true, "false": false}[v.Raw()]
}
