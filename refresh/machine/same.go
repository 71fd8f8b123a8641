package machine

import (
	"reflect"
	"time"
)

// Same reports whether two states would be the same document except for the list
// of writes. Nothing is written for a state that did not change.
func (s State) Same(t State) bool {
	s.Writes, t.Writes = nil, nil
	s.Schema, s.MinReader = Raised(s.Schema, s.MinReader)
	t.Schema, t.MinReader = Raised(t.Schema, t.MinReader)
	return alike(reflect.ValueOf(s), reflect.ValueOf(t))
}

// alike reports whether two values of one type, of those that are stored, are the same in
// JSON.
func alike(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Pointer:
		return a.IsNil() == b.IsNil() && (a.IsNil() || a.Pointer() == b.Pointer() || alike(a.Elem(), b.Elem()))
	case reflect.Slice:
		for i := range min(a.Len(), b.Len()) {
			if !alike(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return a.Len() == b.Len()
	case reflect.Map: // of members that are not known
		return a.Len() == 0 && b.Len() == 0 || reflect.DeepEqual(a.Interface(), b.Interface())
	case reflect.Struct:
		return alikeStructs(a, b)
	default:
		return a.Equal(b)
	}
}

func alikeStructs(a, b reflect.Value) bool {
	if a.Type() == timeType {
		t, _ := a.Interface().(time.Time)
		u, _ := b.Interface().(time.Time)
		_, zoneT := t.Zone()
		_, zoneU := u.Zone()
		return t.Equal(u) && zoneT == zoneU
	}
	for i := range a.NumField() {
		if a.Type().Field(i).IsExported() && !alike(a.Field(i), b.Field(i)) {
			return false
		}
	}
	return true
}
