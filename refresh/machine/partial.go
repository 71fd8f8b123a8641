package machine

import (
	"slices"
	"strings"
)

// partialBatch commits each object by itself: a refresh that fails may have done some
// of them (documented: Asynchronous refresh with the REST API). Any other mode is one
// transaction, whatever a failed refresh says of its objects.
const partialBatch = "PartialBatch"

// wanted is what is left to be done for an operation: what it asked for, without what
// an earlier attempt has committed. That one began after all whom the operation has to
// be fresh for: who joined later (whenBusy: join) is content with what had begun.
func (op *Operation) wanted() Shape {
	s := op.Shape
	if len(op.Done) == 0 {
		return s
	}
	s.Objects = nil
	for i, o := range op.Shape.Objects {
		if !slices.Contains(op.Done, i) {
			s.Objects = append(s.Objects, o)
		}
	}
	return s
}

// credit remembers what a failed attempt has done for an operation, as far as Power BI
// tells of each object that was left to do: then only the rest is tried again.
//
// What it does not tell, or tells in other words than it was asked (a table by its
// partitions), counts for nothing, and everything is tried again. So it is for the
// whole model: whether the details of a refresh list all tables is unverified. And so
// it is if nothing failed, and yet the refresh did: then the details cannot be right,
// or it failed by what others asked for, and success has to be shown by a success.
func (op *Operation) credit(row Row) {
	if op.Shape.CommitMode != partialBatch || row.State != RowFailed {
		return
	}
	var done []int
	for i, o := range op.Shape.Objects {
		if slices.Contains(op.Done, i) {
			continue
		}
		told, completed := statusOf(row.Objects, o)
		if !told {
			return
		}
		if completed {
			done = append(done, i)
		}
	}
	if len(op.Done)+len(done) < len(op.Shape.Objects) {
		op.Done = append(op.Done, done...)
	}
}

// statusOf reports whether the details tell of an object, and whether it has
// completed. One that is listed twice has only if it says so each time.
func statusOf(list []Progress, o Object) (told, completed bool) {
	for _, p := range list {
		if p.Table != o.Table || p.Partition != o.Partition || p.Status == "" {
			continue
		}
		done := strings.EqualFold(p.Status, "Completed")
		told, completed = true, done && (completed || !told)
	}
	return told, completed
}

// progress is what of the progress of an attempt is about what the operation asked
// for, and what earlier attempts have done of that.
func (op *Operation) progress(all []Progress) []Progress {
	own := op.wanted().own(all)
	for _, i := range op.Done {
		o := op.Shape.Objects[i]
		own = append(own, Progress{Table: o.Table, Partition: o.Partition, Status: "Completed"})
	}
	return own
}

// own returns what of the progress of an attempt is about what the operation asked for.
func (a Shape) own(all []Progress) []Progress {
	if a.whole() {
		return all
	}
	var own []Progress
	for _, p := range all {
		if slices.ContainsFunc(a.Objects, func(o Object) bool {
			return o.Table == p.Table && (o.Partition == "" || o.Partition == p.Partition)
		}) {
			own = append(own, p)
		}
	}
	return own
}
