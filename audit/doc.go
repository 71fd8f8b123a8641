// Package audit keeps a record of who asked for what: one for each request that was
// admitted, for each cancel, and for each operation that has ended.
//
//	audit/2026/11/25/065301.123456-<random>.json                                  asked, cancel-asked, refused
//	audit/2026/11/25/070211.000000-ended-<workspace>-<dataset>-<epoch>-<number>.json   ended
//	audit/started/<workspace>/<dataset>/<Power BI's id>.json                           started
//
// A blob is created with If-None-Match: * and never written again. That nobody else
// changes it is the storage account's business: give the records a container of their
// own (AUDIT_CONTAINER) with an immutability policy.
//
// # When
//
//   - asked: after the operation is saved and before the 202. It is written while Power
//     BI is being asked, so it takes no time of its own. If it cannot be written the
//     caller gets a 503, although its operation may go on: better a refresh that its
//     caller does not know of than one that nobody asked for.
//   - cancel-asked: before the cancel is tried. It says that somebody wanted to.
//   - refused: before the answer. If it cannot be written the answer is the same.
//   - started: after Power BI accepted a refresh. It is evidence of which refreshes are this
//     app's ([Trail.HasStarted]) and is in no query.
//   - ended: right after the end is saved, and, if the process died in between, at the
//     latest before the operation leaves the state document. Its name is made of the
//     operation, so that processes which all write it write one.
//
// Records that wait at the same time go into one blob: a thousand callers cost a few
// writes, as they do in the state document ([Trail.Write]).
//
// # What is in it
//
// Who (object id, application or the name of a key; never a key), from where, the
// request's id in the logs, the model, the operation by its id, and what was asked for.
// Who has a key reads the operation by that id. Never the signature of a status URL.
//
// # Not guaranteed
//
// Times are the clock of the process that wrote the record; those of ends are the
// storage service's. A request that was refused leaves a log line and no record, except
// that a caller with too many callbacks is on record, once a minute for each process. A
// record of an ask whose caller got a 503 may exist or not.
package audit
