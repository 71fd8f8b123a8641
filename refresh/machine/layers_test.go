package machine

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mostUp is how many arrows between files may run up, of a hundred.
const mostUp = 5

// TestCallsGoDown holds the files to the order in which the package doc lists them: a file
// uses names of the files below it.
func TestCallsGoDown(t *testing.T) {
	t.Parallel()
	order := filesInDoc(t)
	arrows, up := 0, []string{}
	for from, uses := range usesBetweenFiles(t) {
		for to, name := range uses {
			arrows++
			above, below := slices.Index(order, from), slices.Index(order, to)
			if above < 0 || below < 0 {
				t.Errorf("the package doc does not list %s.go or %s.go", from, to)
			}
			if above > below {
				up = append(up, from+".go uses "+name+" of "+to+".go")
			}
		}
	}
	if arrows < 100 || len(up)*100 > arrows*mostUp {
		t.Errorf("got %d arrows up of %d, want at most %d %%:\n%s", len(up), arrows, mostUp, strings.Join(up, "\n"))
	}
}

// filesInDoc reads the names at the start of the indented lines of the first list of doc.go.
func filesInDoc(t *testing.T) (order []string) {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	list, _, _ := strings.Cut(string(doc), "// # ")
	for _, line := range regexp.MustCompile(`(?m)^//\t((?:\w+, )*\w+)`).FindAllStringSubmatch(list, -1) {
		order = append(order, strings.Split(line[1], ", ")...)
	}
	return order
}

// usesBetweenFiles returns for each file which others it uses, and one name of each.
func usesBetweenFiles(t *testing.T) map[string]map[string]string {
	t.Helper()
	fset, files := token.NewFileSet(), []*ast.File(nil)
	paths, _ := filepath.Glob("*.go")
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	// Imports are left out: names of this package are found without them.
	cfg := types.Config{Importer: noImports{}, Error: func(error) {}}
	pkg, _ := cfg.Check("machine", fset, files, &info)
	file := func(at token.Pos) string { return strings.TrimSuffix(fset.Position(at).Filename, ".go") }
	uses := map[string]map[string]string{}
	for id, o := range info.Uses {
		_, method := o.(*types.Func)
		from := file(id.Pos())
		if o.Pkg() != pkg || !method && o.Parent() != pkg.Scope() || file(o.Pos()) == from {
			continue
		}
		if uses[from] == nil {
			uses[from] = map[string]string{}
		}
		uses[from][file(o.Pos())] = o.Name()
	}
	return uses
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("left out") }
