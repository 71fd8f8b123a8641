// Package leasetest holds what tests of and on a lease.Store need: the
// conformance suite that every implementation passes, and doubles that fail the
// way a network does.
//
// [Run] states the contract of lease.Store as named subtests. Each one gets a
// store of its own. With [Options].Bubble it runs inside a testing/synctest
// bubble, where waiting for a lease to expire costs nothing; on a real service
// those few subtests take about twenty seconds, all at the same time.
//
// [Faulty] stands between a caller and a store, [Transport] between a store and
// its service. Both ask a hook, for every call, whether it is applied and which
// error the caller sees: "error, yet it landed" and "error, not applied" are the
// two outcomes that a caller cannot distinguish. [Late] is the third: "error, and
// applied after its caller gave up and after others went on". The suite runs with it.
//
// The package is for tests only. It may import lease and the standard library.
// It does not prove that a service keeps an expired lease from its holder in
// every race, or how it behaves under load.
package leasetest
