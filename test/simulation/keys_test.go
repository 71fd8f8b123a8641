package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// keyholder sends one request again and again under its key: after an answer, after
// none, to any process, and several times at once.
type keyholder struct {
	w       *world
	name    string
	dice    dice
	request refresh.Request
	began   time.Time
	held    *promise // the first answer
	heldAt  time.Time
}

// handKeys lets n callers with keys act among the others.
func (w *world) handKeys(n int) []*keyholder {
	holders := make([]*keyholder, n)
	for i := range holders {
		name := fmt.Sprintf("k%d", i)
		d := newDice(w.seed, name)
		c := &caller{w: w, name: name, dice: d}
		r := refresh.Request{Model: pick(d, w.models...), Ask: c.ask()}
		r.Key = machine.NewKey("simulation", name, r.Model, r.Ask)
		holders[i] = &keyholder{w: w, name: name, dice: d, request: r}
		w.actors.Go(holders[i].run)
	}
	return holders
}

func (k *keyholder) run() {
	c := &caller{w: k.w, name: k.name, dice: k.dice}
	if !c.wait(k.dice.between(0, 10*time.Minute)) {
		return
	}
	k.began = time.Now()
	for range 2 + k.dice.IntN(5) {
		k.volley(1 + k.dice.IntN(3))
		if !c.wait(pick(k.dice, k.dice.between(0, time.Second), k.dice.between(0, 3*time.Minute))) {
			break
		}
	}
	<-k.w.calm
	for range 5 { // the faults have stopped: it must succeed, or be refused for good
		if k.volley(1) {
			return
		}
		time.Sleep(20 * time.Second)
	}
	k.w.oracle.violated("the request of key %s is not answered any more", k.name)
}

// volley sends the request n times at once, and reports whether it was answered.
func (k *keyholder) volley(n int) bool {
	type result struct {
		receipt refresh.Receipt
		p       *process
		err     error
	}
	results := make(chan result, n)
	sent := time.Now()
	for range n {
		p, limit := k.w.anyProcess(k.dice), 50*time.Second
		if k.dice.chance(0.3) {
			limit = k.dice.between(time.Millisecond, time.Second) // leaves
		}
		apart := k.dice.between(time.Microsecond, 50*time.Millisecond)
		go func() {
			time.Sleep(apart)
			ctx, leave := context.WithTimeout(context.Background(), limit)
			defer leave()
			r, err := ask(p, func() (refresh.Receipt, error) { return p.c.Trigger(ctx, k.request) })
			results <- result{r, p, err}
		}()
	}
	answered := false
	for range n {
		r := <-results
		k.w.trace.add(k.name, "asks %s: operation %d, replayed %v, %v", r.p.name, r.receipt.View.Operation.Number, r.receipt.Replayed, r.err)
		answered = k.heard(r.receipt, r.p, r.err, sent) || answered
	}
	return answered
}

// heard holds an answer against the first one: same key, same operation.
func (k *keyholder) heard(r refresh.Receipt, p *process, err error, sent time.Time) bool {
	var no *refresh.Refusal
	if k.held != nil && !k.w.oracle.void(k.held.opened.Epoch).IsZero() {
		k.held = nil // its document was deleted: the next answer is the first
	}
	switch {
	case errors.As(err, &no):
		// Of several at once, one may be refused before another is admitted.
		if known := k.held != nil && sent.After(k.heldAt); known || no.Code == machine.CodeKeyReused {
			k.w.oracle.violated("key %s is refused with %s, sent after an answer: %v", k.name, no.Code, known)
		}
		return true
	case err != nil:
		return false
	case k.void(r.ID):
		return false
	case k.held == nil:
		k.hold(r)
	case k.held.link != r.Link():
		k.w.oracle.violated("key %s stands for operation %d, and for another one or another id", k.name, k.held.opened.Number)
		return true
	case r.Replayed:
		k.w.cover.hit("key replayed")
	}
	if k.held != nil {
		k.w.ledger.saw(k.held, k.name+"@"+p.name, sent, asRead(r.View))
	}
	return true
}

// void reports whether the document of an id was deleted before its answer came.
func (k *keyholder) void(id string) bool {
	opened, err := refresh.ParseID(id)
	if err != nil {
		k.w.oracle.violated("an id cannot be read: %v", err)
	}
	return !k.w.oracle.void(opened.Epoch).IsZero()
}

