package machine

import (
	"slices"
	"strings"
)

// partialBatch commits each object by itself: a refresh that fails may have done some
// of them (documented: Asynchronous refresh with the REST API). Any other mode is one
// transaction, whatever a failed refresh says of its objects.
const partialBatch = "PartialBatch"

// wanted returns what is left to do for an operation: what it asked for, without what an
// earlier attempt has committed. That attempt began after all its callers had arrived,
// except those with whenBusy: join, who accept a refresh that had begun.
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

// credit remembers what a failed attempt has committed for an operation, if the details
// show the status of each object that was left to do: then only the rest is tried again.
//
// If an object is missing, or listed in other words than in the request (a table by its
// partitions), nothing counts and everything is tried again. The same holds for the whole
// model: whether details list all tables is unverified. And it holds if all objects of a
// failed refresh have completed: then the details are wrong, or it failed because of the
// objects of others.
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

// statusOf reports whether the details list an object, and whether it has completed. An
// object that is listed twice has completed only if each entry says so.
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

// progress returns the part of an attempt's progress that is about the operation's
// objects, and what earlier attempts have committed of them.
func (op *Operation) progress(all []Progress) []Progress {
	own := op.wanted().own(all)
	for _, i := range op.Done {
		o := op.Shape.Objects[i]
		own = append(own, Progress{Table: o.Table, Partition: o.Partition, Status: "Completed"})
	}
	return own
}

// own returns the part of an attempt's progress that is about the objects of the shape.
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
