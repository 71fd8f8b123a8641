// Package simulation plays random schedules of everything that can go wrong against
// the real coordinator and checks, at every step, what the service guarantees. It has
// tests and nothing else.
//
// # What is simulated
//
// One schedule is one testing/synctest bubble: virtual time, made from one seed. In
// it run one to four processes, each with a refresh.Coordinator, a powerbi.Client
// and settings of its own, on one lease.Memory and one sim.Cloud in process, for one
// to three models. Random are
//
//   - callers: what they ask for, whenBusy, deadlines, keys; they poll any process, cancel,
//     leave while they wait, or lose the id; bursts of them, and the timer's sweeps;
//   - every call of a process, to the store and to Power BI: its travelling times,
//     lost on the way, refused, landed although the caller sees an error, delivered
//     when its caller has long given up, slow; a store that a process cannot reach
//     for minutes, just when Power BI has answered it;
//   - crashes at any call, before it leaves or after; new processes; pauses longer
//     than the lease, in which nothing leaves the process and it hears nothing;
//   - Power BI: the faults of package sim at every call, answers that come after 100 s, 5xx
//     that name the refresh which they started, ids of requests that are kept or not, each way to fail, dropped,
//     stuck, queued and late refreshes, some so late that they are given up (stragglers),
//     ids that appear late, vanish or change, other tools that ask for exactly the same,
//     throttling, rejected tokens, a secret that does not work for a while, a
//     workspace that changes its capacity, refreshes of other tools and people;
//   - wiped metadata, and state documents that somebody deletes;
//   - three clocks that are wrong and jump, forward and back: the storage service's,
//     Power BI's, and the wall clock of a process.
//
// Then the faults stop. The timer alone must bring every model to rest, all ids are
// read through a process that was there and through a new one, and every model must
// still be refreshable.
//
// # What is asserted
//
// The oracle sees every document that lands and every request that leaves; the ledger
// knows what each caller was answered, and sim.PowerBI what was really done.
//
//   - G1: no two refreshes of ours accepted and unfinished at one time; no intent is
//     saved while one is unfinished or while a POST is under way. Where a refresh may
//     come after the settle window: none is saved without a look since an attempt is
//     watched for, nor while that look shows its refresh at work.
//   - G2: a promised operation is saved, is never lost from document and archive,
//     ends, and its id stays valid; due names no later time than the next step has.
//     Ids of a deleted document are not found, or show what the archive has. One
//     idempotency key has one operation, wherever and whenever it is sent.
//   - G3: Succeeded names a refresh that Power BI completed, that covers what was
//     asked for, and that was asked for after the caller arrived (an adopted one:
//     began after); or, after a partial commit, refreshes that did so together.
//     One that was found by an id was started by the attempt's own POST.
//   - G4: one POST for an intent, after the intent is saved, not after its SendBy. An
//     attempt without an answer is given up only after three successful reads of the
//     history over the settle window, and called dropped only if there was nothing.
//   - G5: a document follows from the one before it: same epoch, nothing lost.
//   - G6: a terminal view never changes, for any reader, and the archive has what the
//     document had; a request sent after somebody saw the end sees it; each failure
//     agrees with what Power BI did.
//   - G7: the document is below 64 KiB with at most 32 pending operations; a thousand
//     callers of one shape cost what ten cost (TestCrowd). What Power BI asked to wait is
//     waited, by every process; reads that it throttles keep no POST back, nor POSTs a read.
//   - G8: only ids from a 202 are deleted; no caller is cancelled who did not ask.
//   - G9: no caller gets a 503 because processes crash or stand still with leases, or because
//     calls of the store are executed after their callers gave up (TestNobodyIsTurnedAway).
//   - Keys: same key, same operation, same id; no key is admitted twice (TestKeyedSchedules).
//
// A run also fails if a document shows a transition of an operation or an attempt that
// is not on the list in arrows_test.go, or if a transition, a fault or an answer on the
// lists never happened. TestOracleNotices sees the assertions fail when a process is
// sabotaged; `make mutants` has the rest.
//
// # Replay
//
//	go test ./test/simulation -run TestSchedules -seed 1012 -v     one schedule, logged in full
//	go test ./test/simulation -run TestSchedules -schedules 20000 -from 1000 -timeout 1h
//	go test ./test/simulation -run TestSchedules -for 8h -timeout 9h
//
// A seed replays to the nanosecond (TestReplayIsExact compares two runs): each actor
// draws from a stream of its own, crypto/rand is seeded, as is the jitter of azcore,
// and all calls take random times, so that the clock decides the order. What
// happens in the very same instant is ordered by the scheduler, on one P; under the
// race detector, which shuffles goroutines, a seed may play out differently. The
// schedules of a run are shared among processes of this program, one for each CPU, and
// the other tests have one each; -workers 0 keeps all in one, for a profile.
//
// # How much
//
// A run plays 200 schedules, and the other tests, in some twenty seconds on two idle CPUs;
// make soak plays more, and .ci/run 3,000, which must exercise all that is expected. The
// race detector makes each schedule ten times as long: with it a run plays 40 schedules and
// smaller crowds, and leaves out what does not depend on it (the oracle's own test, and the
// exact replay).
//
// # Not covered
//
// The residual of G1: two refreshes at one time, of which one arrives, or is first shown,
// after the settle window. Such stragglers are in every seventh schedule or so (see
// limits), which is then held to less.
// A storage clock that jumps forward shortens every settle window that it falls into,
// and one that jumps before a model's first look, or to and fro between two looks, is
// not noticed: both are documented, and left out. Deleting a document voids G1 for what it had started. A wall clock that
// goes back has no effect (clocks_test.go says why) and is not simulated; a jump forward
// is simulated by its effects. Documents of other versions, the archive's life cycle,
// the HTTP layer, and azidentity (a small credential takes its place). A paused
// process's timers run on, which a stopped one's do not.
package simulation
