package machine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// FuzzWalk feeds the machine arrivals, cancellations, and answers to the calls that it
// asked for: late, repeated, in any order, and with any content. The machine refuses no
// step of a walk, posts for no model that is occupied, and can always store the document.
func FuzzWalk(f *testing.F) {
	f.Add(randomSteps(0))
	f.Fuzz(func(t *testing.T, steps []byte) { newWalk(steps).play(t) })
}

func randomSteps(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // reproducible
	steps := make([]byte, 1200)
	for i := range steps {
		steps[i] = byte(r.Uint32())
	}
	return steps
}

func newWalk(steps []byte) *walk {
	return &walk{left: steps, rules: DefaultRules(), state: NewState(testModel, "e"), now: time.Unix(1_800_000_000, 0)}
}

func (w *walk) play(t *testing.T) {
	t.Helper()
	for len(w.left) > 0 {
		w.step(t)
	}
}

// walk draws events from bytes.
type walk struct {
	left  []byte
	rules Rules
	state State
	now   time.Time
	txns  int
	posts []Post
	looks []asked
	made  []transition
}

// asked is a look that the machine asked for.
type asked struct {
	Look
	at time.Time
}

// draw returns a number below n.
func (w *walk) draw(n int) int {
	if len(w.left) == 0 {
		return 0
	}
	b := w.left[0]
	w.left = w.left[1:]
	return int(b) % n
}

func pick[T any](w *walk, of ...T) T { return of[w.draw(len(of))] }

func (w *walk) step(t *testing.T) {
	w.now = w.now.Add(pick(w, 0, 0, time.Second, 5*time.Second, 20*time.Second, time.Minute, 6*time.Minute, time.Hour, 25*time.Hour))
	e := w.event()
	before := w.state
	m := w.rules.step(before, e)
	w.state = m.State
	w.made = append(w.made, m.made...)
	for _, effect := range m.effects {
		switch effect := effect.(type) {
		case Post:
			if w.posts = append(w.posts, effect); before.Attempt != nil {
				t.Errorf("%#v: a POST while the model has an attempt: %+v", e, before.Attempt)
			}
		case Look:
			w.looks = append(w.looks, asked{effect, w.now})
		case Unlisted:
			t.Errorf("%#v was refused: %v", e, effect)
		}
	}
	if _, any := w.state.Due(); len(w.state.Pending) > 0 && !any {
		t.Errorf("%#v: operations wait, and nothing is due", e)
	}
	if len(w.left)%8 > 0 {
		return
	}
	doc, err := w.state.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(doc); err != nil {
		t.Fatalf("%#v: %v\n%s", e, err, doc)
	}
}

func (w *walk) event() Event {
	at := At(w.now)
	switch w.draw(10) {
	case 0, 1:
		return Arrive{At: at, Nonce: fmt.Sprint("n", w.draw(9)), Ask: w.ask()}
	case 2, 3, 4:
		w.txns++
		return Tick{At: at, Txn: fmt.Sprint("t", w.txns)}
	case 5, 6:
		if n := len(w.posts); n > 0 {
			return Answered{At: at, Txn: w.posts[n-1-w.draw(min(n, 3))].Txn, Answer: w.answer()}
		}
	case 7, 8:
		if n := len(w.looks); n > 0 {
			return w.observed(w.looks[n-1-w.draw(min(n, 3))])
		}
	}
	switch w.draw(4) {
	case 0:
		return Deleted{At: at, Txn: fmt.Sprint("t", w.draw(w.txns+1))}
	case 1:
		return Archived{At: at, Epoch: "e", Number: w.number()}
	}
	return CancelAsked{At: at, Epoch: "e", Number: w.number(), Nonce: fmt.Sprint("n", w.draw(9)), Force: w.draw(2) == 0}
}

