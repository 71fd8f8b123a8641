package simulation

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"pbirefresh/lease"
	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// oracle watches every write that lands and every request that changes something
// at Power BI, and holds them against the invariants.
type oracle struct {
	w *world

	mu       sync.Mutex
	states   map[machine.Model]machine.State
	meta     map[machine.Model]lease.Meta
	archived map[string]bool
	intents  map[string]intent // by txn
	posts    map[string]int    // txn -> how often it left
	flying   map[string]bool   // txn of POSTs that Power BI has not answered
	ours     map[string]bool   // ids from a 202 that a process heard
	reads    map[machine.Model][]read
	sights   map[machine.Model]sight // the latest look at a history
	muzzle   map[sim.Op]time.Time    // Power BI throttles such calls until then
	voided   map[string]time.Time    // epochs of deleted documents, since when
	deleted  map[machine.Model]bool  // models that had one
	broken   []string
}

// intent is what an attempt's saved intent allows, in true time.
type intent struct {
	model  machine.Model
	saved  time.Time
	sendBy time.Time // or a little later
	void   bool      // its document was deleted
	judged bool      // it was given up
	blind  bool      // nobody had looked at Power BI before: a jump of a clock since then shows to nobody
}

func newOracle(w *world) *oracle {
	return &oracle{
		w: w, states: map[machine.Model]machine.State{}, meta: map[machine.Model]lease.Meta{}, archived: map[string]bool{},
		intents: map[string]intent{}, posts: map[string]int{}, flying: map[string]bool{}, ours: map[string]bool{}, reads: map[machine.Model][]read{},
		sights: map[machine.Model]sight{}, muzzle: map[sim.Op]time.Time{},
		voided: map[string]time.Time{}, deleted: map[machine.Model]bool{},
	}
}

// violated records that an invariant does not hold.
func (o *oracle) violated(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.note(format, args...)
}

func (o *oracle) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	o.w.trace.add("ORACLE", "VIOLATED: %s", text)
	if len(o.broken) < 8 {
		o.broken = append(o.broken, fmt.Sprintf("at %v: %s", time.Since(o.w.trace.began).Round(time.Millisecond), text))
	}
}

func (o *oracle) violations() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.broken)
}

// wrote sees a document that has just landed, and which process wrote it.
func (o *oracle) wrote(by, name string, body []byte, meta lease.Meta) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if strings.HasPrefix(name, "archive/") {
		o.archived[name] = true
		o.filed(name, body)
		o.w.cover.hit("archived")
	}
	model, ok := o.w.modelNamed(name)
	if !ok {
		return
	}
	next, err := machine.Decode(body)
	if err != nil {
		o.note("a document was saved that cannot be read: %v", err)
		return
	}
	prev, known := o.states[model]
	o.states[model], o.meta[model] = next, meta
	o.w.trace.add(short(model), "saved %s", stateText{next})
	o.bounds(next, body)
	o.visible(next, meta)
	if known {
		o.kept(prev, next)
	}
	o.waits(prev, next)
	o.phases(prev, next)
	o.stages(prev, next)
	if a := prev.Attempt; a != nil && (next.Attempt == nil || next.Attempt.Txn != a.Txn) {
		o.resolved(model, *a, next)
	}
	if a := next.Attempt; a != nil && (prev.Attempt == nil || prev.Attempt.Txn != a.Txn) {
		o.revived(prev, a)
		o.intended(model, a, prev.ClockSkew == nil)
		o.watched(by, next)
	}
}

// state is the model's document as it was saved last.
func (o *oracle) state(m machine.Model) machine.State {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.states[m]
}

// bounds is G7.
func (o *oracle) bounds(s machine.State, body []byte) {
	if len(body) >= 64<<10 {
		o.note("G7: the document has %d bytes", len(body))
	}
	if len(s.Pending) > 32 {
		o.note("G7: %d operations are pending", len(s.Pending))
	}
	o.shares(s)
}

// kept: no operation is lost, and a finished one never changes (G2, G6).
func (o *oracle) kept(prev, next machine.State) {
	if next.Epoch != prev.Epoch || next.Last < prev.Last {
		o.note("G2: epoch %s became %s, last %d became %d", prev.Epoch, next.Epoch, prev.Last, next.Last)
	}
	for _, op := range prev.Pending {
		if _, ok := next.Find(op.Number); !ok {
			o.note("G2: pending operation %d is gone", op.Number)
		}
	}
	for _, op := range prev.Recent {
		now, ok := next.Find(op.Number)
		switch {
		case !ok && !o.archived[refresh.ArchiveName(prev.Model, prev.Epoch, op.Number)]:
			o.note("G2: finished operation %d left the document and is not in the archive", op.Number)
		case ok && !reflect.DeepEqual(op, now):
			o.note("G6: finished operation %d changed from %+v to %+v", op.Number, op, now)
		}
	}
}

