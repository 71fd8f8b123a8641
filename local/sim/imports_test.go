package sim_test

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The simulator is worth something only while it does not share code with what it tests, and customers can use it only
// while it needs nothing but the standard library.
func TestImports(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			root, _, _ := strings.Cut(path, "/")
			inTest := strings.HasSuffix(f.Name(), "_test.go")
			if root == "pbirefresh" && path != "pbirefresh/internal/wait" && (path != "pbirefresh/local/sim" || !inTest) {
				t.Errorf("%s: got the import %s, want none of the project: the simulator is an independent reading of the API", f.Name(), path)
			}
			if strings.Contains(root, ".") && !inTest {
				t.Errorf("%s: got the import %s, want the standard library alone", f.Name(), path)
			}
			checked++
		}
	}
	if checked < 50 {
		t.Errorf("got %d imports, want at least 50", checked)
	}
}
