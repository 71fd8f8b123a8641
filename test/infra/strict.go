package checks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// strict decodes a value of a plan; names that the structure does not have are errors,
// and so is a name in another case: the services compare case, Go's decoder does not.
func strict(v any, into any) error {
	if err := sameNames(v, reflect.TypeOf(into).Elem()); err != nil {
		return err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func sameNames(v any, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			if err := sameNames(element, t.Elem()); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, member := range v {
			field, ok := fieldNamed(t, name)
			if !ok {
				return fmt.Errorf("unknown field %q", name)
			}
			if err := sameNames(member, field); err != nil {
				return err
			}
		}
	}
	return nil
}

func fieldNamed(t reflect.Type, name string) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for i := range t.NumField() {
		tag, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if tag == name {
			return t.Field(i).Type, true
		}
	}
	return nil, false
}
