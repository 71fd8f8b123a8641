package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// arrows are all the transitions that saved documents may show, from each phase of an
// operation and each stage of an attempt: those of the package doc of refresh, and
// what two of them make that are fed in one step (an answer that was late, and the
// caller's cancel). One that is not listed fails a run, and so does one that never
// happened; after a "~", only the longest runs must have it.
func arrows() map[string]string {
	return map[string]string{
		"phase new":        "queued blocked starting",
		"phase queued":     "blocked starting cancelled failed",
		"phase blocked":    "starting cancelled failed ~running ~queued ~cancelling ~settling",
		"phase starting":   "running blocked settling failed ~cancelled ~cancelling ~queued ~retrying ~succeeded",
		"phase running":    "succeeded failed retrying cancelling ~cancelled ~starting",
		"phase settling":   "running succeeded failed retrying cancelled ~blocked ~starting ~cancelling ~queued",
		"phase retrying":   "starting ~failed ~cancelled ~running ~cancelling ~settling",
		"phase cancelling": "cancelled ~succeeded ~failed",

		"stage none":       "starting ~running ~cancelling ~settling", // all but the first: an answer that came late
		"stage starting":   "running settling none ~cancelling",
		"stage running":    "none cancelling settling", // settling: done by a row that was recognised
		"stage settling":   "none running ~cancelling",
		"stage cancelling": "none ~settling",
	}
}

// must lists the transitions that have to happen, in a long run all of them.
func must(long bool) []string {
	var list []string
	for from, all := range arrows() {
		for _, to := range strings.Fields(all) {
			rare := strings.HasPrefix(to, "~")
			if !rare || long && !neverSeen[from+" "+to] {
				list = append(list, from+" -> "+strings.TrimPrefix(to, "~"))
			}
		}
	}
	return list
}

// neverSeen are transitions that the code allows and no schedule has shown yet.
var neverSeen = map[string]bool{}

// unexpected returns the transitions that happened and are on no list.
func (c *coverage) unexpected() []string {
	listed := map[string]bool{}
	for from, all := range arrows() {
		for _, to := range strings.Fields(all) {
			listed[from+" -> "+strings.TrimPrefix(to, "~")] = true
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(c.counts)), func(name string) bool {
		_, _, arrow := strings.Cut(name, " -> ")
		return !arrow || listed[name]
	})
}

// summary is what a run says of itself.
func (c *coverage) summary(long bool) string {
	seen, all := 0, must(long)
	for _, name := range all {
		if c.counts[name] > 0 {
			seen++
		}
	}
	return fmt.Sprintf("%d kinds of events, %d of the %d transitions that must happen", len(c.counts), seen, len(all))
}