// intended: a new intent implies that nothing of ours is under way (G1, G4).
func (o *oracle) intended(model machine.Model, a *machine.Attempt, blind bool) {
	if _, again := o.intents[a.Txn]; again && a.Stage != machine.StageStarting {
		o.w.cover.hit("late answer revived its attempt")
		return
	} else if again {
		o.note("G4: intent %s was saved a second time", a.Txn)
	}
	// The section that decided began at most a minute ago. The dates of storage are whole seconds.
	by := a.SendBy.Add(time.Second - o.w.disk.clock.least(time.Now().Add(-time.Minute)))
	if len(a.Serves) > 1 {
		o.w.cover.hit("merged attempt")
	}
	o.intents[a.Txn] = intent{model: model, saved: time.Now(), sendBy: by, blind: blind}
	if o.w.limits.straggles {
		return // see watched
	}
	for txn := range o.flying {
		if it := o.intents[txn]; it.model == model && !it.void {
			o.note("G4: intent %s was saved while the POST of %s is on its way", a.Txn, txn)
		}
	}
	for _, r := range o.w.ownRefreshes(model) {
		if r.Ended.IsZero() && !r.Dropped && !o.deleted[model] {
			o.note("G1: intent %s was saved while our refresh %s of %v is unfinished", a.Txn, r.ID, r.Accepted)
		}
	}
}

// handed sees the client hand a POST to the network.
func (o *oracle) handed(txn string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if by := o.intents[txn].sendBy; !by.IsZero() && time.Now().After(by) {
		o.note("G4: %s is posted %v after its SendBy", txn, time.Since(by))
	}
}

// departing sees a POST leave its process, landed sees Power BI's answer leave.
func (o *oracle) departing(txn string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.posts[txn]++
	o.flying[txn] = true
	if o.posts[txn] > 1 {
		o.note("G4: intent %s was posted %d times", txn, o.posts[txn])
	}
	if _, saved := o.intents[txn]; !saved {
		o.note("G4: %s was posted, but its intent was never saved", txn)
	}
}

func (o *oracle) landed(txn string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.flying, txn)
}

// named sees a 202 arrive at a process.
func (o *oracle) named(h http.Header) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.apart("POST accepted while reads are throttled", sim.OpHistory)
	for _, id := range idsOf(h) {
		o.ours[id] = true
	}
}

// deleting is G8.
func (o *oracle) deleting(actor string, m machine.Model, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.w.trace.add(actor, "DELETE %s of %s", id, short(m))
	o.w.cover.hit("refresh deleted")
	if !o.ours[id] {
		o.note("G8: refresh %s is deleted, whose id was in no 202", id)
	}
}

// idle reports whether nothing is left to do for any model.
func (o *oracle) idle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for model, s := range o.states {
		if len(s.Pending) > 0 || s.Attempt != nil || o.meta[model]["due"] != "never" {
			return false
		}
	}
	return true
}

// unfinished describes what keeps models from being idle.
func (o *oracle) unfinished() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var b strings.Builder
	for model, s := range o.states {
		if len(s.Pending) > 0 || s.Attempt != nil || o.meta[model]["due"] != "never" {
			fmt.Fprintf(&b, "%s due %s: %s; ", short(model), o.meta[model]["due"], stateText{s})
		}
	}
	return b.String()
}

// stateText is a state in one line.
type stateText struct{ s machine.State }

func (t stateText) String() string {
	var b strings.Builder
	for _, op := range t.s.Pending {
		fmt.Fprintf(&b, "%d:%s ", op.Number, op.Phase)
		for _, try := range op.Tries {
			fmt.Fprintf(&b, "(%s %.8s) ", try.Outcome, try.RefreshID)
		}
	}
	for _, op := range t.s.Recent[max(0, len(t.s.Recent)-3):] {
		fmt.Fprintf(&b, "[%d:%s] ", op.Number, op.Phase)
	}
	if a := t.s.Attempt; a != nil {
		fmt.Fprintf(&b, "attempt %.8s %s %s id %.8s serves %v looks %d quiet %d ", a.Txn, a.Stage, a.Kind, a.RefreshID, a.Serves, a.Looks, a.Settle.Reads)
	}
	if f := t.s.Foreign; f != nil {
		fmt.Fprintf(&b, "foreign %.8s %s ", f.RefreshID, f.Type)
	}
	if h := t.s.Hold; h != nil {
		fmt.Fprintf(&b, "hold %s ", h.Reason)
	}
	return b.String()
}

func short(m machine.Model) string { return "m" + m.DatasetID[len(m.DatasetID)-2:] }
