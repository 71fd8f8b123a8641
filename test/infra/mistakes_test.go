package checks

import (
	_ "embed"
	"strings"
	"testing"
)

//go:embed mistakes.txt
var mistakesText string

// mistake is one deliberate mistake, and the words that must come of it.
type mistake struct{ name, file, old, now, words string }

func mistakes(t *testing.T) []mistake {
	t.Helper()
	var all []mistake
	for _, block := range strings.Split(mistakesText, "\n\n## ")[1:] {
		head, rest, ok1 := strings.Cut(block, "\n<<<<\n")
		change, words, ok2 := strings.Cut(rest, ">>>>\n")
		old, now, ok3 := strings.Cut(change, "\n====\n")
		name, file, ok4 := strings.Cut(head, "\n")
		m := mistake{name, file, old, strings.TrimSuffix(now, "\n"), strings.TrimSpace(words)}
		if !ok1 || !ok2 || !ok3 || !ok4 || m.words == "" || m.old == m.now {
			t.Fatalf("not a mistake: %s", block)
		}
		all = append(all, m)
	}
	return all
}

// planMark ends the name of a mistake that only a plan shows: make infra-check finds it.
const planMark = " (plan)"

func TestDeliberateMistakesAreFound(t *testing.T) {
	t.Parallel()
	all := mistakes(t)
	if len(all) < 60 {
		t.Errorf("got %d mistakes, want at least 60", len(all))
	}
	for _, m := range all {
		if strings.HasSuffix(m.name, planMark) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			changed, err := tree(t).With(m.file, m.old, m.now)
			if err != nil {
				t.Fatal(err)
			}
			var found findings
			for _, rule := range FileRules() {
				found = append(found, rule(changed)...)
			}
			if got := strings.Join(found, "\n"); !strings.Contains(got, m.words) {
				t.Errorf("the checks must say %q, and say:\n%s", m.words, got)
			}
		})
	}
}
