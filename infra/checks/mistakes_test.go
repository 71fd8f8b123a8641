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

// problems are all that the checks say of a tree.
func problems(t *testing.T, changed Tree) string {
	t.Helper()
	all, err := changed.Plans(providers(t))
	if err != nil {
		return err.Error()
	}
	var found findings
	for _, plan := range all {
		for _, rule := range Rules() {
			found = append(found, rule(plan)...)
		}
	}
	for _, rule := range TreeRules() {
		found = append(found, rule(changed, all["examples/minimal.tfvars"], all["easy auth"])...)
	}
	return strings.Join(found, "\n")
}

func TestDeliberateMistakesAreFound(t *testing.T) {
	t.Parallel()
	all := mistakes(t)
	if len(all) < 60 {
		t.Errorf("only %d mistakes", len(all))
	}
	for _, m := range all {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			changed, err := tree(t).With(m.file, m.old, m.now)
			if err != nil {
				t.Fatal(err)
			}
			if found := problems(t, changed); !strings.Contains(found, m.words) {
				t.Errorf("the checks must say %q, and say:\n%s", m.words, found)
			}
		})
	}
}
