// Package lease is the port to where pbirefresh keeps its state: named
// documents, each of which carries a lease that serves as a distributed mutex.
//
// The package has three parts. [Store] is the port: eight small operations with
// the semantics of Azure Blob storage, implemented by [Memory] here and by
// package lease/bloblease on the real service; package lease/leasetest holds the
// conformance suite that both pass. [Section] is the protocol on top of the port:
// a critical section on one document, with a trust window, a fenced commit and
// the resolution of ambiguous writes. Names of documents are slash-separated
// paths, as blob names are.
//
// # What the lease gives
//
// The lease only keeps work from being done twice. Safety is the two conditions
// on every write: the lease id *and* the version (ETag) that the writer read.
// A holder that was paused past the end of its lease still believes that it
// holds it; its write names a lease that is gone and a version that has changed,
// and is refused with [ErrLost]. The lock and the resource are one document, so
// nothing else needs a fencing token.
//
// # States of a lease
//
//	free      nobody has it: an acquire takes it
//	held      a section has it, for at most [Duration]; its end frees the document
//	late      a try of an acquire has no answer and may still land: its id is released
//	          again and again until every try is answered, or for one Duration after
//	          the last one was sent, also if the last one was answered 404 or 409, and
//	          also after a section that another try let in
//	dead      its holder died, or froze, or a release was lost: it ends by itself
//	endless   another tool or a person took it without an end ([Document].Endless):
//	          only breaking it frees the document
//
// # The invariant
//
// A caller who waits for a lease waits longer than [Outlast], which is the shortest
// lease that the service allows, the margin, and five seconds. So no holder that died,
// froze or was slow costs a caller its request. Packages that wait check their constants
// against Outlast where they are compiled.
//
// # Three outcomes
//
// A write has three outcomes: done (nil), not done (any error but the next) and
// unknown ([ErrUnknown]: the request may have landed, or may still). An implementation
// never retries a write by itself, because a retry turns "done, answer lost" into a
// conflict. [Section.Commit] resolves an unknown outcome by evidence: the
// document carries the writer's transaction, or the version has changed without
// it, or the lease id is confirmed released (a delayed write that names it must
// then fail) and the version has not changed. Every other operation without an answer
// is ErrUnknown as well: it says nothing about the storage and can be repeated.
//
// # Time
//
// [Grant].Date and [Document].Date are the storage service's clock. A section
// reports that clock plus the local monotonic time since, so that one instance's
// wrong wall clock decides nothing. The section trusts itself until the local
// monotonic *or* the wall clock says that the lease may have ended, counted from
// before the acquire was sent: a suspended machine may stop the monotonic clock,
// an adjusted one may turn the wall clock back, and hardly both.
//
// # Not guaranteed
//
// Fairness between processes is not: a busy document is taken by the process that asks
// at the right moment, with jittered waits between tries. A document that an
// operator deletes or edits by hand is outside the protocol. The service may keep a
// lease up to a minute past its end (documented, not seen), and the network may deliver
// an acquire more than one Duration after it was sent; each adds up to its own time to
// the wait, which may then exceed a caller's. The caller gets 503 with Retry-After.
package lease
