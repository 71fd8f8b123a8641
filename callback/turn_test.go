package callback

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// dues makes due records of words such as a/m/3@7: owner, model, attempts, minute due.
func dues(t *testing.T, words string) []dueRecord {
	t.Helper()
	var out []dueRecord
	for word := range strings.FieldsSeq(words) {
		var minute int
		r := dueRecord{name: word}
		if _, err := fmt.Sscanf(strings.ReplaceAll(word, "/", " "), "%s %s %d@%d", &r.owner, &r.model, &r.attempts, &minute); err != nil {
			t.Fatalf("%q is not owner/model/attempts@minute: %v", word, err)
		}
		r.at = noon.Add(time.Duration(minute) * time.Minute)
		out = append(out, r)
	}
	return out
}

func TestOrderOfTurns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		turn      turn
		due, want string
	}{
		{"nothing", turn{}, "", ""},
		{"owners alternate", turn{}, "a/m/0@1 a/m/0@2 a/m/0@3 b/m/0@9", "a/m/0@1 b/m/0@9 a/m/0@2 a/m/0@3"},
		{"models of an owner alternate", turn{}, "a/m/0@1 a/m/0@2 a/n/0@9 b/m/0@9", "a/m/0@1 b/m/0@9 a/n/0@9 a/m/0@2"},
		{"fewest attempts first", turn{}, "a/m/5@1 a/m/0@9 a/m/2@3", "a/m/0@9 a/m/2@3 a/m/5@1"},
		{"then the longest due", turn{}, "a/m/1@9 a/m/1@3 a/m/1@5", "a/m/1@3 a/m/1@5 a/m/1@9"},
		{"after the last owner", turn{Owner: "b"}, "a/m/0@1 b/m/0@1 c/m/0@1", "c/m/0@1 a/m/0@1 b/m/0@1"},
		{"after the last owner, which has none now", turn{Owner: "bb"}, "a/m/0@1 b/m/0@1 c/m/0@1", "c/m/0@1 a/m/0@1 b/m/0@1"},
		{"after the last model of an owner", turn{Models: map[string]string{"a": "m"}}, "a/m/0@1 a/n/0@1 b/m/0@1", "a/n/0@1 b/m/0@1 a/m/0@1"},
	} {
		var got []string
		for _, r := range tc.turn.order(dues(t, tc.due)) {
			got = append(got, r.name)
		}
		if want := strings.Fields(tc.want); !slices.Equal(got, want) {
			t.Errorf("%s: %+v.order(%s) = %v, want %v", tc.name, tc.turn, tc.due, got, want)
		}
	}
}

// The turn goes on after the records that were begun.
func TestNextTurn(t *testing.T) {
	t.Parallel()
	got := turn{Owner: "z", Models: map[string]string{"a": "x", "c": "m"}}.next(dues(t, "a/m/0@1 b/m/0@1 a/n/0@1"))
	if want := "{a map[a:n b:m c:m]}"; fmt.Sprint(got) != want {
		t.Errorf("next = %v, want %s", got, want)
	}
	many := map[string]string{}
	for i := range maxTurns + 1 {
		many[fmt.Sprint(i)] = "m"
	}
	if got := (turn{Models: many}).next(dues(t, "a/m/0@1")); len(got.Models) != 1 {
		t.Errorf("next of %d owners keeps %d, want the one that was begun", len(many), len(got.Models))
	}
}

// In sweeps of 16 each record is begun within the bound of the package doc, also if some
// owners have more than others.
func TestTurnsAreBounded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ owners, models, records int }{{1, 1, 100}, {2, 1, 300}, {3, 5, 40}, {40, 1, 20}, {40, 3, 10}, {100, 2, 4}} {
		var left []dueRecord
		bound := map[string]int{}
		for o := range tc.owners {
			for m := range tc.models {
				for k := range tc.records / (1 + o%3) {
					r := dueRecord{name: fmt.Sprintf("%d/%d/%d", o, m, k), owner: fmt.Sprint(o), model: fmt.Sprint(m), attempts: k}
					left = append(left, r)
					bound[r.name] = (tc.owners*tc.models*(k+1) + sweepAtOnce - 1) / sweepAtOnce
				}
			}
		}
		at := turn{}
		for sweep := 1; len(left) > 0; sweep++ {
			order := at.order(left)
			begun := order[:min(sweepAtOnce, len(order))]
			for _, r := range begun {
				if sweep > bound[r.name] {
					t.Errorf("%+v: record %s was begun in sweep %d, want %d at the latest", tc, r.name, sweep, bound[r.name])
				}
			}
			at, left = at.next(begun), order[len(begun):]
		}
	}
}
