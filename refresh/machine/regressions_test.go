package machine

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Each test here was a defect once: a review found it and could show it.

// The archive confirms an operation of a document that was deleted meanwhile: the new
// document's operation of that number stays.
func TestArchivedNamesItsEpoch(t *testing.T) {
	t.Parallel()
	r, s := DefaultRules(), NewState(testModel, "new")
	s.Last, s.Recent = 1, []Operation{{Number: 1, Phase: Succeeded}}
	if s, _ = r.Next(s, Archived{Epoch: "old", Number: 1}); len(s.Recent) != 1 {
		t.Error("an operation left the document and is not in the archive")
	}
	if s, _ = r.Next(s, Archived{Epoch: "new", Number: 1}); len(s.Recent) != 0 {
		t.Error("an archived operation stays")
	}
}

func TestCancelNamesItsEpoch(t *testing.T) {
	t.Parallel()
	s := newScenario(t)
	s.arrive([]string{"ana"})
	s.feed(CancelAsked{At: At(s.now), Epoch: "another", Number: 1, Nonce: "ana"})
	if s.state.Pending[0].Phase.Terminal() || s.state.Pending[0].Cancel {
		t.Error("cancelled across epochs")
	}
}

// Thousands of partitions and long lists of tables do not make the document grow.
func TestDocumentIsBounded(t *testing.T) {
	t.Parallel()
	s := newScenario(t)
	var rows []Progress
	for i := range 2400 {
		rows = append(rows, Progress{Table: fmt.Sprintf("<&>%d", i/8), Partition: fmt.Sprintf("FactInternetSales-%04d", i), Status: "Completed"})
	}
	rows[2000].Status = "Failed"
	for range 40 {
		r := wholeModel()
		for i := range 300 {
			r.Shape.Objects = append(r.Shape.Objects, Object{Table: fmt.Sprintf("<&>%d", i)})
		}
		s.feed(Arrive{At: At(s.now), Nonce: "ana", Ask: r})
		s.command("tick")
		s.command("answer accepted id=R1 kind=enhanced")
		s.now = s.now.Add(time.Minute)
		e := s.observation([]string{"detail", "R1:completed"})
		e.Rows[0].Objects = rows
		s.feed(e)
		for _, op := range s.state.Recent {
			if op.Objects[0].Status != "Failed" || op.Total != 2400 {
				t.Fatal("what has not completed is not shown first")
			}
		}
		s.command("tick")
		for _, effect := range s.effects {
			if a, ok := effect.(Archive); ok {
				for _, op := range a.Operations {
					s.feed(Archived{At: At(s.now), Epoch: s.state.Epoch, Number: op.Number})
				}
			}
		}
		if n := len(mustEncode(t, s.state)); n > 64<<10 {
			t.Fatalf("%d KiB", n>>10)
		}
	}
}

// One attempt may serve all that a model holds, and fail as often as each of them allows:
// what is kept of that has the bounds of the document, and nobody loses an attempt by it.
func TestDocumentOfAMergedRefreshIsBounded(t *testing.T) {
	t.Parallel()
	const attempts = 10
	s := newScenario(t)
	for i := range MaxPending {
		s.command(fmt.Sprintf("arrive c%d tables=FactInternetSalesOfTheYear%02d attempts=%d timeout=240h", i, i, attempts))
	}
	posts, archived := 0, 0
	for s.state.Attempt != nil {
		posts++
		s.command(fmt.Sprintf("answer accepted id=R%d kind=enhanced", posts))
		s.now = s.now.Add(time.Minute)
		s.feed(s.failure(fmt.Sprint("R", posts)))
		s.now = s.now.Add(10 * time.Minute)
		s.command("tick")
		if n := len(mustEncode(t, s.state)); n > 64<<10 {
			t.Fatalf("%d KiB after %d POSTs", n>>10, posts)
		}
		archived += s.archive(func(op Operation) {
			if n := len(op.Tries); n != attempts && n != attempts+1 || op.Tries[n-1].Fault.Detail == "" {
				t.Fatalf("operation %d ended after %d attempts: %+v", op.Number, n, op.Tries[n-1].Fault)
			}
		})
	}
	if len(s.state.Pending) > 0 || archived < MaxPending-KeepRecent || posts > MaxPending*attempts {
		t.Errorf("%d POSTs, and %d operations are pending, %d in the archive", posts, len(s.state.Pending), archived)
	}
}

