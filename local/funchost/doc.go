// Package funchost is a stand-in for the Azure Functions host, for tests and for
// running the app on a developer's machine. It loads a staged app, spawns its
// custom handler, forwards HTTP requests to it and fires its timers.
//
// It follows the source of azure-functions-host 4.1037 (October 2024) and of
// azure-webjobs-sdk-extensions (timers) where no other source is given, and is
// deliberately as unkind as they are.
//
// # Loading
//
// A function is a direct child of the root with a function.json. The stand-in is
// stricter than the host, which skips in silence or logs: it refuses the whole
// app with one line when a function lies deeper, a name or a JSON document is
// bad, a member or a binding type is unknown, %SETTING% has no value, or the
// executable is missing or has no execute bit. App settings named
// AzureFunctionsJobHost__... override host.json, as they do in Azure.
//
// # The life of the handler
//
//	spawned -> probed: GET / every 25 ms, any answer = ready -> serving -> gone
//
//	exit                            then
//	code 0                          not started again: later invocations fail with 500
//	code 200                        started again
//	any other, or not ready in time started again at once; the third within 30
//	                                minutes of the one before stops the host
//	function time-out               killed after a grace of 2 s and started again,
//	                                not counted
//
// Every process of one host gets the same port and a new worker id. Invocations
// wait for readiness, at most four initialization time-outs; then the host stops.
// The end is always SIGKILL, with no signal and no call before it.
//
// The environment of the handler is what [Options] gives it, the variables that
// the host adds, and a few basics; never by accident all of the parent's.
//
// # HTTP
//
// Requests are forwarded with their whole path, bodies only with a
// Content-Length, repeated query keys joined by commas. Answers are read as a
// whole and passed on as they are. A client that leaves is not noticed by the
// handler; no answer or none in time is a 500 with an empty body. Keys come from
// x-functions-key or else ?code=: 401 for a bad one, 404 for what is not there,
// not allowed as a method or disabled.
//
// # Timers
//
// NCRONTAB (UTC) or TimeSpan. One run at a time; the next is armed when the one
// before ends; a missed slot comes at once, and once. A monitored timer that is
// past due at the start runs at once with IsPastDue. A run fails unless its
// answer is 2xx with a JSON object; an empty 2xx, in which the real host hangs,
// is reported as [ErrHangs] at once.
//
// # Not implemented
//
// The proxy mode of newer hosts (enableProxyingHttpRequest: streaming, a client
// that leaves is noticed), other triggers and bindings, retry policies, the JSON
// payload for HTTP functions, log level filters, watching files, draining, more
// than one instance, App Service authentication, CORS. The host's answers have
// no body and none of Kestrel's headers. Where .NET's HTTP client decides (header
// lines with several values, content headers) the behaviour is unverified.
package funchost
