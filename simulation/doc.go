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
//   - callers: what they ask for, whenBusy, deadlines; they poll any process, cancel,
//     leave while they wait, or lose the id; bursts of them, and the timer's sweeps;
//   - every call of a process, to the store and to Power BI: its travelling times,
//     lost on the way, refused, landed although the caller sees an error, delivered
//     when its caller has long given up, slow; a store that a process cannot reach
//     for minutes, just when Power BI has answered it;
//   - crashes at any call, before it leaves or after; new processes; pauses longer
//     than the lease, in which nothing leaves the process and it hears nothing;
//   - Power BI: the faults of package sim at every call, each way to fail, dropped,
//     stuck, queued and late refreshes, ids that appear late, vanish or change,
//     throttling, rejected tokens, a secret that does not work for a while, a
//     workspace that changes its capacity, refreshes of other tools and people;
//   - wiped metadata, and clocks of the storage service and of Power BI that are up to
//     five minutes off.
//
// Then the faults stop. The timer alone must bring every model to rest, all ids are
// read through a process that was there and through a new one, and every model must
// still be refreshable.
//
// # What is asserted
//
// The oracle sees every document that lands and every request that leaves; the ledger
// knows what each caller was told, and sim.PowerBI what was really done.
//
//   - G1: no two refreshes of ours accepted and unfinished at one time; no intent is
//     saved while one is unfinished or while a POST is under way.
//   - G2: a promised operation is saved, is never lost from document and archive,
//     ends, and its id stays valid; due is not "never" while something is to be done.
//   - G3: Succeeded names a refresh that Power BI completed, that covers what was
//     asked for, and that was asked for after the caller arrived (an adopted one:
//     began after).
//   - G4: one POST for an intent, after the intent is saved, not after its SendBy.
//   - G5: a document follows from the one before it: same epoch, nothing lost.
//   - G6: a terminal view never changes, for any reader; a request sent after somebody
//     saw the end sees it; each failure agrees with what Power BI did.
//   - G7: the document is below 64 KiB with at most 32 pending operations.
//   - G8: only ids from a 202 are deleted; nobody is cancelled who did not ask.
//
// A run also fails if a fault, a phase change or an answer on the list in
// expected_test.go never happened. TestOracleNotices sees G1, G2, G4, G6 and G8 fail
// when a process is sabotaged; `make mutants` has the rest.
//
// # Replay
//
//	go test ./simulation -run TestSchedules -seed 1012 -v     one schedule, told in full
//	go test ./simulation -run TestSchedules -schedules 20000 -from 1000 -timeout 1h
//
// A seed replays to the nanosecond (TestReplayIsExact compares two runs): each actor
// draws from a stream of its own, crypto/rand is seeded, as is the jitter of azcore,
// and all calls take random times, so that the clock decides the order. What
// happens in the very same instant is ordered by the scheduler, on one P; under the
// race detector, which shuffles goroutines, a seed may play out differently.
//
// # Not covered
//
// The residual of G1: a POST that arrives, or a refresh that Power BI first shows,
// after the settle window; the generator stays within that budget (see limits).
// Clocks that jump, wall clocks of processes that differ, a state container that is
// deleted, documents of other versions, the archive's life cycle, idempotency keys
// and callbacks, the HTTP layer, and azidentity (a small credential takes its place).
// A paused process's timers run on, which a stopped one's do not.
package simulation
