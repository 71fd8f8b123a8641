//go:debug randautoseed=0
//go:debug randseednop=0

package simulation

import (
	"flag"
	"fmt"
	mathrand "math/rand"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"pbirefresh/local/sim"
)

var (
	schedules = flag.Int("schedules", usual, "how many random schedules to run")
	lasting   = flag.Duration("for", 0, "run schedules for so long, however many")
	seed      = flag.Uint64("seed", 0, "run this schedule only, and log all of it with -v")
	from      = flag.Uint64("from", 1, "the first seed")
	workers   = flag.Int("workers", runtime.NumCPU(), "how many processes share the schedules; 0: none but this one")
	part      = flag.String("part", "", "run these schedules, FROM+COUNT or corpus, for another process")
	tally     = flag.String("tally", "", "write what they exercised into this file")
)

// enough schedules exercise everything on the lists of expected_test.go.
const enough = 1500

// TestSchedules runs the corpus of past failures, and random schedules.
func TestSchedules(t *testing.T) {
	switch {
	case *seed != 0:
		defer inOrder()()
		w := run(t, *seed)
		t.Logf("%s\n%s", w.describe(), w.trace.last(0))
		return
	case *part != "":
		defer inOrder()()
		keepTally(t, runPart(t, *part))
		return
	case *workers == 0:
		defer inOrder()()
	default:
		t.Parallel()
	}
	began := time.Now()
	total, played := runAll(t)
	long := played >= 50*enough
	t.Logf("exercised:\n%s%d schedules in %v: %s", total, played, time.Since(began).Round(time.Millisecond), total.summary(long))
	if strange := total.unexpected(); len(strange) > 0 {
		t.Errorf("not on the list of transitions:\n  %s", strings.Join(strange, "\n  "))
	}
	if missing := total.missing(slices.Concat(expected(), must(long))); played >= enough && len(missing) > 0 && !t.Failed() {
		t.Errorf("never exercised:\n  %s", strings.Join(missing, "\n  "))
	}
}

// inOrder lets goroutines of one instant run in the same order, until it is undone.
func inOrder() (undo func()) {
	procs, percent := runtime.GOMAXPROCS(1), debug.SetGCPercent(800)
	return func() {
		runtime.GOMAXPROCS(procs)
		debug.SetGCPercent(percent)
	}
}

// runPart runs the schedules that a name stands for, until one fails.
func runPart(t *testing.T, name string) *coverage {
	t.Helper()
	total := newCoverage()
	for _, s := range seedsOf(t, name) {
		total.add(run(t, s).cover)
		if t.Failed() {
			break
		}
	}
	return total
}

// sow seeds the global sources of chance, after a process has drawn what it draws once: the
// key that signs tokens.
func sow(t *testing.T, seed uint64) {
	t.Helper()
	sim.NewCloud(sim.Options{})
	cryptotest.SetGlobalRandom(t, seed)
	mathrand.Seed(int64(seed)) //nolint:staticcheck,gosec // the jitter of azcore's retries
}

// play plays one schedule in a bubble of its own.
func play(t *testing.T, seed uint64, s sabotage) *world {
	t.Helper()
	sow(t, seed)
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
			t.Logf("the last events of %s\n%s\nreplay: go test ./test/simulation -run TestSchedules -seed %d -v", w.describe(), w.trace.last(120), seed)
		}
	})
	return w
}