// archive confirms what the last command wanted to have archived, and counts it.
func (s *scenario) archive(check func(Operation)) (n int) {
	for _, effect := range s.effects {
		if a, ok := effect.(Archive); ok {
			for _, op := range a.Operations {
				n++
				check(op)
				s.feed(Archived{At: At(s.now), Epoch: s.state.Epoch, Number: op.Number})
			}
		}
	}
	return n
}

// failure is a look that shows a refresh of all tables that has failed at great length,
// for a passing reason.
func (s *scenario) failure(id string) Observed {
	e := s.observation([]string{"detail", id + ":failed/capacity"})
	f := e.Rows[0].Fault
	f.Message, f.Remedy = "The refresh failed: the capacity was full.", "Try again when fewer semantic models are being processed."
	f.Detail = strings.Repeat("Data source error: the key didn't match any rows. ", 40)
	for i := range MaxPending {
		for p := range maxObjects {
			e.Rows[0].Objects = append(e.Rows[0].Objects, Progress{Status: "Failed",
				Table: fmt.Sprintf("FactInternetSalesOfTheYear%02d", i), Partition: fmt.Sprintf("FactInternetSales-%04d", p)})
		}
	}
	return e
}

// A look that was sent before a refresh was seen at work, and is fed after it, does
// not count as quiet.
func TestLateLookDoesNotShortenSettling(t *testing.T) {
	t.Parallel()
	s := newScenario(t)
	s.arrive([]string{"ana"})
	s.command("tick")
	s.command("answer accepted id=R1 kind=standard")
	early := s.observation(nil)
	s.now = s.now.Add(6 * time.Minute)
	s.feed(s.observation([]string{"F1:inProgress:Scheduled"}))
	s.feed(early)
	if n := s.state.Attempt.Settle.Reads; n != 0 {
		t.Errorf("%d reads count", n)
	}
}

func TestTimeOutBetweenAttemptsSaysWhyTheyFailed(t *testing.T) {
	t.Parallel()
	s := newScenario(t)
	s.arrive([]string{"ana", "timeout=1m"})
	s.command("tick")
	s.command("answer accepted id=R1 kind=enhanced")
	s.now = s.now.Add(55 * time.Second)
	s.command("look R1:failed/capacity")
	s.now = s.now.Add(6 * time.Second)
	s.command("tick")
	op := s.state.Recent[0]
	if op.Fault == nil || op.Fault.Code != CodeTimeout || op.Fault.Class != "capacity" {
		t.Errorf("%+v", op.Fault)
	}
}

// The first quiet read of a run was repeated for 15 seconds: it showed the history as it
// was at its end, so that the window of quiet reads begins there.
func TestWindowOfQuietReadsBeginsWithAnAnswer(t *testing.T) {
	t.Parallel()
	s := newScenario(t)
	for _, command := range []string{"arrive ana", "answer lost", "wait 2m", "look sent=-15s", "wait 2m", "look", "wait 2m50s", "look"} {
		s.command(command)
	}
	if a := s.state.Attempt; a == nil || a.Stage != StageSettling || a.Settle.Reads != 3 {
		t.Fatalf("got the attempt %+v after quiet reads of 4m50s, want it to be settling, after 3 of them", a)
	}
	s.command("wait 10s")
	s.command("look")
	if op := s.state.Pending[0]; op.Tries[0].Outcome != OutcomeDropped {
		t.Errorf("got the outcome %s after quiet reads of 5m, want dropped", op.Tries[0].Outcome)
	}
}
