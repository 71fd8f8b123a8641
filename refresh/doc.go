// Package refresh is the domain: it turns requests for refreshes of Power BI
// semantic models into refreshes, one at a time for each model, and reports to
// every caller the result of its own request.
//
// Two packages share the work. Package machine decides; it is pure, and its package doc has
// the states, the invariants and the rules of stored documents. The [Coordinator] here
// carries out what was decided, against a lease.Store and an [Upstream]. All processes on
// one store are equal, none is elected, and any of them may die at any time.
//
// The files, from the top down; a file calls those below it (TestCallsGoDown):
//
//	coordinator, sweep, models requests, the timer, the list of models
//	watch, status              callers who wait for an end, or ask once
//	rotate, sealed, open       status keys and status URLs
//	advance                    a job for the queue of a model, and its answer
//	enter, step, decide        a stay under the lease: feed events, save, carry out
//	doubt, effects, ended      what else happens under it: calls to Power BI, hooks
//	archive, repeats, keyed    what has ended, idempotency keys
//	log                        lines for people and for alerts
//	section, watcher, leases   one stay; who is shown what; who holds the lease
//	queue, streams, reader     who waits for a model, and who reads it
//	notice, records            between the write that admits a request and its answer
//	config, request            a coordinator, and what it is asked
//	finished, decoded          what is remembered
//	statuskeys, link, id       ids and signatures
//	upstream, upstream_answer  Power BI
//	port, idle, answered, names, errors, limits
//
// # One step
//
//	enter   acquire the model's lease and read its document, at the same time
//	decide  feed every event that waits, then one Tick: the next state, and effects
//	save    commit the next state under the lease, if it differs
//	do      carry out the effects; what comes of them are events again
//
// The order save, then do, is what everything rests on. An intent to POST is in
// the document before the POST leaves; a process that dies in between leaves an
// intent that others will see, wait out, and resolve by looking.
//
// # Who moves a model forward
//
// [Coordinator.Trigger], [Coordinator.Status] if the next step is due (once for
// each due time in a process), and [Coordinator.Sweep]. All take the same step.
//
// # Long calls
//
// A call to Power BI keeps the lease for two seconds. Then the lease is given
// back and the call goes on; its result is fed under a lease of its own, however
// long that takes. Meanwhile the saved stage "starting" reserves the model. So a POST
// may take longer than its caller waits: 150 s, since a capacity that wakes was seen to
// answer after 100 s.
//
// # Callers and leases
//
// A caller waits 45 s from its arrival, for its turn in the queue and for the lease, and
// is answered within 55 s. That is longer than any lease lasts ([lease.Outlast]) and less
// than the minute of Data Factory's WebHook activity; constants that break this do not
// compile. Requests to the storage without an answer are tried again meanwhile. A write
// that may have admitted callers is looked for under the next lease. A lease without an
// end is none of ours and is refused at once ([LeaseError]).
//
// # Throttling
//
// Starts and reads are throttled apart, on three levels. The client of a process sends
// nothing of a kind, for any model, before the time that Power BI named; then one call
// goes first. The document of a model holds that time (Hold, LookAt), for every process
// and however long it is, and up to a tenth more, another part of it for each model: no
// storm when it ends. So a process that is throttled for the first time learns it from the
// calls that it has under way, and not from a call for each model. No refresh waits for reads to be possible but
// one whose model is occupied as far as is known. What is known of a workspace's capacity
// is believed for longer while reads of that are throttled.
//
// # Waiting
//
// [Coordinator.Wait] holds a caller until its operation ends. Those who wait for a model
// share one watcher, which reads the document once a second, takes the step when it is
// due, and ends with the last of them. What this process saves is shown to them at once.
//
// # Sharing
//
// In one process, all that waits for a model shares one lease and one write; all
// who read it share the next read, at most four a second. A caller who can share
// an operation as it stands in a read that was sent after it arrived costs no
// write and no lease. Callers are detached: one that leaves cancels nothing.
//
// No caller weakens what another one was promised. A shared operation is tried as long
// and as often as the most demanding of its callers wants, which a write extends if
// need be. A caller with a queueTimeout, or one that wants a refusal if the model is
// busy, shares only with callers who want the same at about the same time. The others
// get an operation of their own.
//
// # Keys
//
// Requests of one [machine.Key] are one request. Two blobs, neither of which ever changes,
// have names that follow from the key, so that nothing is listed:
//
//	claim    made before anything else: what was asked for, and a ticket
//	pointer  made before the answer: the operation
//
// A ticket is a number in a stream of one process and model ([machine.Ticket]). An operation
// in the document has the tickets that were admitted to it, as runs of numbers: room for a
// process, not for each key. The states of a key, and what a repetition finds after a crash:
//
//	free      no claim. The repetition is the first request
//	claimed   no operation has the ticket. It is admitted with the ticket of the claim
//	admitted  an operation in the document has the ticket. It makes the pointer
//	pointed   It is answered with the operation of the pointer
//
// A key becomes claimed by a create that succeeds once; admitted by the write of the
// document, under the lease; pointed by a create that succeeds once. So:
//
//  1. All answers of a key name the operation of its pointer: the first one made decides.
//  2. A ticket is admitted once. Under the lease it is looked up in the document, and the
//     pointer too, unless no operation can have left the document since the request itself
//     made the claim: then no other request can have been admitted with it.
//  3. A claim that an earlier version made has no ticket. The operation carries a mark of
//     such a key, and its pointer is made at the latest before it leaves the document.
//
// A key costs a caller two requests to the storage more. Its pointer is made while Power BI
// is being asked. Claims and pointers are deleted by a rule of the storage, when the status
// URLs have ended.
//
// # Not guaranteed
//
//   - A POST that the network delays past the settle window starts a refresh that
//     no operation expects; only Power BI's own serialisation stops it then. It
//     occupies the model as soon as its id or the history shows it.
//   - An enhanced refresh of the whole model whose 202 was lost is not adopted, nor one of
//     tables that may have a policy: neither the history nor the details of a row say
//     all of what was refreshed (machine/details.go). It is waited for, and asked for again.
//   - A key whose operation leaves the document before its pointer is made, because its
//     process died or stood still and no repetition came: a repetition is another refresh.
//   - Deleting the state container loses every promise made; deleting the records of a
//     key, what it stood for.
//   - Cancelled shares of one operation are remembered up to a bound.
package refresh
