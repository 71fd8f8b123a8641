package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestExportedNamesAreUsed: a package exports what another one uses (a test that has a
// package of its own is one), the types in the declarations of that, and the values of an
// exported type. A constant may be exported with the others of its group.
func TestExportedNamesAreUsed(t *testing.T) {
	t.Parallel()
	files := parsed(t)
	for _, pkg := range []string{"refresh", "refresh/machine", "refresh/machine/pace", "powerbi", "schedule", "keyvault", "lease", "lease/bloblease", "access", "audit"} {
		names, types := exported(files, pkg)
		if len(names) < 2 {
			t.Errorf("package %s: got %d exported names", pkg, len(names))
		}
		used := usedOutside(files, pkg)
		for name, group := range names {
			if !used[name] && !types[name] && !anyOf(group, used) {
				t.Errorf("package %s exports %s, and no other package uses it", pkg, name)
			}
		}
	}
}

func anyOf(names []string, used map[string]bool) bool {
	for _, name := range names {
		if used[name] {
			return true
		}
	}
	return false
}

// source is one Go file, by its folder.
type source struct {
	dir  string
	test bool
	*ast.File
}

func parsed(t *testing.T) (files []source) {
	t.Helper()
	fset := token.NewFileSet()
	for _, name := range goFiles(t, ".") {
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, source{filepath.ToSlash(dir), strings.HasSuffix(name, "_test.go"), file})
	}
	return files
}

// exported returns the exported names of a package, methods as .Name, each with the names
// of its group, and the types that its exported declarations mention.
func exported(files []source, pkg string) (names map[string][]string, types map[string]bool) {
	names, types = map[string][]string{}, map[string]bool{}
	add := func(name string, group ...string) {
		if ast.IsExported(strings.TrimPrefix(name, ".")) && !strings.HasPrefix(name, "Code") { // codes are in documents
			names[name] = group
		}
	}
	mention := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BlockStmt:
				return false
			case *ast.Ident:
				types[n.Name] = true
			}
			return true
		})
	}
	for _, f := range files {
		if f.dir != pkg || f.test {
			continue
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name.Name)
				} else if ast.IsExported(receiver(d)) {
					add("." + d.Name.Name)
				}
				if d.Name.IsExported() {
					mention(d.Type)
				}
			case *ast.GenDecl:
				group := []string{}
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok && !hasExportedType(v) {
						for _, id := range v.Names {
							group = append(group, id.Name)
						}
					}
				}
				for _, name := range group {
					add(name, group...)
				}
				for _, spec := range d.Specs {
					if s, ok := spec.(*ast.TypeSpec); ok {
						add(s.Name.Name)
						mention(s.Type)
					}
				}
			}
		}
	}
	return names, types
}

// receiver is the name of a method's type.
func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	id, _ := t.(*ast.Ident)
	return id.String()
}

// hasExportedType reports whether constants are the values of a type that is exported.
func hasExportedType(v *ast.ValueSpec) bool {
	id, ok := v.Type.(*ast.Ident)
	return ok && id.IsExported()
}

// usedOutside returns what other packages take from a package, and each name that they
// select, as .Name.
func usedOutside(files []source, pkg string) map[string]bool {
	used := map[string]bool{}
	for _, f := range files {
		if f.dir == pkg && !strings.HasSuffix(f.Name.Name, "_test") {
			continue
		}
		local := ""
		for _, spec := range f.Imports {
			if name, _ := strconv.Unquote(spec.Path.Value); name == "pbirefresh/"+pkg {
				if local = path.Base(pkg); spec.Name != nil {
					local = spec.Name.Name
				}
			}
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == local {
					used[n.Sel.Name] = true
				}
				used["."+n.Sel.Name] = true
			case *ast.InterfaceType:
				for _, m := range n.Methods.List {
					for _, id := range m.Names {
						used["."+id.Name] = true
					}
				}
			}
			return true
		})
	}
	for _, name := range []string{"Error", "Unwrap", "Is", "String", "GoString", "LogValue", "MarshalJSON", "UnmarshalJSON", "NonRetriable"} {
		used["."+name] = true // methods of interfaces of the standard library and of azcore
	}
	return used
}
