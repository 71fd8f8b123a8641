// Package history is an index of the operations by time, for people who ask what happened
// last night. It is written beside the audit records and read with a bounded number of
// listings, however many models and operations there are.
//
//	history/time/<day>/<second>/<operation's id>/<what>.json
//	history/models/<workspace>/<dataset>/<day>/<second>/<operation's id>/<what>.json
//	history/days/<date>.json      the index of that day was compared with the audit records
//
// Day and second are those of the operation's creation, counted backwards: the service
// lists blobs in the order of their names, so the newest operation comes first. What is
// "asked-<digest>" (some callers who share the operation, and their labels) or "ended"
// (the result). Both are created once and never written again. The content is in the
// metadata as well, so that one listing returns a thousand of them without a read.
//
// # Cost
//
// An operation costs four small writes more: asked and ended, under both prefixes. Callers
// who join at the same time share one "asked", or a few. A [Scan] makes at most [maxListings]
// listings and returns a cursor for the rest.
//
// # Repair
//
// The audit records are the truth. [Index.Repair] compares each of the last [repairDays]
// days with them, once, and writes what is missing: after a failed write, after the index
// was deleted, and for the time before there was an index.
//
// # Not guaranteed
//
//   - An operation whose "asked" could not be written is missing until it ends, and its
//     callers until the repair. The repair adds no single caller of a shared operation.
//   - An operation without an end on record may have ended a moment ago: ask the
//     coordinator.
//   - Long texts are cut, so that each content fits into the metadata of a blob.
//   - Lifecycle rules of the storage delete the blobs.
package history
