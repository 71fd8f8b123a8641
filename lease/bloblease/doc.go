// Package bloblease is the lease.Store on Azure Blob storage: one block blob a
// document, the blob's own lease, its ETag as the version.
//
// # One call, one request
//
// Every operation is exactly one HTTP request, plus its retries and a repeat after
// a 401 that asks for another token. Read, Acquire, Release, Delete, List and Ping
// are retried by the SDK, at most twice and within a quarter of a second each,
// because a section holds a lease meanwhile. They can be: an acquire repeats the
// same id, which the service lets in, and a release that finds no lease has done
// its work, as has a deletion that finds no blob. Create and Write are never
// retried. Two things cost more requests: a container that is missing, which is
// made at the first Create or by Ping, and a Delete that is refused, which asks
// whether the blob is there at all.
//
// # Outcomes
//
// An answer is judged by its status first. The service's error codes overlap
// (the documentation has a stale lease id as 409 in one table and 412 in
// another), and Azurite checks the ETag before the lease and the service, as it
// seems, after it.
//
//	            404          409, 412     other 4xx   5xx, 408     no answer
//	Read        ErrNotFound  not done     not done    not done     ErrUnknown
//	Create      not done     ErrExists    not done    ErrUnknown   ErrUnknown
//	Acquire     ErrNotFound  ErrHeld      not done    not done     ErrUnknown
//	Write       ErrLost      ErrLost      not done    ErrUnknown   ErrUnknown
//	Release     success      success      not done    not done     ErrUnknown
//	Delete      success      ErrLost      not done    not done     ErrUnknown
//	List        not done     not done     not done    not done     ErrUnknown
//
// An acquire whose earlier try has no answer, or was answered 5xx or 408, is ErrUnknown
// whatever its last try is answered, unless that succeeds. A try that has no answer in
// its time stays on its way while the next one is sent, for one lease.Duration, so that
// lease.Grant says when no try can land any more. Tries that are answered 5xx alone mean
// that the storage cannot be used now: "not done", and the id is released once.
//
// A 409 that speaks of the account, the container or the kind of blob is "not
// done" everywhere. "No answer" is unknown only if the request was handed to a
// connection: no token, no name resolution and no connection are "not done".
//
// # Permissions
//
// A managed identity needs the role "Storage Blob Data Contributor" on the
// account, or on the container if that exists already. Ping releases a lease id
// that is not in use: this changes nothing and needs the right to write.
//
// # Not guaranteed
//
// The facts about the service come from its documentation and from Azurite;
// nothing was observed on the real service. The service may keep an expired lease
// up to a minute longer (documented). That a read and a listing name an endless lease is
// documented (Get Blob, List Blobs) and seen on Azurite. Soft-deleted blobs, snapshots and blob
// versions are neither read nor listed.
package bloblease
