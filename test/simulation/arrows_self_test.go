package simulation

import (
	"os"
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
