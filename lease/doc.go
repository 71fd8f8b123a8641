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
// A holder that was paused past the end of its lease may still send a write. That write
// names a lease that has ended and a version that has changed, so the service refuses
// it, and the section returns [ErrLost]. The lock and the resource are one document, so
// nothing else needs a fencing token.
//
// # States of a lease
//
//	free      no lease: an acquire takes it
//	held      a section has it, for at most [Duration]; its end frees the document
//	late      a request of an acquire has no answer and may still land. Its id is released
//	          repeatedly until every request is answered, or for one Duration after the
//	          last one was sent. This holds also if the last one was answered 404 or 409,
//	          and after a section that another request of the same acquire opened
//	dead      its holder died or froze, or a release was lost: the lease expires
//	endless   another tool or a person took it without an end ([Document].Endless):
//	          only breaking it frees the document
//
// # The invariant
//
// A caller who waits for a lease waits longer than [Outlast]: the shortest lease that the
// service allows, the margin, and five seconds. So a holder that died, froze or was slow
// never makes a caller's request fail. Packages that wait check their constants against
// Outlast at compile time.
//
// # Three outcomes
//
// A write has three outcomes: done (nil), not done (any error but the next) and
// unknown ([ErrUnknown]: the request may have landed, or may still). An implementation
// never retries a write by itself, because a retry turns "done, answer lost" into a
// conflict. [Section.Commit] resolves an unknown outcome by one of three observations: the
// document carries the writer's transaction; the version has changed without it; or the
// lease id is confirmed released (a delayed write that names it must then fail) and the
// version has not changed. Every other operation without an answer returns ErrUnknown as
// well and can be repeated.
//
// # Time
//
// [Grant].Date and [Document].Date are the storage service's clock. A section
// reports that clock plus the local monotonic time since, so that a wrong wall clock of
// one instance has no effect. The section counts the lease as valid until the local
// monotonic *or* the wall clock shows that it may have ended, counted from before the
// acquire was sent: a suspended machine may stop the monotonic clock, and an adjusted one
// may turn the wall clock back; both at once are unlikely.
//
// # Not guaranteed
//
//   - Fairness between processes: the process whose request arrives first after a release
//     gets a busy document. Waits between requests have jitter.
//   - A document that an operator deletes or edits by hand is outside the protocol.
//   - The service may keep a lease up to a minute past its end (documented, not seen), and
//     the network may deliver an acquire more than one Duration after it was sent. Either
//     can make the wait longer than the caller's. The caller gets 503 with Retry-After.
package lease