// asRead is a view as every reader has it: who was there when it was made may have an
// empty list where a document has none.
func asRead(v machine.View) machine.View {
	var op machine.Operation
	if b, err := json.Marshal(v.Operation); err != nil || json.Unmarshal(b, &op) != nil {
		panic("an operation cannot be written and read")
	}
	v.Operation = op
	return v
}

// hold keeps the first answer. Its caller arrived when it first tried.
func (k *keyholder) hold(r refresh.Receipt) {
	opened, _ := refresh.ParseID(r.ID) // void has read it
	k.held = &promise{link: r.Link(), opened: opened, model: k.request.Model, ask: k.request.Ask, arrived: k.began}
	k.heldAt = time.Now()
	k.w.ledger.add(k.held)
	k.w.checkSaved(k.held)
}

// judge: no key was admitted to two operations, whoever was answered, and the pointer
// names the one that was answered.
func (k *keyholder) judge() {
	if k.w.oracle.anew(k.request.Model) {
		return // what a deleted document knew of keys is lost
	}
	key := k.request.Key
	var claim struct {
		Stream string
		Ticket int64
	}
	k.w.document("keys/requests/"+key.Name+".json", &claim)
	key.Ticket = machine.Ticket{Stream: claim.Stream, Number: claim.Ticket}
	admitted := k.w.admitted(k.request.Model, key)
	if len(admitted) > 1 || len(admitted) == 0 && k.held != nil {
		k.w.oracle.violated("key %s was admitted to operations %v, its caller was answered: %v", k.name, admitted, k.held != nil)
	}
	var pointer struct {
		Epoch  string
		Number int64
	}
	k.w.document("keys/requests/"+key.Name+".operation.json", &pointer)
	if k.held != nil && (pointer.Epoch != k.held.opened.Epoch || pointer.Number != k.held.opened.Number) {
		k.w.oracle.violated("key %s points to operation %d, its caller was answered with %d", k.name, pointer.Number, k.held.opened.Number)
	}
}

// document reads a document that may be there.
func (w *world) document(name string, v any) {
	if doc, err := w.disk.Read(context.Background(), name); err == nil && json.Unmarshal(doc.Body, v) != nil {
		w.oracle.violated("%s is not readable", name)
	}
}

// admitted returns the operations of a model, here and in the archive, that know the key.
func (w *world) admitted(m machine.Model, key machine.Key) (numbers []int64) {
	page, err := w.disk.List(context.Background(), "archive/"+m.String(), "", 5000)
	if err != nil {
		w.t.Fatal(err)
	}
	state := w.oracle.state(m)
	operations := slices.Concat(state.Pending, state.Recent)
	for _, e := range page.Entries {
		var a struct{ Operation machine.Operation }
		w.document(e.Name, &a)
		if _, here := state.Find(a.Operation.Number); !here {
			operations = append(operations, a.Operation)
		}
	}
	for _, op := range operations {
		one := machine.State{Recent: []machine.Operation{op}}
		if _, _, found := one.Keyed(key); found {
			numbers = append(numbers, op.Number)
		}
	}
	return numbers
}

// TestKeyedSchedules plays random schedules with keyholders among the callers.
func TestKeyedSchedules(t *testing.T) {
	if elsewhere(t) {
		return
	}
	defer inOrder()()
	total := newCoverage()
	for seed := *from; seed < *from+uint64(max(10, *schedules/20)) && !t.Failed(); seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			w := playKeyed(t, seed)
			total.add(w.cover)
			for _, v := range w.oracle.violations() {
				t.Errorf("%s\nthe last events of %s\n%s", v, w.describe(), w.trace.last(120))
			}
		})
	}
	if total.counts["key replayed"] < 10 {
		t.Errorf("only %d requests were replayed", total.counts["key replayed"])
	}
}

func playKeyed(t *testing.T, seed uint64) *world {
	t.Helper()
	sow(t, seed)
	var w *world
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(t, seed, honest)
		holders := w.handKeys(2 + int(seed%6)) //nolint:gosec // small
		w.play()
		for _, k := range holders {
			k.judge()
		}
	})
	return w
}
