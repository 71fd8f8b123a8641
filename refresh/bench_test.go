package refresh

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// What the limits of docs/scale.md rest on. Times are of this program alone: the
// store is memory, and Power BI answers at once.

// BenchmarkTrigger admits a caller and starts the refresh of an idle model: each time
// another model, as many at once as there are processors.
func BenchmarkTrigger(b *testing.B) {
	c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{})
	var mu sync.Mutex
	n := 0
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mu.Lock()
			n++
			r := wholeModel()
			r.Model.DatasetID = fmt.Sprintf("cfafbeb1-8037-4d0c-896e-%012x", n)
			mu.Unlock()
			if _, err := c.Trigger(context.Background(), r); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkSharedTrigger is a thousand callers of one model at once: what they cost in
// refreshes and in writes.
func BenchmarkSharedTrigger(b *testing.B) {
	const callers = 1000
	for b.Loop() {
		store, upstream := &slowStore{Store: lease.NewMemory()}, &fakePowerBI{length: time.Hour}
		c := newTestCoordinator(store, upstream)
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				if _, err := c.Trigger(context.Background(), wholeModel()); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		b.ReportMetric(float64(upstream.posts.Load()), "posts")
		b.ReportMetric(float64(store.counted("write")), "writes")
		b.ReportMetric(float64(store.counted("read")), "reads")
	}
}

// manyModels lists idle models, a page at a time, as a container with so many of them
// would.
type manyModels struct {
	lease.Store
	entries []lease.Entry
}

func (m *manyModels) List(_ context.Context, _, cursor string, limit int) (lease.Page, error) {
	var at int
	if cursor != "" {
		_, _ = fmt.Sscan(cursor, &at)
	}
	p := lease.Page{Date: time.Now(), Entries: m.entries[at:min(at+limit, len(m.entries))]}
	if at+limit < len(m.entries) {
		p.Next = fmt.Sprint(at + limit)
	}
	return p, nil
}

// BenchmarkSweepIdle looks through 100,000 models of which none is due.
func BenchmarkSweepIdle(b *testing.B) {
	const models = 100_000
	store := &manyModels{Store: lease.NewMemory()}
	for i := range models {
		name := StateName(machine.Model{WorkspaceID: testModel.WorkspaceID, DatasetID: fmt.Sprintf("cfafbeb1-8037-4d0c-896e-%012x", i)})
		store.entries = append(store.entries, lease.Entry{Name: name, Meta: lease.Meta{metaDue: never}})
	}
	c := newTestCoordinator(store, &fakePowerBI{})
	for b.Loop() {
		r, err := c.Sweep(context.Background())
		if err != nil || r.Seen != models || !r.Complete {
			b.Fatalf("%+v %v", r, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/models, "ns/model")
}

// BenchmarkPoll shows a running operation, with so many others in the document, from a
// read whose document did not change since the last one.
func BenchmarkPoll(b *testing.B) {
	for _, ended := range []int{0, machine.KeepRecent} {
		b.Run(fmt.Sprint(ended, " ended"), func(b *testing.B) {
			s := runningState(b, ended)
			doc, err := s.Encode()
			if err != nil {
				b.Fatal(err)
			}
			var decoded decodedStates
			for b.Loop() {
				s, err := decoded.of(testModel, doc)
				if err != nil {
					b.Fatal(err)
				}
				s.Due()
				s.View(s.Pending[0], "", time.Now())
			}
		})
	}
}

func runningState(b *testing.B, ended int) machine.State {
	b.Helper()
	rules, s, at := machine.DefaultRules(), machine.NewState(testModel, "0123456789abcdef"), machine.At(time.Now())
	feed := func(e machine.Event) { s, _ = rules.Next(s, e) }
	for i := range ended + 1 {
		txn := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
		feed(machine.Arrive{At: at, Nonce: txn, Ask: wholeModel().Ask})
		feed(machine.Tick{At: at, Txn: txn})
		feed(machine.Answered{At: at, Txn: txn, Answer: machine.Answer{Kind: machine.Accepted, RefreshID: txn, Sent: machine.Enhanced}})
		if i < ended {
			row := machine.Row{ID: txn, State: machine.RowCompleted, Start: time.Time(at), End: time.Time(at)}
			feed(machine.Observed{At: at, SentAt: time.Time(at), Txn: txn, Detail: true, Rows: []machine.Row{row}})
		}
	}
	if len(s.Pending) != 1 || len(s.Recent) != ended {
		b.Fatalf("got %d pending and %d ended operations, want 1 and %d", len(s.Pending), len(s.Recent), ended)
	}
	return s
}
