package httpjson

import (
	"fmt"
	"slices"
	"strings"
)

// check looks at every value of a text for what only a look at names and strings shows.
func check(v Value) error {
	switch v.Type() {
	case Object:
		return checkObject(v)
	case Array:
		i := 0
		for item := range v.Items() {
			if err := check(item); err != nil {
				return below(err, fmt.Sprintf("[%d]", i))
			}
			i++
		}
	case String:
		return checkString(v)
	case Number, Literal:
	}
	return nil
}

func checkObject(v Value) error {
	for m := range v.Members() {
		name := cursor{v.text, m.Start}
		if err := checkString(name.value()); err != nil {
			return err
		}
		if err := check(m.Value); err != nil {
			return below(err, "."+m.Name)
		}
	}
	return checkNames(v)
}

// checkNames sorts the names: a map would cost more than the text.
func checkNames(v Value) error {
	var few [16]string
	names := few[:0]
	if n := v.Len(); n > len(few) {
		names = make([]string, 0, n)
	}
	for m := range v.Members() {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return &Error{Kind: Duplicate, Offset: second(v, names[i]), Path: "." + names[i], Reason: "a member is there twice: keep one"}
		}
	}
	return nil
}

// second is where the second member of that name begins.
func second(v Value, name string) int {
	last, n := v.start, 0
	for m := range v.Members() {
		if m.Name == name && n < 2 {
			last, n = m.Start, n+1
		}
	}
	return last
}

// below adds a step to the path of an error, on the way up to the root.
func below(err error, step string) error {
	if e, ok := err.(*Error); ok && e.Kind == Duplicate { //nolint:errorlint // made here, never wrapped
		e.Path = step + e.Path
	}
	return err
}

// checkString refuses half of a surrogate pair: readers replace it, and two names become one.
func checkString(v Value) error {
	if raw := v.Raw(); strings.IndexByte(raw, '\\') >= 0 {
		if _, whole := unescape(raw[1 : len(raw)-1]); !whole {
			return &Error{Kind: Charset, Offset: v.start, Reason: `a string has half of a surrogate pair (\ud800 to \udfff), which no charset has: send the text as UTF-8`}
		}
	}
	return nil
}
