// Package powerbi is a client of the Power BI REST API for what refreshing a
// semantic model needs: start, watch and cancel refreshes, read the workspace.
//
// It has no queue, no polling and no policy of repeats. It adds to plain HTTP what each
// answer proves.
//
// # Guarantees
//
//   - Every error is an [*Error]. Its Code names the case. Its Outcome is whether
//     the request can have taken effect: [NotSent], [Refused] or [Unknown]. Only
//     evidence makes an outcome better than Unknown.
//   - A request that changes something (start, cancel) is sent at most once. It is
//     not retried by the pipeline, not repeated after a token renewal, not
//     redirected, and has no Idempotency-Key, with which net/http would repeat
//     it. An answer that arrived is used, even if the context ended at the same
//     moment.
//   - Reads are repeated a few times, briefly, on lost connections and 5xx.
//   - A token that Power BI rejects is never used again: see [Client.RenewToken].
//   - After a 429, calls of the same kind fail at once, unsent, until the time that
//     Power BI named; then one call is sent first.
//   - An unknown status word is not terminal, and is kept unchanged. A row without
//     id, with odd times or with new members does not hide the others.
//   - A body that is not a history is an error, never an empty history.
//
// # Sources
//
// Comments name the source of a fact: "documented" is Microsoft's REST
// reference (microsoft/PowerBI-CSharp, sdk/swaggers/swagger.json) and its article on
// the enhanced refresh (learn.microsoft.com/power-bi/connect-data/asynchronous-refresh);
// "seen" is a published exchange or client; "unverified" has no
// source. An error names the remedy that fits most cases; Power BI often gives one
// answer to several causes.
//
// # Not guaranteed
//
// A [Started] does not prove that a refresh runs: Power BI may drop an accepted
// request (documented), and an id may be missing from the first reads of the history
// (seen: apache/airflow#44618). A 4xx of a detail proves nothing about the
// refresh. The history keeps 20 to 60 entries.
//
// The package imports azcore and the standard library alone. Its methods may be called
// concurrently.
package powerbi
