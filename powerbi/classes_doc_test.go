package powerbi

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestClassesAreDocumented holds the page on errors to the rules: each class, and whether
// a refresh that failed so is repeated.
func TestClassesAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Classes of a failed refresh")
	documented := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\|.*\\| ([a-z]+)[^|]* \\|$").FindAllStringSubmatch(table, -1) {
		documented[m[1]] = m[2]
	}
	repeats := map[string][]bool{string(FailUnknown): {unknownRule(true).transient}}
	for _, r := range slices.Concat(codeRules(), rules(), unspecificRules(), []rule{internalRule()}) {
		repeats[string(r.class)] = append(repeats[string(r.class)], r.transient)
	}
	for class, all := range repeats {
		want := "no"
		if slices.Contains(all, true) {
			want = "yes"
			if slices.Contains(all, false) {
				want = "only"
			}
		}
		if documented[class] != want {
			t.Errorf("class %s: repeat is documented as %q, want %q", class, documented[class], want)
		}
	}
	for class := range documented {
		if repeats[class] == nil {
			t.Errorf("class %s is documented, and no rule has it", class)
		}
	}
}
