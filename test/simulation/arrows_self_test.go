package simulation

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// What every run must show of the phases stands in docs/reliability.md, each with a
// story; there may be more, since a story can make what is rare here.
func TestArrowsHaveStories(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, arrow := range must(false) {
		if row, ok := strings.CutPrefix(arrow, "phase "); ok && !strings.Contains(string(doc), "| "+row+" | `") {
			t.Errorf("%s has no story there", row)
		}
	}
}

// A saved document shows at most three transitions of the state machine at once: each
// arrow here is such a path in the drawings of refresh/machine/doc.go, which a test there
// holds to the table.
func TestArrowsArePathsOfTheStateMachine(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../refresh/machine/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	next := map[string][]string{}
	for line := range strings.Lines(string(doc)) {
		if from, to, ok := strings.Cut(strings.TrimPrefix(line, "//\t"), " -> "); ok {
			next[strings.TrimSpace(from)] = append(next[strings.TrimSpace(from)], strings.Fields(strings.ReplaceAll(to, "|", " "))...)
		}
	}
	if len(next) < 9 {
		t.Fatalf("got arrows from %d states, want 9", len(next))
	}
	for from, all := range arrows() {
		_, from, _ = strings.Cut(from, " ")
		for to := range strings.FieldsSeq(strings.ReplaceAll(all, "~", "")) {
			if !leads(next, from, to, 3) {
				t.Errorf("the state machine has no path from %s to %s", from, to)
			}
		}
	}
}

func leads(next map[string][]string, from, to string, steps int) bool {
	return steps > 0 && slices.ContainsFunc(next[from], func(n string) bool { return n == to || leads(next, n, to, steps-1) })
}
