package machine

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Phases, stages and the attempt are written by the functions of transitions.go.
func TestOneFileWritesPhaseStageAndAttempt(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	allowed := []string{"transitions.go", "state.go Attempt", "view.go Phase"} // a copy, and what is shown
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, name := range writes(t, path) {
			if !slices.Contains(allowed, path) && !slices.Contains(allowed, path+" "+name) {
				t.Errorf("%s writes %s, want setPhase, setStage, setAttempt or clearAttempt", path, name)
			}
		}
	}
}

// writes returns which of Phase, Stage and Attempt a file assigns, or gives in a literal.
func writes(t *testing.T, path string) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if sel, ok := left.(*ast.SelectorExpr); ok {
					names = append(names, sel.Sel.Name)
				}
			}
		case *ast.KeyValueExpr:
			if id, ok := n.Key.(*ast.Ident); ok {
				names = append(names, id.Name)
			}
		}
		return true
	})
	return slices.DeleteFunc(names, func(name string) bool { return !slices.Contains([]string{"Phase", "Stage", "Attempt"}, name) })
}

// drawn renders the table for people: from each state, where it can go.
func drawn(kind string) string {
	var from []string
	to := map[string][]string{}
	for _, tr := range transitions() {
		if tr.kind != kind {
			continue
		}
		if !slices.Contains(from, tr.from) {
			from = append(from, tr.from)
		}
		for name := range strings.FieldsSeq(tr.to) {
			if !slices.Contains(to[tr.from], name) {
				to[tr.from] = append(to[tr.from], name)
			}
		}
	}
	var b strings.Builder
	for _, name := range from {
		fmt.Fprintf(&b, "%-10s -> %s\n", name, strings.Join(to[name], " | "))
	}
	return b.String()
}

func TestDrawingsFollowTheTable(t *testing.T) {
	t.Parallel()
	for path, prefix := range map[string]string{"doc.go": "//\t", "../../ARCHITECTURE.md": ""} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"phase", "stage"} {
			want := ""
			for line := range strings.Lines(drawn(kind)) {
				want += prefix + line
			}
			if !strings.Contains(string(text), want) {
				t.Errorf("%s does not draw each %s as the table has it, want\n%s", path, kind, want)
			}
		}
	}
}

// The last line of defence of "terminal is final".
func TestNoWayOutOfATerminalPhase(t *testing.T) {
	t.Parallel()
	for _, from := range []Phase{Succeeded, Failed, Cancelled} {
		for _, to := range []Phase{Queued, Blocking, Starting, Running, Retrying, Settling, Cancelling, Succeeded, Failed, Cancelled} {
			op := Operation{Phase: from}
			m := machine{now: time.Unix(1, 0)}
			if m.setPhase(&op, to); op.Phase != from || !op.Changed.IsZero() {
				t.Errorf("from %s to %s", from, op.Phase)
			}
		}
	}
}
