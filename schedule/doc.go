// Package schedule is schedules as code: a file says which models are to be refreshed
// when, and each slot of it runs exactly once, on any number of instances.
//
// It has two halves. What decides is pure: [Parse] reads a file, [Slots] lists the slots
// of an entry, [NewPlan] says what is due, [State] is how far everything is. The [Runner]
// carries a plan out against a lease.Store and whoever starts refreshes.
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
// A cron expression is about the clock on the wall in the entry's time zone. Where that
// clock is changed:
//
//   - A wall time that is skipped becomes a slot at the moment of the change, one for
//     all that was skipped: 30 2 * * * runs at 03:00 where 02:00 to 03:00 does not exist.
//   - A wall time that comes twice is a slot the first time only, unless the expression
//     runs in every hour (hour field *): then both times, as */15 means "so often".
//
// every counts elapsed time from midnight UTC and knows of no wall. Slots inside a
// blackout window do not exist.
//
// # One tick
//
//	load    the file; a bad one changes nothing, the last good one goes on
//	quiet?  most ticks end here, with no read but that of a file kept in a blob
//	read    how far everything is, and the store's clock
//	start   each due slot, under its key
//	save    merge what came of it: lease, ETag; results merge in any order
//
// The order start, then save, and the keys make "exactly once": a death in between, a
// second instance, a past-due or overlapping tick ask again under the same key and are
// led to the same operation. The lease only saves work.
//
// # Late slots
//
// A slot up to [OnTime] late is started. Of those that are later none is (catchUp skip),
// or the newest within the grace (catchUp once). Nothing starts inside a blackout window:
// what falls due there waits for its end.
//
// # Invariants
//
//  1. Through of a target never goes back, unless its timing changes or it is enabled
//     again; then it is the moment at which that was first seen.
//  2. A slot at or before Through is never started again; one after it that is due is
//     started, or told as missed.
//  3. Whether a slot is due is decided by the store's clock. An instance's own clock only
//     decides whether it looks.
//  4. A file counts whole or not at all.
//
// # Not guaranteed
//
//   - Exactly once needs the keys: where [Config].Start forgets one while its slot can
//     still be caught up, a death before the save starts a second refresh.
//   - A slot whose refresh was started by a process that died before it saved, with no
//     tick for longer than OnTime after, is told as missed although its refresh ran.
//   - While instances with two versions of the file tick at once (a rolling deployment),
//     the progress follows the file that ticked last: an entry that differs between them
//     may miss a slot.
//   - The refresh itself: whether it succeeds is the operation's matter, behind its
//     status URL.
package schedule
