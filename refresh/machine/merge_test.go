package machine

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestWith(t *testing.T) {
	t.Parallel()
	many := func(n int) Shape {
		s := full()
		for i := range n {
			s.Objects = append(s.Objects, Object{Table: fmt.Sprintf("T%02d", i)})
		}
		return s
	}
	other := full("B")
	other.Type = "DataOnly"
	for _, tc := range []struct {
		name string
		a, b Shape
		want []Object
		ok   bool
	}{
		{"two tables", full("B"), full("A"), objects("A", "B"), true},
		{"the same", full("A"), full("A"), objects("A"), true},
		{"some of them", full("A", "B"), full("B"), objects("A", "B"), true},
		{"more of them", full("B"), full("A", "B", "C"), objects("A", "B", "C"), true},
		{"a partition besides", full("A"), full("B/1"), objects("A", "B/1"), true},
		{"two partitions of a table", full("A/2"), full("A/1"), objects("A/1", "A/2"), true},
		{"a partition of the table", full("A"), full("A/1"), nil, false},
		{"the table of the partition", full("A/1", "B"), full("A"), nil, false},
		{"the whole model and a table", full(), full("A"), nil, true},
		{"the whole model and a partition", full(), full("A/1"), nil, false},
		{"a table and the whole model", full("A"), full(), nil, false},
		{"another treatment", full("A"), other, nil, false},
		{"as many as are shown", many(maxObjects - 1), full("A"), append(objects("A"), many(maxObjects-1).Objects...), true},
		{"more than are shown", many(maxObjects), full("A"), nil, false},
		{"some of more than are shown", many(maxObjects + 9), full("T07"), many(maxObjects + 9).Objects, true},
	} {
		before := slices.Clone(tc.a.Objects)
		got, ok := tc.a.with(tc.b)
		if ok != tc.ok || ok && !slices.Equal(got.Objects, tc.want) {
			t.Errorf("%s: %v, %t", tc.name, got.Objects, ok)
		}
		if !ok && !slices.Equal(got.Objects, tc.a.Objects) || !slices.Equal(before, tc.a.Objects) {
			t.Errorf("%s: what could not be merged has changed", tc.name)
		}
	}
	long := Shape{Kind: Enhanced, Objects: []Object{{Table: "A", Partition: string(make([]byte, MaxShape/8))}}}
	if _, ok := long.with(Shape{Kind: Enhanced, Objects: []Object{{Table: "B", Partition: string(make([]byte, MaxShape/8))}}}); ok {
		t.Error("larger than a request can be")
	}
}

func TestGoesWith(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Operation){
		"alone":          func(op *Operation) { op.NoMerge = true },
		"being left":     func(op *Operation) { op.Cancel = true },
		"as standard":    func(op *Operation) { op.Fallback = true },
		"in parallel":    func(op *Operation) { op.Tuning.MaxParallelism = new(2) },
		"with repeats":   func(op *Operation) { op.Tuning.RetryCount = new(0) },
		"in less time":   func(op *Operation) { op.Tuning.Timeout = "01:00:00" },
		"something else": func(op *Operation) { op.Shape.Type = "Calculate" },
	} {
		a, b := Operation{Shape: full("A")}, Operation{Shape: full("B")}
		if !a.canMerge(&b) {
			t.Fatal("got no merge of shapes that differ in their objects only")
		}
		if change(&b); a.canMerge(&b) {
			t.Errorf("%s: merged", name)
		}
	}
}

// Whoever waits, in whatever order: the head is served, everybody who is served is
// covered, one POST is one treatment, and all are served after as many attempts as
// there are operations, however many come meanwhile.
func TestPartyIsFairAndCovers(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(5, 6))
	ask := func() Ask {
		a := wholeModel()
		a.Shape = full()
		for _, o := range objects("A", "B", "C", "C/1", "D/1", "D/2") {
			if dice.IntN(3) == 0 {
				a.Shape.Objects = append(a.Shape.Objects, o)
			}
		}
		a.Shape.Type = []string{"Full", "DataOnly"}[dice.IntN(2)]
		return a
	}
	merged := 0
	for range 300 {
		s, now, rules := NewState(testModel, "e"), joinTime, DefaultRules()
		feed := func(e Event) { s, _ = rules.Next(s, e) }
		arrive := func(n int) {
			for range n {
				feed(Arrive{At: At(now), Nonce: "n", Ask: ask()})
			}
		}
		arrive(8)
		last := s.Last
		for round := 0; slices.ContainsFunc(s.Pending, func(op Operation) bool { return op.Number <= last }); round++ {
			if round >= 8 {
				t.Fatal("somebody starves")
			}
			head, txn := s.Pending[0].Number, fmt.Sprint("t", s.Last, round)
			feed(Tick{At: At(now), Txn: txn})
			if s.Attempt.Serves[0] != head {
				t.Fatalf("%d was at the head, and %v are served", head, s.Attempt.Serves)
			}
			for _, n := range s.Attempt.Serves {
				op, _ := s.Find(n)
				if !s.Attempt.Shape.covers(op.Shape) {
					t.Fatalf("%v does not do %v", s.Attempt.Shape, op.Shape)
				}
				if op.Latest().Merged != (len(op.Shape.Objects) != len(s.Attempt.Shape.Objects)) {
					t.Fatalf("%v for %v is merged: %t", s.Attempt.Shape, op.Shape, op.Latest().Merged)
				}
			}
			merged += len(s.Attempt.Serves) - 1
			arrive(2)
			now = now.Add(time.Minute)
			feed(Answered{At: At(now), Txn: txn, Answer: Answer{Kind: Accepted, RefreshID: "R", Sent: Enhanced}})
			feed(Observed{At: At(now), Txn: txn, SentAt: now, Detail: true, Rows: []Row{{ID: "R", State: RowCompleted, Start: now, End: now}}})
		}
	}
	if merged < 500 {
		t.Errorf("only %d were merged: this test tests nothing", merged)
	}
}

func TestOwnProgress(t *testing.T) {
	t.Parallel()
	all := progressOf("A:Completed,B/1:Failed,B/2:Completed,C:InProgress")
	for _, tc := range []struct{ shape, want string }{
		{"A", "A:Completed"}, {"B", "B/1:Failed,B/2:Completed"}, {"B/2,C", "B/2:Completed,C:InProgress"},
	} {
		s := newScenario(t).ask([]string{"tables=" + tc.shape}).Shape
		if got := s.own(all); !reflect.DeepEqual(got, progressOf(tc.want)) {
			t.Errorf("%s: %v", tc.shape, got)
		}
	}
	if got := (Shape{}).own(all); !reflect.DeepEqual(got, all) {
		t.Errorf("the whole model: %v", got)
	}
	if got := full("X").own(all); got != nil {
		t.Errorf("nothing of it: %v", got)
	}
}
