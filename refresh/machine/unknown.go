package machine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Unknown holds the members of an object that this version does not know: a newer one
// has written them. They stay with the object, byte for byte, and go when it goes.
//
// An object without a place for them says what is to be refreshed. Whoever ignores a
// part of that refreshes something else, so a document with such a part is left alone.
type Unknown map[string]json.RawMessage

var (
	unknownType = reflect.TypeFor[Unknown]()
	timeType    = reflect.TypeFor[time.Time]() // writes itself
)

// exactly reads doc into v, a pointer, and reports whether v knows all members, as
// nearly always.
func exactly(doc []byte, v any) bool {
	exact := json.NewDecoder(bytes.NewReader(doc))
	exact.DisallowUnknownFields()
	return exact.Decode(v) == nil && len(bytes.TrimSpace(doc[exact.InputOffset():])) == 0
}

// unmarshal reads doc into v, a pointer, with the members that v does not know.
func unmarshal(doc []byte, v any) error {
	if err := json.Unmarshal(doc, v); err != nil {
		return err
	}
	return collect(reflect.ValueOf(v).Elem(), doc)
}

// Marshal writes v with the members that it did not know when it was read.
func Marshal(v any) ([]byte, error) {
	doc, err := json.Marshal(v)
	if err != nil || !carries(reflect.ValueOf(v)) {
		return doc, err
	}
	return restore(reflect.ValueOf(v), doc)
}

// collect finds what of doc was not read into v.
func collect(v reflect.Value, doc []byte) error {
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return collect(v.Elem(), doc)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		return collectList(v, doc)
	case isObject(v):
		return collectMembers(v, doc)
	}
	return nil
}

func collectList(v reflect.Value, doc []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(doc, &list); err != nil {
		return err
	}
	if len(list) != v.Len() {
		return fmt.Errorf("a list is there twice, with %d and with %d elements", len(list), v.Len())
	}
	for i, element := range list {
		if err := collect(v.Index(i), element); err != nil {
			return err
		}
	}
	return nil
}

func collectMembers(v reflect.Value, doc []byte) error {
	var unknown map[string]json.RawMessage
	if err := json.Unmarshal(doc, &unknown); err != nil {
		return err
	}
	for name, field := range members(v) {
		if value, there := unknown[name]; there {
			if err := collect(field, value); err != nil {
				return err
			}
			delete(unknown, name)
		}
		for other := range unknown {
			if strings.EqualFold(other, name) {
				return fmt.Errorf("member %q is not %q", other, name) // encoding/json takes one for the other
			}
		}
	}
	place := v.FieldByName("Unknown")
	switch {
	case len(unknown) == 0:
	case !place.IsValid():
		return fmt.Errorf("%s %q: %w", strings.ToLower(v.Type().Name()), slices.Sorted(maps.Keys(unknown)), ErrNewer)
	default:
		place.Set(reflect.ValueOf(Unknown(unknown)))
	}
	return nil
}

// carries reports whether there is anything unknown below v.
func carries(v reflect.Value) bool {
	switch {
	case v.Kind() == reflect.Pointer:
		return !v.IsNil() && carries(v.Elem())
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		for i := range v.Len() {
			if carries(v.Index(i)) {
				return true
			}
		}
	case isObject(v):
		for i := range v.NumField() {
			if f := v.Field(i); f.Type() == unknownType && f.Len() > 0 || carries(f) {
				return true
			}
		}
	}
	return false
}

// restore puts what v did not know into doc, which is the rest of v.
func restore(v reflect.Value, doc []byte) ([]byte, error) {
	switch {
	case !carries(v):
		return doc, nil
	case v.Kind() == reflect.Pointer:
		return restore(v.Elem(), doc)
	case v.Kind() == reflect.Slice:
		return restoreList(v, doc)
	}
	return restoreMembers(v, doc)
}

func restoreList(v reflect.Value, doc []byte) ([]byte, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(doc, &list); err != nil {
		return nil, err
	}
	parts := make([][]byte, len(list))
	for i := range list {
		var err error
		if parts[i], err = restore(v.Index(i), list[i]); err != nil {
			return nil, err
		}
	}
	return slices.Concat([]byte("["), bytes.Join(parts, []byte(",")), []byte("]")), nil
}

func restoreMembers(v reflect.Value, doc []byte) ([]byte, error) {
	var known map[string]json.RawMessage
	if err := json.Unmarshal(doc, &known); err != nil {
		return nil, err
	}
	var parts [][]byte
	add := func(name string, value []byte) error {
		quoted, err := json.Marshal(name)
		parts = append(parts, slices.Concat(quoted, []byte(":"), value))
		return err
	}
	for name, field := range members(v) { // in the order of the fields, as encoding/json does
		if known[name] == nil {
			continue
		}
		value, err := restore(field, known[name])
		if err = errors.Join(err, add(name, value)); err != nil {
			return nil, err
		}
	}
	unknown := Unknown{}
	if place := v.FieldByName("Unknown"); place.IsValid() {
		unknown, _ = place.Interface().(Unknown)
	}
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		if err := add(name, unknown[name]); err != nil {
			return nil, err
		}
	}
	return slices.Concat([]byte("{"), bytes.Join(parts, []byte(",")), []byte("}")), nil
}

// isObject reports whether v is written as an object, member by member.
func isObject(v reflect.Value) bool {
	return v.Kind() == reflect.Struct && v.Type() != timeType
}

// members iterates over the fields of a struct by the names that they have in JSON.
func members(v reflect.Value) func(yield func(string, reflect.Value) bool) {
	return func(yield func(string, reflect.Value) bool) {
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if name != "-" && !yield(name, v.Field(i)) {
				return
			}
		}
	}
}
