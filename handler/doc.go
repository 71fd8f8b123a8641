// Package handler is the HTTP face of pbirefresh: the routes that the Functions
// host forwards, the words on the wire, and the one table that turns errors into
// answers.
//
//	POST        /api/refreshes                ask for a refresh: 202 and a status URL
//	GET         /api/refreshes/{id}?sig=      the status URL: 202 while it goes on, 200 Succeeded, 409 Failed or Canceled
//	GET         /api/operations               what happened: the operations, newest first (function key)
//	GET         /api/models                   the models: what runs and waits, last result, next start, durations (function key)
//	POST        /api/operations/{id}/rerun    a new operation with the options of an earlier one
//	GET         /api/operations/{id}          the same for callers with a key, by the id alone
//	POST,DELETE /api/operations/{id}/cancel?sig=  cancel one caller's share: 202; 410 if it has ended
//	POST        /api/operations/{id}/cancel-all  cancel for every caller of a shared operation (master key)
//	POST        /api/operations/{id}/cancel-for-all  the same for a caller to whom the policy gives cancel-all
//	GET         /api/schedules                the schedules, their next slots and last results
//	GET         /api/health                   the process lives
//	GET         /api/health/ready             each dependency can be used (the host asks for a function key)
//	GET         /api/doctor                   what is wrong between the app and a finished refresh (function key)
//	GET         /api/dashboard                the page (package dashboard), without data
//	GET         /api/openapi.json             the description of these routes
//	POST        /RefreshSweep                 the timer that moves refreshes forward
//	POST        /RefreshSchedule              the timer that starts what schedules say
//	GET         /                             the host's readiness probe: any answer will do
//
// # Rules
//
// Every answer is a small JSON object, application/json, never cached; lists can be had as
// CSV and NDJSON too. Errors
// that are not an operation's outcome have the shape {"error":{"code","message",
// "target","details"}} of the Azure REST guidelines and no "status" member; an
// operation that failed or was cancelled is a 409 whose body is the whole status
// document. What a caller can have got wrong is checked completely before
// anything is read or written, and one answer reports all of it.
//
// Routes are an exact allow-list. A path that would have to be decoded or cleaned first
// is a 404, never a redirect.
//
// Every answer names its request in x-ms-request-id and gives a sane
// x-ms-client-request-id back. Every error has its code in x-ms-error-code; a 429 or
// 503 says in Retry-After when to come again, in whole seconds up to 60, because
// clients of the Azure SDKs give up on longer ones. A status URL answers 202 with what
// is known while Power BI throttles or is away. HEAD is GET without the body. Other
// methods get a 405, OPTIONS included: the platform answers CORS. On routes without a
// key the host answers them itself, with a bare 404.
//
// Status URLs begin with the configured address, or with the caller's own host if that
// is on a list (base.go). A request may have one key that makes it repeatable (key.go).
//
// A request that names a callback is answered 200 at once, and its end is posted to
// the URL; see package callback.
//
// A status URL works without a key, because callers such as Power Automate poll it
// without one: its sig is the capability, and is never logged. The id is no secret. sig
// is in the query because the host's telemetry keeps the path of every request, and not the
// query (seen: recorded ingestion of Application Insights). Everything that changes an operation has a path of its own below
// /api/operations, so App Service authentication can leave status URLs open and
// nothing else.
//
// docs/callers.md has the contract by numbers, what each caller makes of it, and where
// their wishes conflict.
//
// # Not guaranteed
//
// Keys are the host's business: every route but status and health must be given
// authLevel function or admin in its function.json, and the port of this process must be
// reachable from the host alone (it listens on loopback). What the host forwards is not
// always the path that it has authorized. Timers' routes take only what looks like a
// timer's request (timer.go), the schedules, readiness and the doctor only a request with a key or a
// principal. A route that writes has no such second line: SECURITY.md. The host does not pass
// on that a client has left.
package handler
