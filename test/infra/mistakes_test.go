package checks

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"testing"

	"pbirefresh/test/infra/config"
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

// The variants that [TreeRules] look at.
const minimal, easyAuth = "examples/minimal.tfvars", "easy auth"

// ordered puts those first.
func ordered(variants []string) []string {
	rest := slices.DeleteFunc(variants, func(n string) bool { return n == minimal || n == easyAuth })
	return append([]string{minimal, easyAuth}, rest...)
}

// problems are what the checks say of a tree, up to where they say the words: most
// mistakes are seen in the first variant.
func problems(t *testing.T, changed Tree, words string) string {
	t.Helper()
	c, err := changed.Config()
	if err != nil {
		return err.Error()
	}
	variants, err := changed.Variants()
	if err != nil {
		return err.Error()
	}
	var found findings
	all, broken := map[string]*config.Plan{}, false
	for i, name := range ordered(slices.Sorted(maps.Keys(variants))) {
		if all[name], err = c.NewPlan(providers(t), variants[name]); err != nil {
			found.add("%s: %v", name, err)
			if broken = true; strings.Contains(err.Error(), words) {
				break
			}
			continue
		}
		for _, rule := range Rules() {
			found = append(found, rule(all[name])...)
		}
		if i == 1 && !broken {
			for _, rule := range TreeRules() {
				found = append(found, rule(changed, all[minimal], all[easyAuth])...)
			}
		}
		if said := strings.Join(found, "\n"); strings.Contains(said, words) {
			return said
		}
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
			if found := problems(t, changed, m.words); !strings.Contains(found, m.words) {
				t.Errorf("the checks must say %q, and say:\n%s", m.words, found)
			}
		})
	}
}
