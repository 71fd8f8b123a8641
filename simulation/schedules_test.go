//go:debug randautoseed=0
//go:debug randseednop=0

package simulation

import (
	"flag"
	"fmt"
	mathrand "math/rand"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
)

var (
	schedules = flag.Int("schedules", usual, "how many random schedules to run")
	seed      = flag.Uint64("seed", 0, "run this schedule only, and tell all of it")
	from      = flag.Uint64("from", 1, "the first seed")
)

// TestSchedules runs the corpus of past failures, and random schedules.
func TestSchedules(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // goroutines of one instant run in the same order
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	if *seed != 0 {
		w := run(t, *seed)
		t.Logf("%s\n%s", w.describe(), w.trace.last(0))
		return
	}
	total := newCoverage()
	for _, s := range corpus() {
		total.add(run(t, s).cover)
	}
	for i := range *schedules {
		total.add(run(t, *from+uint64(i)).cover)
		if t.Failed() {
			break
		}
	}
	t.Logf("exercised:\n%s", total)
	if missing := total.missing(expected()); *schedules >= 500 && len(missing) > 0 && !t.Failed() {
		t.Errorf("never exercised:\n  %s", strings.Join(missing, "\n  "))
	}
}

// play plays one schedule in a bubble of its own.
func play(t *testing.T, seed uint64, s sabotage) *world {
	t.Helper()
	cryptotest.SetGlobalRandom(t, seed)
	mathrand.Seed(int64(seed)) //nolint:staticcheck,gosec // the jitter of azcore's retries
	var w *world
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(t, seed, s)
		w.play()
	})
	return w
}

// run plays a schedule and reports what it broke.
func run(t *testing.T, seed uint64) *world {
	t.Helper()
	var w *world
	t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
		w = play(t, seed, honest)
		for _, v := range w.oracle.violations() {
			t.Error(v)
		}
		if t.Failed() {
			t.Logf("the last events of %s\n%s\nreplay: go test ./simulation -run TestSchedules -seed %d -v", w.describe(), w.trace.last(120), seed)
		}
	})
	return w
}
