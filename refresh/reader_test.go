package refresh

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh/machine"
)

func TestReadsAreSharedAndFresh(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := leasetest.NewFaulty(lease.NewMemory())
		c := newTestCoordinator(store, &fakePowerBI{})
		if _, err := store.Create(t.Context(), StateName(testModel), emptyDocument(t), nil); err != nil {
			t.Fatal(err)
		}
		store.Delay(leasetest.OpRead, 50*time.Millisecond, 50*time.Millisecond)
		began := time.Now()
		var wg sync.WaitGroup
		for i := range 1000 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				arrived := time.Now()
				if _, err := c.reader(testModel).read(t.Context()); err != nil {
					t.Error(err)
				}
				// A read that was sent before this request arrived would be back sooner.
				if time.Since(arrived) < 100*time.Millisecond {
					t.Errorf("request %d was served by an older read", i)
				}
			})
		}
		wg.Wait()
		seconds := time.Since(began).Seconds()
		if reads := float64(store.Count(leasetest.OpRead)); reads > seconds/readInterval.Seconds()+1 {
			t.Errorf("%v reads in %v s", reads, seconds)
		}
	})
}

func TestReaderLeavesWithItsCaller(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := leasetest.NewFaulty(lease.NewMemory())
		c := newTestCoordinator(store, &fakePowerBI{})
		store.Delay(leasetest.OpRead, 5*time.Second, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.reader(testModel).read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestProcessesAgreeOnTheKey(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := leasetest.NewFaulty(lease.NewMemory())
		store.Delay(leasetest.OpCreate, 10*time.Millisecond, 10*time.Millisecond)
		keys := make([][]byte, 8)
		var wg sync.WaitGroup
		for i := range keys {
			wg.Go(func() {
				ring, err := NewStatusKeys(store).ring(t.Context())
				if err != nil {
					t.Error(err)
				}
				keys[i] = ring.Root
			})
		}
		wg.Wait()
		for _, key := range keys {
			if len(key) != 32 || !bytes.Equal(key, keys[0]) {
				t.Errorf("keys differ, or are short: %x", key)
			}
		}
	})
}

func TestKeyThatIsNone(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", `{"key":"c2hvcnQ="}`} {
		bubble(t, func(t *testing.T) {
			memory := lease.NewMemory()
			memory.Overwrite(statusKeysName, []byte(body), nil)
			if _, err := NewStatusKeys(memory).ring(t.Context()); err == nil {
				t.Errorf("%q was taken for a key", body)
			}
		})
	}
}

// A document that did not change is decoded once for all who read it, and one that did is
// decoded anew.
func TestDocumentsAreDecodedOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		c := newTestCoordinator(store, &fakePowerBI{length: time.Hour})
		r := mustTrigger(t, c, wholeModel())
		read := func() *machine.State {
			seen, err := c.reader(testModel).read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return seen.state
		}
		first := read()
		mustStatus(t, c, r.Link())
		if second := read(); second != first {
			t.Error("a document that did not change was decoded again")
		}
		ask := wholeModel()
		ask.Ask.Shape.Kind = machine.Enhanced
		mustTrigger(t, c, ask)
		if third := read(); third == first || third.Last != 2 || first.Last != 1 {
			t.Errorf("got operation %d as the newest of a document that changed, want 2; and %d of the earlier one, want 1", third.Last, first.Last)
		}
	})
}

// At most so many decoded documents are kept.
func TestDecodedStatesAreBounded(t *testing.T) {
	t.Parallel()
	var d decodedStates
	for i := range 3 * decodedKept {
		s := machine.NewState(numbered(i), "0123456789abcdef")
		doc, err := s.Encode()
		if err == nil {
			_, err = d.of(numbered(i), doc)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := len(d.all); n > decodedKept {
		t.Errorf("%d documents are kept, want at most %d", n, decodedKept)
	}
}
