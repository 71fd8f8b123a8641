package machine

import (
	"cmp"
	"slices"
)

// batch decides whom the next attempt serves, and what it does: the oldest pending
// operation, and those after it that the same POST can serve. No operation starves: the
// oldest is always served, and one that arrives later is part of a later attempt only.
//
// All of them arrived before the intent, so the refresh is fresh for each.
func (s *State) batch() ([]int64, Shape) {
	head := &s.Pending[0]
	serves, shape := []int64{head.Number}, head.wanted()
	room := s.roomForTries() // they may fail together, again and again
	for i := range s.Pending[1:] {
		op := &s.Pending[1+i]
		if len(serves) > room || !head.canMerge(op) {
			continue
		}
		if wider, ok := shape.with(op.wanted()); ok {
			serves, shape = append(serves, op.Number), wider
		}
	}
	return serves, shape
}

// canMerge reports whether one POST may serve both operations, if their objects allow it:
// type, options and tuning are the same.
func (op *Operation) canMerge(other *Operation) bool {
	return !op.NoMerge && !other.NoMerge && !other.Cancel && op.Fallback == other.Fallback &&
		op.Tuning.equals(other.Tuning) && op.Shape.sameExceptObjects(other.Shape)
}

func (t Tuning) equals(other Tuning) bool {
	return t.Timeout == other.Timeout && equalPointers(t.MaxParallelism, other.MaxParallelism) && equalPointers(t.RetryCount, other.RetryCount)
}

// with returns the shape that does what a and b ask for, if one refresh should.
//
// Tables are not widened to the whole model: who asked for little would wait for
// much. Nor does one request name a table and a partition of it, unless a caller asked
// for that: whether Power BI then refreshes it once, twice or not at all is unverified.
func (a Shape) with(b Shape) (Shape, bool) {
	switch {
	case a.covers(b):
		return a, true
	case a.whole() || b.whole() || !a.sameExceptObjects(b):
		return a, false
	}
	wider := a
	wider.Objects = slices.Concat(a.Objects, b.Objects)
	slices.SortFunc(wider.Objects, func(x, y Object) int {
		return cmp.Or(cmp.Compare(x.Table, y.Table), cmp.Compare(x.Partition, y.Partition))
	})
	wider.Objects = slices.Compact(wider.Objects)
	if len(wider.Objects) > maxObjects || wider.Size() > MaxShape || wider.doubled() {
		return a, false
	}
	return wider, true
}

// doubled reports whether a table is named as a whole and by a partition. The objects
// are sorted: the whole table comes first.
func (a Shape) doubled() bool {
	whole := ""
	for _, o := range a.Objects {
		if o.Partition == "" {
			whole = o.Table
		} else if o.Table == whole {
			return true
		}
	}
	return false
}
