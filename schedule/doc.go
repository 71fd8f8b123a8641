// Package schedule is schedules as code: a file lists which models are refreshed when, and
// each slot of it runs exactly once, on any number of instances.
//
// It has two halves. The first is pure: [Parse] reads a file, [Slots] lists the slots of
// an entry, newPlan returns what is due, [State] is the progress. The second, [Runner],
// carries a plan out: it uses a lease.Store and a function that starts refreshes.
//
// # Words
//
//	entry   one named schedule of a file: models, a timing, what to refresh
//	target  one model of one entry
//	slot    a time at which a target is to be refreshed. It is an instant, and names the
//	        refresh together with entry and model ([Key])
//	start   when the slot is to be started: the slot plus spread and jitter
//	tick    one call of the timer, every minute
//
// # Slots
//
// A cron expression is about wall-clock time in the entry's time zone. Where clocks change:
//
//   - A wall time that is skipped becomes a slot at the moment of the change, one for
//     all that was skipped: 30 2 * * * runs at 03:00 where 02:00 to 03:00 does not exist.
//   - A wall time that comes twice is a slot the first time only, unless the expression
//     runs in every hour (hour field *): then both times, because */15 is a frequency.
//
// every counts elapsed time from midnight UTC; changes of clocks do not affect it. There
// are no slots inside a blackout window.
//
// # One tick
//
//	load    the file; a bad one changes nothing, the last good one stays in use
//	quiet?  most ticks end here, with no read except of a file that is kept in a blob
//	read    the progress, and the store's clock
//	start   each due slot, under its idempotency key
//	save    merge the results: lease, ETag; results merge in any order
//
// The order start, then save, and the idempotency keys make "exactly once": after a crash
// in between, and in a second instance or an overlapping or past-due tick, the same key
// leads to the same operation. The lease only saves work.
//
// # Late slots
//
// A slot up to onTime late is started. Of later slots, none is started (catchUp skip), or
// only the newest within the grace (catchUp once). Nothing starts inside a blackout window:
// a slot that is due there starts at its end.
//
// # Invariants
//
//  1. Through of a target never goes back, unless its timing changes or it is enabled
//     again; then it is the moment at which that was first seen.
//  2. A slot at or before Through is never started again; one after it that is due is
//     started, or reported as missed.
//  3. The store's clock decides whether a slot is due. An instance's own clock only
//     decides whether to read the progress.
//  4. A file is used as a whole or not at all.
//
// # Not guaranteed
//
//   - Exactly once needs the idempotency keys: if [Config].Start forgets one while its slot
//     can still be caught up, a crash before the save starts a second refresh.
//   - If a process starts a refresh and dies before it saves, and no tick follows for longer
//     than onTime, the slot is reported as missed although its refresh ran.
//   - While instances with two versions of the file tick at once (a rolling deployment),
//     the progress follows the file that ticked last: an entry that differs between them
//     may miss a slot.
//   - The success of the refresh: the status URL of its operation shows it.
package schedule
