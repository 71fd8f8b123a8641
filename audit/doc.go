// Package audit keeps a record of who asked for what: one for each request that was
// admitted, for each cancel, and for each operation that has ended.
//
//	audit/2026/11/25/065301.123456-<random>.json                                  asked, cancel-asked, refused
//	audit/2026/11/25/070211.000000-ended-<workspace>-<dataset>-<epoch>-<number>.json   ended
//	audit/started/<workspace>/<dataset>/<Power BI's id>.json                           started
//
// A blob is created with If-None-Match: * and never written again. To keep others from
// changing it, give the records a container of their own (AUDIT_CONTAINER) with an
// immutability policy.
//
// # When
//
//   - asked: after the operation is saved and before the 202. It is written during the
//     POST to Power BI, so it adds no latency. If it cannot be written the caller gets a
//     503, although its operation may go on: every refresh must have a record of who asked
//     for it.
//   - cancel-asked: before the cancel is tried, whether it succeeds or not.
//   - refused: before the answer. If it cannot be written the answer is the same.
//   - started: after Power BI accepted a refresh. It is evidence of which refreshes are this
//     app's ([Trail.HasStarted]) and is in no query.
//   - ended: right after the end is saved. If the process died in between, before the
//     operation leaves the state document. Its name consists of the operation's id, so that
//     several processes write one blob.
//
// Records that wait at the same time go into one blob ([Trail.Write]): a thousand callers
// cost a few writes. An [Index] is written at the same time; if that fails, the records
// stand, and the index is repaired from them.
//
// # What is in it
//
// The caller (object id, application or the name of a key), its address, the request's id
// in the logs, the model, the operation's id, and what was requested. Never a key or the
// signature of a status URL. With a function key, the operation can be read by its id.
//
// # Not guaranteed
//
// Times are by the clock of the process that wrote the record; those of ends by the
// storage service's. A request that was refused leaves a log line and no record, except
// that a caller with too many callbacks is on record, once a minute for each process. A
// record of an ask whose caller got a 503 may exist or not.
package audit
