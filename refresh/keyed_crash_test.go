package refresh

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh/machine"
)

// mortal is the store of a process that dies at one of its calls: before the call
// leaves, or when it has landed and its answer is not heard. When the test is over,
// what is left of the process is let go.
type mortal struct {
	*leasetest.Faulty
	over chan struct{}

	mu    sync.Mutex
	calls int
	dead  chan struct{}
}

var everyOp = []leasetest.Op{leasetest.OpRead, leasetest.OpAcquire, leasetest.OpWrite, leasetest.OpRelease, leasetest.OpCreate}

func newMortal(store lease.Store, dies int, after bool, die func()) *mortal {
	m := &mortal{Faulty: leasetest.NewFaulty(store), over: make(chan struct{}), dead: make(chan struct{})}
	for _, op := range everyOp {
		m.On(op, func(call leasetest.Call) (bool, error) {
			if n := m.count(); n == dies {
				if after {
					_ = call.Land(context.Background())
				}
				die()
				close(m.dead)
			}
			select {
			case <-m.dead:
				<-m.over
				return false, errReset
			default:
				return true, nil
			}
		})
	}
	return m
}

// mortalUpstream is Power BI as the process reaches it: a dead process sends nothing.
type mortalUpstream struct {
	Upstream
	mortal *mortal
	posts  atomic.Int32
}

func (u *mortalUpstream) Post(ctx context.Context, m machine.Model, p machine.Post, sendBy time.Time) machine.Answer {
	select {
	case <-u.mortal.dead:
		<-u.mortal.over
		return machine.Answer{Kind: machine.Lost}
	default:
	}
	u.posts.Add(1)
	return u.Upstream.Post(ctx, m, p, sendBy)
}

func (m *mortal) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	return m.calls
}

// bury lets the goroutines of the dead process end. Nobody looks at what they do then.
func (m *mortal) bury() {
	for _, op := range everyOp {
		m.On(op, nil)
	}
	close(m.over)
}

// A process dies at any call of a keyed request, and the caller asks another process:
// there is one operation, one id and, unless the POST itself was cut off, one refresh.
func TestProcessDiesDuringAKeyedRequest(t *testing.T) {
	t.Parallel()
	for dies := 1; dies <= 18; dies++ {
		for _, after := range []bool{false, true} {
			for _, wait := range []time.Duration{0, 3 * time.Second, time.Minute} {
				t.Run(fmt.Sprintf("call %d after %v wait %v", dies, after, wait), func(t *testing.T) {
					t.Parallel()
					bubble(t, func(t *testing.T) { dieOnce(t, dies, after, wait) })
				})
			}
		}
	}
}

func dieOnce(t *testing.T, dies int, after bool, wait time.Duration) {
	t.Helper()
	memory := lease.NewMemory()
	pbi := &fakePowerBI{length: 20 * time.Second}
	grave := newMortal(memory, dies, after, func() {})
	defer grave.bury()
	upstream := &mortalUpstream{Upstream: pbi, mortal: grave}
	doomed := newTestCoordinator(grave, upstream)
	heard := make(chan Link, 1)
	go func() {
		if r, err := doomed.Trigger(context.Background(), keyed("k")); err == nil {
			heard <- r.Link()
		}
	}()
	time.Sleep(wait)
	heir := newTestCoordinator(memory, pbi)
	var receipt Receipt
	for {
		var err error
		var later *UnavailableError
		if receipt, err = heir.Trigger(t.Context(), keyed("k")); err == nil {
			break
		} else if !errors.As(err, &later) {
			t.Fatal(err)
		}
		time.Sleep(comeAgain)
	}
	select {
	case id := <-heard:
		if id != receipt.Link() {
			t.Error("one key has two ids")
		}
	default:
	}
	mustRepeat(t, newTestCoordinator(memory, pbi), keyed("k"), receipt.Link())
	if v := sweepUntilDone(t, heir, receipt.Link()); v.Status != machine.StatusSucceeded {
		t.Errorf("ended as %s", v.Status)
	}
	most := 1 + upstream.posts.Load() // one for the key, and one more if the answer of the dead process' POST was lost
	if s := modelState(t, memory); s.Last != 1 || pbi.posts.Load() > most || pbi.overlap.Load() != 0 {
		t.Errorf("got %d operations, %d refreshes, %d overlaps; want 1, at most %d, 0", s.Last, pbi.posts.Load(), pbi.overlap.Load(), most)
	}
}

// Every call of the store that a keyed request makes fails once, landed and not, and
// the same process is asked again.
func TestKeyedRequestSurvivesFaults(t *testing.T) {
	t.Parallel()
	eachFault(t, everyOp, 5, failKeyedOnce)
}

func failKeyedOnce(t *testing.T, memory *lease.Memory, store lease.Store) {
	t.Helper()
	pbi := &fakePowerBI{length: 20 * time.Second}
	c := newTestCoordinator(store, pbi)
	var ids []Link
	for range 3 {
		r, err := c.Trigger(t.Context(), keyed("k"))
		if err == nil {
			ids = append(ids, r.Link())
		}
		time.Sleep(comeAgain)
	}
	if len(ids) < 2 || ids[0] != ids[len(ids)-1] {
		t.Fatalf("%d answers, or more than one id", len(ids))
	}
	sweepUntilDone(t, c, ids[0])
	if s := modelState(t, memory); s.Last != 1 || pbi.posts.Load() > 2 || pbi.overlap.Load() != 0 {
		t.Errorf("%d operations, %d refreshes", s.Last, pbi.posts.Load())
	}
}

// An operation leaves the document only when the keys of earlier versions are recorded
// elsewhere.
func TestArchiveThatCannotRecordKeys(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		store := leasetest.NewFaulty(memory)
		pbi := &fakePowerBI{length: time.Second}
		c := newTestCoordinator(store, pbi)
		k := keyed("k").Key
		claimEarlier(memory, k)
		first := mustTrigger(t, c, keyed("k"))
		memory.Remove(pointerName(k.Name)) // an earlier version makes it when the operation leaves
		finish(t, c, first.Link())
		store.On(leasetest.OpCreate, func(call leasetest.Call) (bool, error) {
			if call.Name == pointerName(k.Name) {
				return false, errReset
			}
			return true, nil
		})
		push(t, c, pbi)
		if _, same, here := modelState(t, memory).Keyed(k); !here || !same {
			t.Fatal("the key is lost")
		}
		mustRepeat(t, newTestCoordinator(memory, pbi), keyed("k"), first.Link())
		store.On(leasetest.OpCreate, nil)
		push(t, c, pbi)
		if _, _, here := modelState(t, memory).Keyed(k); here {
			t.Error("the operation is still in the document")
		}
		mustRepeat(t, newTestCoordinator(memory, pbi), keyed("k"), first.Link())
	})
}
