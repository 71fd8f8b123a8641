package refresh

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestCodesAreDocumented holds the page on errors to the constants.
func TestCodesAreDocumented(t *testing.T) {
	t.Parallel()
	page := source(t, "../docs/errors.md")
	page, _, _ = strings.Cut(page, "## Classes of a failed refresh")
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` \\|").FindAllStringSubmatch(page, -1) {
		if documented[m[1]] {
			t.Errorf("code %s is documented twice", m[1])
		}
		documented[m[1]] = true
	}
	seen := map[string]bool{}
	constant := regexp.MustCompile(`(?m)^\tCode\w+ +(?:Code )?= "(\w+)"`)
	for _, file := range []string{"machine/words.go", "../powerbi/errors.go"} {
		for _, m := range constant.FindAllStringSubmatch(source(t, file), -1) {
			if seen[m[1]] = true; !documented[m[1]] {
				t.Errorf("code %s of %s is not documented", m[1], file)
			}

		}
	}
	for code := range documented {
		if !seen[code] {
			t.Errorf("code %s is documented, and no constant has it", code)
		}
	}
}

func source(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
