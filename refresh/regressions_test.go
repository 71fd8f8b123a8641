package refresh

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
)

// Each test here was a defect once: a review found it and could show it.

func oneTable(name string) Request {
	r := wholeModel()
	r.Ask.Shape = Shape{Kind: Enhanced, Type: "Full", CommitMode: "Transactional", Objects: []Object{{Table: name}}}
	return r
}

// answering is a Power BI with its own answer to every POST.
type answering struct {
	*fakePowerBI
	answer func(p Post) Answer
}

func (a answering) Post(_ context.Context, _ Model, p Post, _ time.Time) Answer {
	a.posts.Add(1)
	time.Sleep(50 * time.Millisecond)
	return a.answer(p)
}

// Twenty operations of one batch are refused one after another, and the first of
// them are in the archive before their callers are answered.
func TestCallersOfABatchThatIsArchivedMeanwhile(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := &slowStore{Store: lease.NewMemory(), trip: 10 * time.Millisecond}
		c := newTestCoordinator(store, answering{&fakePowerBI{}, func(Post) Answer {
			return Answer{Kind: Refused, Fault: &Fault{Code: CodeDailyLimit, Message: "no"}}
		}})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				r, err := c.Trigger(t.Context(), oneTable(fmt.Sprint("T", i)))
				if err != nil || r.View.Operation.Number == 0 || r.View.Status == "" {
					t.Errorf("caller %d: %+v %v", i, r.View, err)
					return
				}
				if v := finish(t, c, r.Link()); v.Status != StatusFailed || v.Operation.Fault.Code != CodeDailyLimit {
					t.Errorf("caller %d: %s", i, v.Status)
				}
			})
		}
		wg.Wait()
	})
}

// A status request of the same caller waits for its look when the cancel comes.
func TestCancelIsAnsweredToTheCancel(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		pbi := &fakePowerBI{length: time.Hour}
		c := newTestCoordinator(lease.NewMemory(), answering{pbi, func(Post) Answer {
			return Answer{Kind: Accepted, RefreshID: pbi.accept(), Sent: Standard}
		}})
		r := mustTrigger(t, c, wholeModel())
		time.Sleep(time.Minute)
		pbi.mu.Lock()
		pbi.delay = 1500 * time.Millisecond
		pbi.mu.Unlock()
		go func() { _, _ = c.Status(t.Context(), r.Link()) }()
		time.Sleep(500 * time.Millisecond)
		var refusal *Refusal
		if got, err := c.Cancel(t.Context(), r.Link()); !errors.As(err, &refusal) || refusal.Code != CodeCancelNotSupported {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// The document was deleted and made anew: numbers begin again, and an id of the old
// one must not reach its namesake.
func TestCancelOfAnotherEpoch(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		pbi := &fakePowerBI{length: 10 * time.Second}
		c := newTestCoordinator(memory, pbi)
		old := mustTrigger(t, c, wholeModel())
		finish(t, c, old.Link())
		for range keepRecent + 1 {
			finish(t, c, mustTrigger(t, c, wholeModel()).Link())
		}
		sweep(t, c)
		memory.Remove(StateName(testModel))
		other := newTestCoordinator(memory, pbi)
		victim := mustTrigger(t, other, wholeModel())
		var refusal *Refusal
		if _, err := other.Cancel(t.Context(), old.Link()); !errors.As(err, &refusal) || refusal.Code != CodeFinished {
			t.Errorf("cancel of an archived operation: %v", err)
		}
		if v := finish(t, other, victim.Link()); v.Status != StatusSucceeded {
			t.Errorf("the namesake ended as %s", v.Status)
		}
	})
}

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

