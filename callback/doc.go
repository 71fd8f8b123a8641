// Package callback tells callers that an operation has ended, by a POST to the URL
// that each of them gave: callBackUri of the WebHook activity of Data Factory,
// Synapse and Fabric, callbackUrl of the HTTP Webhook of Logic Apps.
//
// It knows nothing of refreshes. Who has a callback to promise calls
// [Service.Register] before it answers; what is to be said, and whether it can be
// said yet, is asked of [Config].Outcome.
//
// # States of a record
//
// One document a callback, callbacks/{workspace}/{dataset}/{hash}.json:
//
//	register -> waiting -> sending -> delivered
//	              |  ^       |  ^ \-> abandoned
//	              +--+       +--+
//	           not ended     failed: again later
//
// The hash is of the operation's id and the URL, so that registering the same twice
// is once. The record holds the URL byte for byte until it is delivered or
// abandoned; what stays for a day after that is neither URL nor id.
//
// # One step
//
//	read    the record; nothing is due, or the operation has not ended: no more
//	claim   attempts + 1, due again in [claimFor], under the record's lease and version
//	send    one POST, which ends well before the claim does
//	save    delivered, abandoned, or due again
//
// A process that dies after the claim leaves a record that is due again when the
// claim ends. One that was held up between claim and send does not send. Decisions
// are in state.go, which is pure; the clock is the storage service's.
//
// # Who takes a step
//
// [Service.Ended], called when an operation of a model has ended, takes those of
// that model's records which wait, at once. [Service.Sweep] takes everything that is
// due, by the due metadata, for a bounded time, the longest due first. Nobody needs the
// process that registered the record.
//
// # What is guaranteed
//
// At least once: a registered callback is sent until the receiver answers 2xx, for
// 24 hours from when its operation was found to have ended. It is given up earlier
// only if the receiver refuses it: five times in a row with a 4xx other than 408 and
// 429, a redirect or an address that may not be called, or once with 410. How it went
// is told in the log, without the URL's path and query.
//
// # Not guaranteed
//
// Never exactly once: an answer that is lost, or a result that cannot be saved, has
// it sent again. Receivers of Microsoft take the first and refuse the second. Order
// between callbacks is not kept. Without the timer only the prompt first attempt is
// made. Deleting the state container voids the promise.
//
// # What may be called
//
// Callers choose the URL, so the URL is an attack ([Policy]). It must be https, on a
// host of the allowlist, without user, fragment and foreign port. The name is
// resolved here, every address of it is checked, and the connection goes to an
// address that was checked: a second answer of the name server comes too late.
// Redirects are not followed, proxies of the environment not used, cookies and
// credentials not sent; of the answer 4 KiB are read, and none are kept.
//
// The query is a credential of the receiver (a SAS signature). [URL] shows scheme
// and host to whatever prints it; only [URL.Exact] tells the rest.
package callback
