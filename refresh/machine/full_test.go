package machine

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// queue feeds requests to a machine, one after the other at the same time.
type queue struct {
	s State
}

// arrive returns the refusal, or the zero Refuse.
func (q *queue) arrive(owner string, ask Ask) Refuse {
	var effects []Effect
	q.s, effects = DefaultRules().Next(q.s, Arrive{At: At(joinTime), Nonce: "n", Owner: OwnerMark(owner), Ask: ask})
	refusal, _ := effects[0].(Refuse)
	return refusal
}

// table asks for one table, and for no other's.
func table(owner string, i, length int) Ask {
	a := wholeModel()
	a.Shape = Shape{Kind: Enhanced, Type: "Full", Objects: []Object{{Table: fmt.Sprint(owner, i, strings.Repeat("x", length))}}}
	return a
}

func TestOneOwnerHasAShareOfTheQueue(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ length, least, most int }{
		"by count":          {1, maxOwned, maxOwned},
		"by bytes":          {2000, 3, maxShapeBytes / 2 / 2000},
		"one that is large": {MaxShape - 500, 1, 1},
	} {
		q := &queue{NewState(testModel, "e")}
		admitted := 0
		for i := range 30 {
			before := q.s
			switch no := q.arrive("mallory", table("m", i, tc.length)); {
			case no == Refuse{}:
				admitted++
			case no.Code != CodeShareUsed:
				t.Fatalf("%s: request %d got %s, want %s", name, i, no.Code, CodeShareUsed)
			case !q.s.Same(before):
				t.Fatalf("%s: the refusal of request %d changed the document", name, i)
			}
		}
		if admitted < tc.least || admitted > tc.most {
			t.Errorf("%s: got %d operations of one owner, want %d to %d", name, admitted, tc.least, tc.most)
		}
		if no := q.arrive("ana", table("a", 1, 1)); no != (Refuse{}) {
			t.Errorf("%s: got %v for another owner's table, want it admitted", name, no)
		}
		if no := q.arrive("mallory", table("m", 0, tc.length)); no != (Refuse{}) {
			t.Errorf("%s: got %v for a request that shares an operation, want it admitted", name, no)
		}
	}
}

// Many owners can fill the queue; plain refreshes have places of their own, and share them.
func TestPlainRefreshesHavePlaces(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]int{"many": 1, "large": 1400} {
		q := &queue{NewState(testModel, "e")}
		for i := range 2 * MaxPending {
			q.arrive(fmt.Sprint("owner", i), table("t", i, length))
		}
		if no := q.arrive("zoe", table("z", 1, 1400)); no.Code != CodeQueueFull {
			t.Errorf("%s: got %q for one more table, want %s", name, no.Code, CodeQueueFull)
		}
		for _, owner := range []string{"ana", "bob", ""} {
			if no := q.arrive(owner, wholeModel()); no != (Refuse{}) {
				t.Errorf("%s: got %v for a plain refresh of %q, want it admitted", name, no, owner)
			}
		}
		hurried := wholeModel()
		hurried.QueueTimeout = time.Minute
		if no := q.arrive("ana", hurried); name == "many" && no.Code != CodeQueueFull {
			t.Errorf("%s: got %q for one that others cannot share, want %s", name, no.Code, CodeQueueFull)
		}
	}
}

// Operations without an owner, of schedules and of earlier versions, count towards no share.
func TestNoOwnerHasNoShare(t *testing.T) {
	t.Parallel()
	q := &queue{NewState(testModel, "e")}
	for i := range MaxPending - plainReserve {
		if no := q.arrive("", table("t", i, 1)); no != (Refuse{}) {
			t.Fatalf("request %d got %v, want it admitted", i, no)
		}
	}
	if no := q.arrive("", table("t", MaxPending, 1)); no.Code != CodeQueueFull {
		t.Errorf("got %q beyond the limit, want %s", no.Code, CodeQueueFull)
	}
}
