// Package funchost is a fake of the Azure Functions host, for tests and for
// running the app on a developer's machine. It loads a staged app, starts its
// custom handler, forwards HTTP requests to it and fires its timers.
//
// It is held to azure-functions-host 4.1037 on .NET 8.0.34: TestHostCases runs what
// that host was seen to do (testdata/host-cases.json). Beyond the cases it follows
// the sources of azure-functions-host, azure-webjobs-sdk-extensions, ASP.NET and
// .NET of that time.
//
// # Loading
//
// A function is a direct child of the root with a function.json. The fake is
// stricter than the host, which skips in silence or logs: it refuses the whole
// app with one line when a function lies deeper, a name or a JSON document is
// bad, a member or a binding type is unknown, %SETTING% has no value, or the
// executable is missing or has no execute bit. App settings named
// AzureFunctionsJobHost__... override host.json, as they do in Azure.
//
// # The life of the handler
//
//	started -> probed: GET / every 25 ms, anything but a refused connection = ready -> serving -> gone
//
//	exit                            then
//	code 0                          not started again: later invocations fail with 500
//	code 200                        started again
//	any other, not ready in time,   started again at once; the third within 30
//	or mute when probed             minutes of the one before stops the host
//	function time-out               killed after a grace of 2 s and started again, not counted
//
// Every process of one host gets the same port and a new worker id. Invocations
// wait for readiness, at most four initialization time-outs; then the host stops.
// After functionTimeout the client gets a 500 in any case; a handler that answers
// within the grace lives. A host that stops lets requests and timers under way
// finish, for ShutdownTimeout; the end of the handler is always SIGKILL, with no
// signal and no call before it. The handler of a host that is killed lives on.
//
// The environment of the handler is what [Options] gives it, the variables that
// the host adds, and a few basics; never by accident all of the parent's.
//
// # HTTP
//
// A request passes these stages; each may end it with a status of its own.
//
//	parse      kestrel.go, target.go   a head that Kestrel refuses: 400, 405, 408, 414, 431, 505
//	decode     path.go                 each escape but %2F, then dot segments
//	match      route.go, constraint.go the first function by name that has method and route: else 404
//	authorise  auth.go, server.go      the first key counts: else 401; disabled: 404 without the master key
//	rebuild    uri.go, query.go,       System.Uri, a query without repeated names, no content headers: what
//	           forward.go              HttpClient cannot send (a chunked body, a bad Content-Type) is a 500
//	send       client.go               a request without a body up to four times, if no byte comes back
//	re-parse   answer.go, passon.go    lists become lines, Location and dates are written anew: what Kestrel
//	                                   cannot write (not ASCII, a 204 with a body) is a 500
//	answer     reply.go                Date, Server, Connection, framing; the handler's own
//	                                   Transfer-Encoding is passed on without framing, and breaks the message
//
// Requests and answers are read as a whole. A client that leaves is not noticed by
// the handler; no answer or none in time is a 500 with an empty body.
//
// The path that is forwarded is thus not the one that was matched: a decoded
// backslash is a character of one segment to routing and a slash to System.Uri.
//
// # Timers
//
// NCRONTAB (UTC) or TimeSpan. One run at a time; the next is armed when the one
// before ends; a missed slot comes at once, and once. Of hosts with the same
// StatusFile one at a time runs a timer. A monitored timer that is
// past due at the start runs at once with IsPastDue. A run fails unless its
// answer is 2xx with a JSON object; an empty 2xx, in which the real host hangs,
// is reported as [ErrHangs] at once.
//
// # Not implemented
//
// The proxy mode of newer hosts (enableProxyingHttpRequest: streaming, a client
// that leaves is noticed), other triggers and bindings, retry policies, the JSON
// payload for HTTP functions, log level filters, watching files, draining, more
// than one instance, App Service authentication, CORS, upgraded connections,
// HTTP/2. Of the host's own routes there are the home page, /admin/host/ping and
// POST /admin/functions/NAME.
package funchost
