package powerbi

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// The types here read JSON that differs from the reference: Microsoft's own samples send
// booleans and numbers as strings. They never fail, so that one odd member does not hide
// the rest of an answer.

// text is a string, or the text of any other value.
type text string

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	b = bytes.TrimSpace(b)
	switch {
	case bytes.Equal(b, []byte("null")):
		*t = ""
	case json.Unmarshal(b, &s) == nil:
		*t = text(s)
	default:
		*t = text(b)
	}
	return nil
}

// flag is a boolean, also as a string. Anything else is false.
type flag bool

// UnmarshalJSON never fails.
func (f *flag) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseBool(strings.ToLower(strings.Trim(string(b), `" `)))
	*f = flag(err == nil && v)
	return nil
}

// number is an integer, also as a string. Anything else is 0.
type number int

// UnmarshalJSON never fails.
func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.Atoi(strings.Trim(string(b), `" `))
	if err != nil {
		v = 0
	}
	*n = number(v)
	return nil
}

// list is an array of objects. Elements that are not objects are dropped; anything
// else than an array is an empty list.
type list[T any] []T

// UnmarshalJSON never fails.
func (l *list[T]) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	*l = nil
	_ = json.Unmarshal(b, &raw) // only an array has elements
	for _, r := range raw {
		var v T
		if bytes.HasPrefix(bytes.TrimSpace(r), []byte("{")) && json.Unmarshal(r, &v) == nil {
			*l = append(*l, v)
		}
	}
	return nil
}