func TestBusyWithoutATraceIsNoStorm(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		pbi := &fakePowerBI{}
		c := newTestCoordinator(lease.NewMemory(), answering{pbi, func(Post) Answer { return Answer{Kind: Busy} }})
		r := mustTrigger(t, c, wholeModel())
		for end := time.Now().Add(time.Hour); time.Now().Before(end); {
			time.Sleep(mustStatus(t, c, r.Link()).RetryAfter)
		}
		if pbi.posts.Load() > 40 {
			t.Errorf("%d POSTs in an hour", pbi.posts.Load())
		}
	})
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
			r.Ask.Shape.Objects = append(r.Ask.Shape.Objects, Object{Table: fmt.Sprintf("<&>%d", i)})
		}
		s.feed(Arrive{At: At(s.now), Nonce: "ana", Ask: r.Ask})
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
		if n := s.state.bytes(); n > 64<<10 {
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
	for i := range maxPending {
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
		if n := s.state.bytes(); n > 64<<10 {
			t.Fatalf("%d KiB after %d POSTs", n>>10, posts)
		}
		archived += s.archive(func(op Operation) {
			if n := len(op.Tries); n != attempts && n != attempts+1 || op.Tries[n-1].Fault.Detail == "" {
				t.Fatalf("operation %d ended after %d attempts: %+v", op.Number, n, op.Tries[n-1].Fault)
			}
		})
	}
	if len(s.state.Pending) > 0 || archived < maxPending-keepRecent || posts > maxPending*attempts {
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
	for i := range maxPending {
		for p := range maxObjects {
			e.Rows[0].Objects = append(e.Rows[0].Objects, Progress{Status: "Failed",
				Table: fmt.Sprintf("FactInternetSalesOfTheYear%02d", i), Partition: fmt.Sprintf("FactInternetSales-%04d", p)})
		}
	}
	return e
}

// Callers who come one after another share without writing.
func TestJoinersDoNotWrite(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := &slowStore{Store: lease.NewMemory(), trip: 10 * time.Millisecond}
		pbi := &fakePowerBI{length: 2 * time.Hour}
		c := newTestCoordinator(store, pbi)
		for range 3 {
			mustTrigger(t, c, wholeModel())
		}
		before, looks := store.counted("write"), pbi.looks
		for range 200 {
			mustTrigger(t, c, wholeModel())
			time.Sleep(3 * time.Second)
		}
		if writes := store.counted("write") - before - (pbi.looks - looks); writes > 5 {
			t.Errorf("200 joiners cost %d writes", writes)
		}
	})
}

// badCursor is a service that takes no continuation.
type badCursor struct{ lease.Store }

func (b badCursor) List(ctx context.Context, prefix, cursor string, limit int) (lease.Page, error) {
	if cursor != "" {
		return lease.Page{}, errors.New("400 OutOfRangeInput: marker")
	}
	return b.Store.List(ctx, prefix, cursor, limit)
}

func TestSweepSurvivesABadCursor(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		c := newTestCoordinator(badCursor{memory}, &fakePowerBI{length: time.Minute})
		id := mustTrigger(t, c, wholeModel()).Link()
		memory.Overwrite(cursorName, []byte(`{"next":"stale marker"}`), nil)
		if _, err := c.Sweep(t.Context()); err == nil {
			t.Error("the cursor was not used")
		}
		if v := sweepUntilDone(t, c, id); v.Status != StatusSucceeded {
			t.Errorf("ended as %s", v.Status)
		}
	})
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

// A panic costs the calls of one model, not the process.
func TestPanicIsContained(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		pbi := &fakePowerBI{length: time.Minute}
		pbi.onPost = func(Post, func() string) Answer { panic("impossible") }
		c := newTestCoordinator(lease.NewMemory(), pbi)
		r := mustTrigger(t, c, wholeModel())
		if r.View.Operation.Phase != Settling {
			t.Errorf("the caller sees %s, want settling: it may have been sent", r.View.Operation.Phase)
		}
		if v := sweepUntilDone(t, c, r.Link()); v.Status != StatusSucceeded || pbi.overlap.Load() > 0 {
			t.Errorf("%s, %d overlaps", v.Status, pbi.overlap.Load())
		}
	})
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

// The same for a panic while a caller's own event is fed: the caller is answered,
// and the model goes on.
func TestPanicAnswersTheCallers(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{length: time.Minute})
		mustTrigger(t, c, wholeModel())
		bad := newJob(time.Now().Add(callerWait), func(At) Event { panic("impossible") })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if _, err := c.do(ctx, testModel, bad); err == nil || time.Since(began) >= time.Minute {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		if v := finish(t, c, mustTrigger(t, c, wholeModel()).Link()); v.Status != StatusSucceeded {
			t.Errorf("ended as %s", v.Status)
		}
	})
}
