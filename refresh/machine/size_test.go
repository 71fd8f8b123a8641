package machine

import (
	"fmt"
	"testing"
	"time"
)

// Two refreshes, each with the history of a model that was refreshed often, take one
// encoding for each write, and none to decide or to show.
func TestEncodesAreCounted(t *testing.T) {
	t.Parallel()
	s := newScenario(t).state
	r, now, writes, encodes := DefaultRules(), time.Unix(1780000000, 0).UTC(), 0, 0
	section := func(e Event) { // as package refresh does it: decode, decide, save, show
		doc, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if s, err = Decode(doc); err != nil {
			t.Fatal(err)
		}
		next, _ := r.Next(s, e)
		next, _ = r.Next(next, Tick{At: At(now), Txn: fmt.Sprint("t", writes)})
		if !next.Same(s) {
			next.Stamp("w")
			if _, err := next.Encode(); err != nil {
				t.Fatal(err)
			}
			writes++
		}
		s = next
		for _, op := range s.Pending {
			s.View(op, "", now)
		}
		s.Due()
		encodes += s.size.encodes
	}
	refreshes := func(n int) {
		for range n {
			section(Arrive{At: At(now), Nonce: "n", Ask: wholeModel()})
			txn, id := s.Attempt.Txn, fmt.Sprint("r", writes)
			section(Answered{At: At(now), Txn: txn, Answer: Answer{Kind: Accepted, RefreshID: id, Sent: Enhanced}})
			now = now.Add(time.Minute)
			running := Row{ID: id, Type: "ViaEnhancedApi", State: RowInProgress, Start: now.Add(-time.Minute)}
			section(Observed{At: At(now), SentAt: now, Txn: txn, Rows: []Row{running}, Detail: true})
			now = now.Add(time.Minute)
			done := Row{ID: id, Type: "ViaEnhancedApi", State: RowCompleted, Start: now.Add(-2 * time.Minute), End: now}
			section(Observed{At: At(now), SentAt: now, Txn: txn, Rows: []Row{done}, Detail: true})
			for range 3 { // nothing is due: nothing is written
				section(Deleted{At: At(now)})
			}
		}
	}
	refreshes(KeepRecent - 2)
	encodes, writes = 0, 0
	refreshes(2)
	if encodes != writes || writes != 8 {
		t.Errorf("two refreshes took %d encodings for %d writes, want 8 for 8", encodes, writes)
	}
}
