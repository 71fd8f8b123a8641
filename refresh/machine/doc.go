// Package machine is the state machine of a model: which operations wait, which attempt
// occupies the model, and what to do next. [Rules.Next] takes a state and an event and
// returns the next state and the effects to carry out. It is pure: no I/O, no clock of its
// own, no randomness. Package refresh carries the effects out and feeds what came of them.
//
// The golden stories in testdata/scenarios show each rule. The files, from the top down;
// a file calls those below it (TestCallsGoDown):
//
//	next                      one step: from a state and an event to the next state and effects
//	tick, expire              time has passed: what to start, to read, to cancel or to end
//	arrive, keys, cancel      a request is shared, queued or refused; a caller leaves
//	answer                    what Power BI answered to a POST
//	observe, blind            what a read of Power BI showed; a read that failed
//	resume                    an abandoned attempt shows up again
//	settle, details           what became of a POST without an answer
//	abandoned                 attempts whose outcome was never found out
//	accept, ended             the refresh of the attempt is known by its id; it has ended
//	settling, match, identity which of Power BI's refreshes can be ours
//	view, settlement, due     what callers are shown, and when the next step is due
//	merge, partial            whom one attempt serves, and what is left to do
//	finish, hold, pace        how operations end, how they wait, when to read Power BI again
//	full                      whether the queue has a place for one more operation
//	room, size                how large the document may be, and is
//	transitions, step         the table of phases and stages, and its only writers
//	same, codec, check        the document as JSON
//	effect, observation, event
//	state, operation, attempt what is stored
//	key, tickets, ask, fault, shape
//	clocks, unknown, format   Power BI's clock; documents of other versions
//	rules, bounds, words
//
// # States of an operation
//
//	new        -> queued
//	queued     -> blocked | starting | running | settling | failed | cancelled
//	blocked    -> starting | running | settling | failed | cancelled
//	starting   -> settling | failed | queued | running | retrying | cancelled
//	running    -> cancelling | failed | retrying | succeeded | cancelled
//	settling   -> failed | queued | running | retrying | cancelled | succeeded
//	retrying   -> starting | running | settling | failed | cancelled
//	cancelling -> failed | succeeded | cancelled
//
// What waits for a foreign refresh, for throttling or for a paused capacity is blocked.
// What failed and is tried again is retrying. While the outcome of the POST is unknown,
// it is settling. The stages of the model's attempt:
//
//	none       -> starting
//	starting   -> running | settling | none
//	running    -> cancelling | none | settling
//	settling   -> none | running
//	cancelling -> none | settling
//
// Both follow from the table of transitions.go, which has the events as well. The
// functions there are the only writers of phase, stage and attempt. They refuse what the
// table does not list: an event that would make such a transition changes nothing, and its
// only effect is [Unlisted]. The coordinator logs it as an error, takes no Tick in that
// section, and
//
//   - answers a caller's request or cancellation with 503: nothing was changed for it;
//   - drops what Power BI answered to a POST: that is a lost answer, so the attempt
//     occupies the model until its time is over, and settles by what the history shows;
//   - drops what a read has shown: it is taken again when the next step is set off;
//   - fails a step that is due: the sweep counts it, and comes again.
//
// So the stored document is that of before the event, as if the process had ended, and each
// guarantee that survives a crash survives a refusal.
//
// Whether something occupies the model is a matter of the model and not of the
// operation: [State].Attempt (ours, in one of four stages) or [State].Foreign. An
// attempt can outlive the operation that it was made for, and occupies the model
// until Power BI shows that it has ended.
//
// An attempt whose outcome stayed unknown is abandoned, and remembered for a day
// ([State].Abandoned, bounded). While there is one, the history is read before each POST. If
// it shows the refresh of an abandoned attempt at work, that is the model's attempt again:
// nothing is posted until it ends, and it serves the operations that still wait for it. An
// abandoned attempt without an id may be any refresh of its kind that belongs to no other
// attempt: it is settled again, once, and adopted by the narrow rule only. If an id arrives
// after the model has a new attempt, it is kept there until that attempt has ended.
//
// A deadline ends what has not started. What may be at work is overdue from then on,
// which is shown and not saved, until a look that was sent after the deadline shows it
// at work: then the operation has timed out, and the refresh is cancelled if it is
// ours and enhanced. If Power BI does not show it for another day, the outcome is unknown.
//
// # Invariants
//
//  1. At most one attempt is unresolved at a time, and a new intent is saved only
//     when the earlier one ended, was refused, never left, or has settled.
//  2. A POST is sent at most once for an intent, before its SendBy, and the
//     intent is not resolved before its Until.
//  3. A terminal phase never changes.
//  4. An operation that an attempt may have begun for is not joined under
//     whenBusy: queue. So a caller who joins arrived before the intent was saved, and
//     the refresh began after that: no clocks are compared.
//  5. A failed look, throttling and the passing of time end nothing that may have
//     started. An unknown outcome is settled by a run of successful, quiet reads
//     ([Settle]). They do not end a refresh that Power BI shows at work, unless it has
//     lasted longer than a refresh can last. The one exception: if history and model both
//     answer that they are not there, for a day and without an answer to the contrary, the
//     outcome of the refresh is unknown.
//  6. Only an id from a 202 is ever deleted.
//  7. While an operation is pending, the document's due metadata is not "never".
//
// # Lost answers
//
// An attempt is named by a GUID that its POST carries as the request's id. A row that
// bears it is the attempt's refresh, and so is one with an id that an answer carried
// which was neither yes nor no (identity.go). Only where no row bears an id do
// clocks, kinds and details decide (settle.go). What was found by an id that no
// 202 named is followed to its end and never deleted.
//
// # A paused capacity
//
// Power BI refuses a POST while the workspace's capacity is paused, with one of several
// statuses. No attempt is spent; callers see "capacityPaused". Only a POST shows for
// certain that the capacity runs again, so one leaves every five minutes. In the document
// this is a hold for notSent with a cause, a member that older versions carry along: they
// wait until the same time.
//
// # Merging
//
// When an attempt starts, it serves the oldest operation and those behind it that one
// POST can serve as well: the same treatment, as hard, other objects; as many as the
// document has room for, should they fail together. Each keeps its id, its objects and
// its attempts. A cancel withdraws one caller only. If the attempt fails for
// good, and did more than an operation asked for, that one is tried once more by itself
// and never merged again, since it may have failed by what others asked for.
//
// A refresh in a partialBatch may fail and have committed some of its objects. If its
// details show each object that an operation asked for, only the rest is tried again: the
// objects that are done were done after the operation's callers had arrived. A caller who
// joins later (whenBusy: join) accepts that, too.
//
// # The documents and their versions
//
// Several versions of this program may be at work on one store: while instances are
// replaced, and after a roll-back. Each document of a model says by which format it was
// written (schema) and which is the oldest reader that may read it, and write it again
// (minReader). A reader below minReader reads nothing into it and writes nothing; callers
// get 503 NewerVersion, and the sweep passes the model by, loudly ([ErrNewer]).
//
// A reader that may write keeps what it does not know, byte for byte: every object but
// those below has [Unknown] members, which stay as long as the object does. Objects that
// are made anew (blocked, hold, foreign, settle, progress) lose theirs then; what has to
// last belongs to the operation, the attempt or the document. schema and minReader of a
// document never fall.
//
// Two things are never read in part, whatever minReader says, but leave the document
// alone: a word that the machine decides by and does not know (phase, stage, kind,
// outcome, reason to hold), and a member of what is to be refreshed (model, shape, its
// objects, tuning).
//
// So, to change the format:
//
//   - A member that older readers may keep and ignore: raise [Schema].
//   - A member that readers must not ignore, a new word, another meaning: two releases. N raises
//     Schema and reads the new form, and still writes the old one; N+1 raises [MinReader]
//     and writes it. Then going back by one version is safe at any time.
//   - schema, minReader, epoch and writes keep their names and meanings for ever; no two
//     members differ in capitals only.
//   - What the released version writes is kept in testdata/schemaN, and is read for ever.
//
// Archived operations and records of keys carry both numbers and are read by the same
// rule; they never change, so nothing of them can be lost. keys/status.json has
// a rule of its own: a status URL outlives one upgrade and a mixed fleet. The format of
// a signature changes in two releases, the first of which verifies it and does not sign
// with it yet. sweep/cursor.json is advice that anybody may overwrite. Callbacks and the
// schedules' progress have a simpler rule: another member is another schema, which older
// versions leave alone.
//
// Schema 1 is the exception: its readers knew no minReader and dropped what they did not
// know. They refuse what is written today; today's version reads what they wrote.
package machine
