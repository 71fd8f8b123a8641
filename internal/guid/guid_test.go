package guid_test

import (
	"strings"
	"testing"

	"pbirefresh/internal/guid"
)

func TestValid(t *testing.T) {
	t.Parallel()
	const good = "f089354e-8366-4e18-aea3-4cb4a3a50b48"
	for text, want := range map[string]bool{
		good:                               true,
		strings.ToUpper(good):              true,
		"":                                 false,
		"{" + good + "}":                   false,
		good + "\n":                        false,
		"x" + good:                         false,
		good[:35]:                          false,
		"g" + good[1:]:                     false,
		strings.ReplaceAll(good, "-", ""):  false,
		strings.ReplaceAll(good, "-", "_"): false,
	} {
		if got := guid.Valid(text); got != want {
			t.Errorf("Valid(%q): got %t, want %t", text, got, want)
		}
	}
}
