// Package powerbi is a client of the Power BI REST API for what refreshing a
// semantic model needs: start, watch and cancel refreshes, read the workspace.
//
// It knows the wire and nothing else: no queue, no polling, no policy of when to
// try again. What it adds to plain HTTP is certainty about each answer.
//
// # What a caller can rely on
//
//   - Every error is an [*Error]. Its Code names the case, its Outcome says whether
//     the request can have taken effect: [NotSent], [Refused] or [Unknown]. Only
//     evidence makes an outcome better than Unknown.
//   - A request that changes something (start, cancel) is sent at most once. It is
//     not retried by the pipeline, not repeated after a token renewal, not
//     redirected, and carries no Idempotency-Key, with which net/http would replay
//     it by itself. An answer that arrived is used, also if the context ended in
//     the same moment.
//   - Reads are repeated a few times, briefly, on lost connections and 5xx.
//   - A token that Power BI rejects is never used again: see [Client.RenewToken].
//   - After a 429, calls of the same kind fail at once, unsent, until the time that
//     Power BI asked for is over; then one call goes first.
//   - A status word that is not known is not terminal, and is kept as it came. A
//     row without id, with odd times or with new members does not hide the others.
//   - A body that is no history is an error, never an empty history.
//
// # Sources
//
// Comments give the source of what they claim: "documented" is Microsoft's REST
// reference (microsoft/PowerBI-CSharp, sdk/swaggers/swagger.json) and its article on
// the enhanced refresh (learn.microsoft.com/power-bi/connect-data/asynchronous-refresh);
// "seen" is an exchange or a client that somebody published; "unverified" has no
// source. An error names the remedy that fits most cases; Power BI often gives one
// answer to several causes.
//
// # Not guaranteed
//
// A [Started] is no promise that a refresh runs: Power BI may drop an accepted
// request (documented), and an id may be missing from the first reads of the history
// (seen: apache/airflow#44618). A 4xx of a detail says nothing about the
// refresh. The history keeps 20 to 60 entries.
//
// The package may import azcore and the standard library, nothing else. All its
// methods may be called concurrently.
package powerbi
