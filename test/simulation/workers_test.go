package simulation

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A schedule draws from global sources of chance and wants one P for itself, so
// schedules run at the same time only in processes of their own: this program,
// started again for a part of the seeds, or for one test.

// alone is the part of a process that has one test to run.
const alone = "alone"

// elsewhere runs the test in a process of its own, at the same time as others, and
// reports whether it did: if not, the caller is that process, or is to stay here.
func elsewhere(t *testing.T) bool {
	t.Helper()
	if *part != "" || *workers == 0 {
		return false
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-part="+alone, //nolint:gosec // this program
		fmt.Sprintf("-from=%d", *from), fmt.Sprintf("-schedules=%d", *schedules))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return true
}

// atOnce is how many schedules one such process plays.
const atOnce = 100

// runAll runs the corpus and the random schedules that the flags ask for.
func runAll(t *testing.T) (*coverage, int) {
	t.Helper()
	h := &hands{t: t, total: newCoverage(), next: *from, end: *from + uint64(max(0, *schedules))} //nolint:gosec // not negative
	if *lasting > 0 {
		h.until, h.end = time.Now().Add(*lasting), ^uint64(0)
	}
	h.parts = append(h.parts, "corpus")
	var all sync.WaitGroup
	for range max(1, *workers) {
		all.Go(h.work)
	}
	all.Wait()
	return h.total, h.played
}

// hands shares the schedules among processes.
type hands struct {
	t     *testing.T
	until time.Time

	mu        sync.Mutex
	parts     []string // to be run before any other
	next, end uint64
	total     *coverage
	played    int
	failed    bool
}

func (h *hands) work() {
	for name, ok := h.take(); ok; name, ok = h.take() {
		done, err := h.do(name)
		h.mu.Lock()
		h.failed = h.failed || err != nil
		if err != nil {
			h.t.Errorf("schedules %s: %v", name, err)
		} else {
			h.total.add(done)
		}
		h.mu.Unlock()
	}
}

// take names the next part, until all are done, the time is over, or one failed.
func (h *hands) take() (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed {
		return "", false
	}
	if len(h.parts) > 0 {
		name := h.parts[0]
		h.parts = h.parts[1:]
		return name, true
	}
	n := min(h.end-h.next, atOnce)
	if n == 0 || !h.until.IsZero() && time.Now().After(h.until) {
		return "", false
	}
	h.next, h.played = h.next+n, h.played+int(n) //nolint:gosec // at most atOnce
	return fmt.Sprintf("%d+%d", h.next-n, n), true
}

// do runs a part, in a process of its own if there are any.
func (h *hands) do(name string) (*coverage, error) {
	if *workers == 0 {
		return runPart(h.t, name), nil
	}
	file := filepath.Join(h.t.TempDir(), strings.ReplaceAll(name, "+", "-"))
	cmd := exec.CommandContext(h.t.Context(), os.Args[0], "-test.run=^TestSchedules$", "-part="+name, "-tally="+file)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	done := newCoverage()
	return done, json.Unmarshal(b, &done.counts)
}

// keepTally writes what such a process exercised.
func keepTally(t *testing.T, c *coverage) {
	t.Helper()
	b, err := json.Marshal(c.counts)
	if err == nil && *tally != "" {
		err = os.WriteFile(*tally, b, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

func seedsOf(t *testing.T, name string) []uint64 {
	t.Helper()
	if name == "corpus" {
		return corpus()
	}
	var first, n uint64
	if _, err := fmt.Sscanf(name, "%d+%d", &first, &n); err != nil {
		t.Fatalf("-part %q is neither FROM+COUNT nor corpus", name)
	}
	var list []uint64
	for s := first; s < first+n; s++ {
		list = append(list, s)
	}
	return list
}
