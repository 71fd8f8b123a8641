package machine

import (
	"slices"
	"testing"
)

// objects reads "A,B/1": the table A, and the partition 1 of B.
func objects(names ...string) []Object {
	var list []Object
	for _, name := range names {
		o := Object{Table: name}
		if i := slices.Index([]byte(name), '/'); i >= 0 {
			o = Object{Table: name[:i], Partition: name[i+1:]}
		}
		list = append(list, o)
	}
	return list
}

func full(names ...string) Shape {
	return Shape{Kind: Enhanced, Type: "Full", CommitMode: "Transactional", Objects: objects(names...)}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		done     Shape // what is refreshed
		asked    Shape
		covers   bool
		reversed bool // asked covers done
	}{
		{"the model and itself", full(), full(), true, true},
		{"the model and a table", full(), full("A"), true, false},
		{"the model and tables", full(), full("A", "B"), true, false},
		{"the model and a partition", full(), full("A/1"), false, false},
		{"the model and a partition among tables", full(), full("A", "B/1"), false, false},
		{"a table and itself", full("A"), full("A"), true, true},
		{"a table and another", full("A"), full("B"), false, false},
		{"a table and the same in another case", full("A"), full("a"), false, false},
		{"two tables and one", full("A", "B"), full("B"), true, false},
		{"two tables and a third besides", full("A", "B"), full("B", "C"), false, false},
		{"a table and its partition", full("A"), full("A/1"), false, false},
		{"a partition and itself", full("A/1"), full("A/1"), true, true},
		{"a partition and another", full("A/1"), full("A/2"), false, false},
		{"a partition and the same name elsewhere", full("A/1"), full("B/1"), false, false},
		{"partitions and some of them", full("A/1", "A/2", "B"), full("A/2", "B"), true, false},
		{"a standard refresh and itself", Shape{Kind: Standard}, Shape{Kind: Standard}, true, true},
		{"auto and standard", Shape{Kind: Auto}, Shape{Kind: Standard}, false, false},
		{"auto and enhanced", Shape{Kind: Auto}, full(), false, false},
	} {
		if got := tc.done.covers(tc.asked); got != tc.covers {
			t.Errorf("%s: %t", tc.name, got)
		}
		if got := tc.asked.covers(tc.done); got != tc.reversed {
			t.Errorf("%s, the other way round: %t", tc.name, got)
		}
	}
}

// Whatever a refresh does differently, it does not do what was asked for.
func TestCoversOnlyTheSameTreatment(t *testing.T) {
	t.Parallel()
	base := full()
	base.ApplyPolicy, base.EffectiveDate = new(true), "2026-05-31"
	same := full("A")
	same.ApplyPolicy, same.EffectiveDate = new(true), "2026-05-31" // another pointer to an equal value
	if !base.covers(same) || !base.sameExceptObjects(same) {
		t.Error("got no cover of a shape that differs in its objects only")
	}
	for name, change := range map[string]func(*Shape){
		"kind":        func(s *Shape) { s.Kind = Standard },
		"type":        func(s *Shape) { s.Type = "DataOnly" },
		"commit mode": func(s *Shape) { s.CommitMode = "PartialBatch" },
		"policy":      func(s *Shape) { s.ApplyPolicy = new(false) },
		"no policy":   func(s *Shape) { s.ApplyPolicy = nil },
		"date":        func(s *Shape) { s.EffectiveDate = "2026-06-01" },
		"no date":     func(s *Shape) { s.EffectiveDate = "" },
	} {
		other := same
		change(&other)
		if base.covers(other) || other.covers(base) || base.sameExceptObjects(other) || other.sameExceptObjects(base) {
			t.Errorf("another %s, and covered", name)
		}
	}
}

// Everything covers itself, and what covers the coverer covers the covered.
func TestCoversIsAnOrder(t *testing.T) {
	t.Parallel()
	var shapes []Shape
	for bits := range 32 {
		var names []string
		for i, name := range []string{"A", "B", "A/1", "A/2", "B/1"} {
			if bits>>i&1 == 1 {
				names = append(names, name)
			}
		}
		shapes = append(shapes, full(names...))
	}
	for _, a := range shapes {
		if !a.covers(a) {
			t.Errorf("%v does not cover itself", a.Objects)
		}
		for _, b := range shapes {
			for _, c := range shapes {
				if a.covers(b) && b.covers(c) && !a.covers(c) {
					t.Errorf("%v covers %v, which covers %v, which is not covered", a.Objects, b.Objects, c.Objects)
				}
			}
		}
	}
}

func TestPlainAndWhole(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		shape        Shape
		plain, whole bool
	}{
		{Shape{Kind: Auto}, true, true},
		{Shape{Kind: Standard}, true, true},
		{Shape{Kind: Enhanced}, true, true},
		{Shape{Kind: Enhanced, Type: "Full"}, false, true},
		{Shape{CommitMode: "Transactional"}, false, true},
		{Shape{ApplyPolicy: new(false)}, false, true},
		{Shape{EffectiveDate: "2026-05-31"}, false, true},
		{Shape{Objects: objects("A")}, false, false},
	} {
		if tc.shape.Plain() != tc.plain || tc.shape.whole() != tc.whole {
			t.Errorf("%+v: plain %t, whole %t", tc.shape, tc.shape.Plain(), tc.shape.whole())
		}
	}
}

// Statistics of different work must not be mixed up, whatever the tables are called.
func TestShapeKeysDiffer(t *testing.T) {
	t.Parallel()
	keys := map[string]Shape{}
	for _, s := range []Shape{
		{}, {Type: "Full"}, {Type: "DataOnly"}, full("A"), full("A/1"), full("A1"), full("A", "B"), full("A", "1"), full("AB"), full("A/B"), full("B", "A"),
	} {
		key := s.Key()
		if other, there := keys[key]; there && s.Type != "Full" {
			t.Errorf("%+v and %+v have one key", s, other)
		}
		keys[key] = s
	}
	if len(keys) != 11 {
		t.Errorf("%d keys of 11 shapes", len(keys))
	}
	if full("A").Key() != (Shape{Kind: Auto, Type: "Full", Objects: objects("A"), EffectiveDate: "x"}).Key() {
		t.Error("how it was asked for is no part of the key")
	}
}

// A document's size is bounded by the sizes of its shapes: they must not be
// underrated by much.
func TestShapeSize(t *testing.T) {
	t.Parallel()
	for _, s := range []Shape{{Kind: Auto}, full("A"), full("Sales/2026", "Customers"), full(slices.Repeat([]string{"Table/Partition"}, 500)...)} {
		doc := mustEncode(t, State{Schema: 1, Pending: []Operation{{Shape: s}}})
		bare := mustEncode(t, State{Schema: 1, Pending: []Operation{{}}})
		if real := len(doc) - len(bare); s.Size() < real-80 || s.Size() > 2*real+80 {
			t.Errorf("%d objects take %d bytes and are taken for %d", len(s.Objects), real, s.Size())
		}
	}
}