func (w *walk) ask() Ask {
	a := Ask{WhenBusy: pick(w, WhenBusyQueue, WhenBusyJoin, WhenBusyReject), Timeout: pick(w, time.Minute, time.Hour, 24*time.Hour),
		QueueTimeout: pick(w, 0, 0, time.Minute), MaxAttempts: 1 + w.draw(3), Shape: Shape{Kind: pick(w, Auto, Standard, Enhanced)}}
	if a.Shape.Kind == Enhanced && w.draw(2) == 0 {
		off := false
		a.Shape.ApplyPolicy = &off
		a.Shape.CommitMode = pick(w, "", "transactional", "partialBatch")
		for i := range 1 + w.draw(2) {
			a.Shape.Objects = append(a.Shape.Objects, Object{Table: fmt.Sprint("T", w.draw(2)+i), Partition: pick(w, "", "P")})
		}
	}
	return a
}

func (w *walk) number() int64 { return w.state.Last - int64(w.draw(3)) }

// id is the attempt's, an abandoned one's, or any.
func (w *walk) id() string {
	ids := []string{"", "r1", "r2", fmt.Sprint("t", w.draw(w.txns+1))}
	if a := w.state.Attempt; a != nil {
		ids = append(ids, a.Txn, a.RefreshID, a.RefreshID)
	}
	for _, watched := range w.state.Abandoned {
		ids = append(ids, watched.RefreshID, watched.Txn)
	}
	return pick(w, ids...)
}

func (w *walk) answer() Answer {
	a := Answer{Kind: pick(w, Accepted, Accepted, Accepted, Lost, Lost, Busy, Throttled, Paused, Conflict, Refused, Unsent),
		Sent: pick(w, "", Standard, Enhanced), RetryAfter: pick(w, 0, time.Minute)}
	switch a.Kind {
	case Accepted:
		a.RefreshID = pick(w, "", fmt.Sprint("r", w.draw(200)), w.id())
	case Lost:
		a.Named = slices.DeleteFunc([]string{w.id()}, func(id string) bool { return id == "" })
	case Refused, Unsent, Paused, Conflict:
		a.Fault = w.fault()
		a.TokenRejected, a.EnhancedOnly, a.Quota, a.OfBody = w.draw(3) == 0, w.draw(3) == 0, w.draw(3) == 0, w.draw(2) == 0
	case Busy, Throttled:
	}
	return a
}

func (w *walk) fault() *Fault {
	return &Fault{Code: pick(w, "Forbidden", CodeCapacityPaused), Transient: w.draw(2) == 0, Late: w.draw(3) == 0}
}

func (w *walk) observed(l asked) Observed {
	e := Observed{At: At(w.now), Txn: l.Txn, SentAt: l.at, Fuzz: pick(w, 0, time.Second)}
	if w.draw(5) == 0 {
		e.Err, e.RetryAfter = w.fault(), pick(w, 0, time.Minute)
		e.Gone = w.draw(2) == 0
		e.There = !e.Gone && w.draw(2) == 0
		return e
	}
	if e.Detail = l.RefreshID != ""; e.Detail {
		e.Rows = []Row{w.row()}
		e.Rows[0].ID = l.RefreshID
		return e
	}
	for range w.draw(4) {
		e.Rows = append(e.Rows, w.row())
	}
	return e
}

func (w *walk) row() Row {
	r := Row{ID: w.id(), Type: pick(w, "ViaApi", "ViaEnhancedApi", "Scheduled", ""), Start: w.now.Add(-pick(w, time.Second, time.Minute, time.Hour)),
		State: pick(w, RowInProgress, RowInProgress, RowCompleted, RowCompleted, RowFailed, RowFailed, RowCancelled, RowDisabled), Word: "w"}
	if r.State != RowInProgress {
		r.End = w.now
	}
	if r.State == RowFailed && w.draw(3) > 0 {
		r.Fault = w.fault()
	}
	for i := range w.draw(3) {
		r.Objects = append(r.Objects, Progress{Table: fmt.Sprint("T", i), Partition: pick(w, "", "P"), Status: pick(w, "Completed", "Failed")})
	}
	return r
}
