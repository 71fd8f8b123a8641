package main

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

// TestCallsGoDown holds the files of two packages to the order in which their package docs
// list them: a file uses names of the files below it.
func TestCallsGoDown(t *testing.T) {
	t.Parallel()
	for _, pkg := range []string{"refresh", "refresh/machine"} {
		order := filesInDoc(t, pkg)
		arrows, up := 0, []string{}
		for from, uses := range usesBetweenFiles(t, pkg) {
			for to, name := range uses {
				arrows++
				above, below := slices.Index(order, from), slices.Index(order, to)
				if above < 0 || below < 0 {
					t.Errorf("the doc of %s does not list %s.go or %s.go", pkg, from, to)
				}
				if above > below {
					up = append(up, from+".go uses "+name+" of "+to+".go")
				}
			}
		}
		if arrows < 100 || len(up)*100 > arrows*mostUp {
			t.Errorf("%s: got %d arrows up of %d, want at most %d %%:\n%s", pkg, len(up), arrows, mostUp, strings.Join(up, "\n"))
		}
	}
}

// filesInDoc reads the names at the start of the indented lines of the first list of doc.go.
func filesInDoc(t *testing.T, pkg string) (order []string) {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(root, pkg, "doc.go"))
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
func usesBetweenFiles(t *testing.T, pkg string) map[string]map[string]string {
	t.Helper()
	fset, files := token.NewFileSet(), []*ast.File(nil)
	paths, _ := filepath.Glob(filepath.Join(root, pkg, "*.go"))
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
	checked, _ := cfg.Check(pkg, fset, files, &info)
	file := func(at token.Pos) string { return strings.TrimSuffix(filepath.Base(fset.Position(at).Filename), ".go") }
	uses := map[string]map[string]string{}
	for id, o := range info.Uses {
		_, method := o.(*types.Func)
		from := file(id.Pos())
		if o.Pkg() != checked || !method && o.Parent() != checked.Scope() || file(o.Pos()) == from {
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
