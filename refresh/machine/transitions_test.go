package machine

import (
	"bytes"
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

// TestEveryTransitionHappens: the stories and the walks make each transition of the table.
func TestEveryTransitionHappens(t *testing.T) {
	t.Parallel()
	made := map[transition]bool{}
	for _, story := range stories(t) {
		s := newScenario(t)
		for _, command := range commands(story) {
			s.command(command)
		}
		for _, tr := range s.made {
			made[tr] = true
		}
	}
	for _, step := range rareSteps() {
		for _, tr := range DefaultRules().step(step.state, step.event).made {
			made[tr] = true
		}
	}
	for seed := range uint64(150) {
		w := newWalk(randomSteps(seed))
		w.play(t)
		for _, tr := range w.made {
			made[tr] = true
		}
	}
	for _, tr := range transitions() {
		for to := range strings.FieldsSeq(tr.to) {
			if one := (transition{tr.kind, tr.from, tr.event, to}); !made[one] {
				t.Errorf("no story, no rare step and no walk made %+v: is the table too wide?", one)
			}
		}
	}
}

// TestUnlistedTransitionIsRefused: what the table does not list changes nothing.
func TestUnlistedTransitionIsRefused(t *testing.T) {
	t.Parallel()
	op, a := Operation{Phase: Running}, Attempt{Stage: StageCancelling}
	for name, change := range map[string]func(*machine){
		"a phase":    func(m *machine) { m.setPhase(&op, Queued) },
		"a stage":    func(m *machine) { m.setStage(&a, StageRunning) },
		"an attempt": func(m *machine) { m.Attempt = &a; m.setAttempt(&Attempt{}) },
	} {
		if !refused(func() { change(&machine{event: "Tick"}) }) {
			t.Errorf("%s: the transition was made", name)
		}
	}
	if op.Phase != Running || a.Stage != StageCancelling {
		t.Errorf("got phase %s and stage %s, want running and cancelling", op.Phase, a.Stage)
	}
}

func refused(f func()) (refused bool) {
	defer func() { _, refused = recover().(Unlisted) }()
	f()
	return false
}

// TestRefusedStepChangesNothing: of an event that is refused in the middle, nothing is
// left. The state is one that no event leads to: an answer is awaited for an operation that
// is being cancelled.
func TestRefusedStepChangesNothing(t *testing.T) {
	t.Parallel()
	s := impossible()
	before := mustEncode(t, s)
	got, effects := DefaultRules().Next(s, Answered{At: At(s.Attempt.Intent), Txn: "t1", Answer: Answer{Kind: Busy}})
	if !bytes.Equal(mustEncode(t, got), before) || !bytes.Equal(mustEncode(t, s), before) {
		t.Errorf("got the document\n%s\nwant\n%s", mustEncode(t, got), before)
	}
	if want := (Unlisted{"phase", "cancelling", "Answered", "queued"}); len(effects) != 1 || effects[0] != want {
		t.Errorf("got the effects %+v, want only %+v", effects, want)
	}
}

func impossible() State {
	s, now := NewState(testModel, "e"), time.Unix(1780000000, 0).UTC()
	s.Last = 1
	s.Pending = []Operation{{Number: 1, Phase: Cancelling, Deadline: now.Add(time.Hour), Tries: []Try{{Txn: "t1", Kind: Enhanced, Outcome: OutcomePending}}}}
	s.Attempt = &Attempt{Txn: "t1", Serves: []int64{1}, Stage: StageStarting, Kind: Enhanced, Intent: now, Until: now.Add(time.Minute)}
	return s
}

// TestSavedChangesArePaths: each change of phase that docs/reliability.md lists for saved
// documents is made of at most three transitions of the table.
func TestSavedChangesArePaths(t *testing.T) {
	t.Parallel()
	for _, row := range change.FindAllStringSubmatch(reliability(t), -1) {
		if !reaches(row[1], row[2], 3) {
			t.Errorf("%s -> %s: the table has no such path", row[1], row[2])
		}
	}
}

func reaches(from, to string, steps int) bool {
	for _, tr := range transitions() {
		if tr.kind != "phase" || tr.from != from {
			continue
		}
		for next := range strings.FieldsSeq(tr.to) {
			if next == to || steps > 1 && reaches(next, to, steps-1) {
				return true
			}
		}
	}
	return false
}
