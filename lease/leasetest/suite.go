package leasetest

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
)

// Options describe the implementation under test for [Run].
type Options struct {
	// Bubble runs each subtest inside a testing/synctest bubble. Only for a store
	// that does no real I/O.
	Bubble bool
	// Grace is how much longer than its ttl the service may keep a lease before
	// it gives it to another. Azure Blob documents up to a minute.
	Grace time.Duration
}

// check is one sentence of the contract. It gets a testing.TB, and not a
// *testing.T, so that a test of this suite can watch it fail.
type check struct {
	name string
	run  func(t testing.TB, s *subject)
}

// subject is the store under test.
type subject struct {
	lease.Store
	grace time.Duration
}

// Run checks that the stores that open returns keep the contract of lease.Store.
// open is called once for each subtest, inside its bubble if there is one, and
// returns a store without documents.
func Run(t *testing.T, open func(t *testing.T) lease.Store, opts Options) {
	t.Helper()
	one := func(c check) {
		t.Run(c.name, func(t *testing.T) {
			body := func(t *testing.T) { c.run(t, &subject{Store: open(t), grace: opts.Grace}) }
			if opts.Bubble {
				synctest.Test(t, func(t *testing.T) {
					body(t)
					time.Sleep(lease.Outlast) // what sections release in the background
				})
				return
			}
			body(t)
		})
	}
	// Goroutines, not t.Parallel, which would let no more of them wait at a time
	// than there are processors.
	var waiting sync.WaitGroup
	for _, c := range expiryChecks {
		waiting.Go(func() { one(c) })
	}
	for _, c := range promptChecks() {
		one(c)
	}
	waiting.Wait()
}

// promptChecks are those that wait for nothing.
func promptChecks() []check {
	return slices.Concat(documentChecks, writeChecks, deleteChecks, leaseChecks, listChecks, valueChecks, raceChecks, lateChecks)
}
