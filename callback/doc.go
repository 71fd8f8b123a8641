// Package callback reports the end of an operation to its callers, by a POST to the URL
// that each of them gave: callBackUri of the WebHook activity of Data Factory, Synapse
// and Fabric, callbackUrl of the HTTP Webhook of Logic Apps.
//
// It does not depend on refreshes. A request that asks for a callback is admitted with
// [Service.Admit] before anything is started, and the callback is saved with
// [Service.Register] before the request is answered. Whether an operation has ended, and
// what to post, comes from [Config].Outcome.
//
// # States of a record
//
// One document per callback, callbacks/{workspace}/{dataset}/{hash}.json:
//
//	register -> waiting -> sending -> delivered
//	              |  ^       |  ^ \-> abandoned
//	              +--+       +--+
//	           not ended     failed: again later
//
// The hash covers the operation's id, the caller and the URL, so that registering the
// same callback twice makes one record. The record holds the URL byte for byte until it
// is delivered or abandoned. The rest is kept for another day, without URL and id.
//
// # One step
//
//	read    the record; stop if nothing is due or the operation has not ended
//	claim   attempts + 1, due again after [claimFor], under the record's lease and version
//	send    one POST, which ends well before the claim does
//	save    delivered, abandoned, or due again
//
// A process that dies after the claim leaves a record that is due again when the claim
// ends. A process that was frozen between claim and send does not send. Decisions are in
// state.go, which is pure. The clock is the storage service's.
//
// # Who takes a step
//
// [Service.Ended], called after an operation of a model has ended, takes the steps of
// that model's waiting records at once, at most 16 at a time in a process. [Service.Sweep]
// takes every step that is due. Any process can take any step.
//
// # One sweep
//
//	read    the position, sweep/callbacks.json: where the last sweep stopped listing,
//	        whose turn it is, and how many callbacks wait
//	list    from there, at most 20 pages of 1,000 records, at most 10 s
//	order   what is due, by turns (below)
//	save    the next position
//	step    16 records at a time; none begins later than 15 s after the first
//
// Turns: every owner with due records gives one, then every owner again. An owner's
// records alternate over its models in the same way. Among the records of one owner and
// model, the one with the fewest attempts comes first, then the one that was due first.
// The owner is who asked for the callback: a signed-in user or application, else the
// function key. The record has a hash of it.
//
// The position is saved before the first step and counts the first 16 records as begun.
// A process that dies after that costs these records one turn. A sweep that dies before
// it repeats the same position. If the position is lost or unreadable, listing and turns
// begin again at the first record, which costs time and no callback.
//
// # Invariants
//
//  1. A record is sent only under a claim that no other process has.
//  2. A final record never changes, and has neither URL nor operation.
//  3. The order of a sweep depends on the due records and the position only, so that an
//     owner cannot move its own records forward by having more of them.
//
// # What is guaranteed
//
// At least once: a registered callback is sent until the receiver answers 2xx, for 24
// hours from when its operation was found to have ended. It is abandoned earlier only if
// the receiver rejects it: five times in a row with a 4xx other than 408 and 429, a
// redirect or an address that may not be called, or once with 410. The log reports each
// attempt, without the URL's path and query.
//
// In turn: let O be the number of owners with due records, M the number of models for
// which the record's owner has some, and K the number of its records for that owner and
// model that come first. A due record is begun at the latest in sweep number
//
//	O * M * (K+1) / 16, rounded up
//
// after it was listed, and it is listed within N/20,000 sweeps, rounded up, where N is
// the number of records (of those that wait and of the last 24 hours). So one owner with
// thousands of callbacks to receivers that never answer delays another owner's callback
// by no more than one of its own callbacks would.
//
// Bounded: at most [maxPerOwner] callbacks of an owner are waiting or being sent, and at
// most [maxPerOperation] of an owner wait for one operation. Admit refuses more before
// anything is started.
//
// # Not guaranteed
//
// Exactly once: if an answer is lost, or a result cannot be saved, the callback is sent
// again. Receivers of Microsoft accept the first and reject the second. Order between
// callbacks. Without the timer only the prompt first attempt is made. Deleting the state
// container voids the promise.
//
// The limits are exact only for one process between two sweeps. They count what the last
// complete listing found, and what this process admitted in the last one to two minutes:
// P processes may each admit up to the limit until the next sweep has counted. Without
// the timer nothing is counted but that.
//
// The prompt first attempt is not fair to owners: it goes to whichever model's end was
// listed first, and may find all 16 places taken. The sweep finds the record at most
// five minutes later. An owner's record with many attempts waits as long as the same
// owner has due records of the same model with fewer.
//
// # What may be called
//
// Callers choose the URL, so the URL may be an attack ([Policy]). It must be https, on a
// host of the allowlist, without user, fragment and foreign port. The name is resolved
// here, every address is checked, and the connection goes to a checked address: a second
// answer of the name server has no effect. Redirects are not followed, proxies of the
// environment not used, cookies and credentials not sent. At most 4 KiB of the answer are
// read, and none are kept.
//
// The query is a credential of the receiver (a SAS signature). [URL] prints scheme and
// host only; [URL.Exact] returns all of it.
package callback
