package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// world is one schedule: processes, callers, one storage service and one Power BI.
type world struct {
	t       *testing.T
	seed    uint64
	dice    dice
	limits  limits
	skew    time.Duration // of Power BI's clock
	leapt   time.Duration // forward, by the storage service's clock
	stamps  *clock        // how much it is ahead of that, where Power BI tells times
	models  []machine.Model
	disk    *disk
	cloud   *sim.Cloud
	network *sim.Transport
	trace   *trace
	cover   *coverage
	oracle  *oracle
	ledger  *ledger

	calm chan struct{} // closed when the faults stop
	over chan struct{} // closed when the schedule has been judged

	mu     sync.Mutex
	procs  []*process // all that ever were
	size   int        // how many are wanted alive
	vault  string     // the client secret
	guests int        // callers so far
	actors sync.WaitGroup

	sabotage sabotage
	patient  bool // nothing happens that may cost a caller a 503
	mingled  bool // another tool used the same API: Power BI's counters do not tell it from us
}

func newWorld(t *testing.T, seed uint64, s sabotage) *world {
	d := newDice(seed, "world")
	w := &world{
		t: t, seed: seed, dice: d, limits: newLimits(d), trace: &trace{began: time.Now()}, cover: newCoverage(),
		sabotage: s, calm: make(chan struct{}), over: make(chan struct{}), size: 1 + d.IntN(4), vault: sim.SecretValue,
	}
	w.limits.straggle(newDice(seed, "stragglers"))
	w.skew = pick(d, 0, d.between(-5*time.Minute, 5*time.Minute))
	w.oracle, w.ledger = newOracle(w), &ledger{w: w}
	w.disk = &disk{Memory: lease.NewMemory(), oracle: w.oracle, clock: newClock(pick(d, 0, d.between(-5*time.Minute, 5*time.Minute)))}
	w.stamps = newClock(0)
	w.cloud = sim.NewCloud(sim.Options{
		Now: func() time.Time { return time.Now().Add(w.skew) }, TokenLifetime: pick(d, time.Hour, 12*time.Minute), OnEvent: w.heard,
	})
	w.network = w.cloud.Transport()
	for _, ref := range []sim.Ref{sim.Sales(), sim.Shared(), sim.Finance()}[:1+d.IntN(3)] {
		w.models = append(w.models, machine.Model{WorkspaceID: ref.Workspace, DatasetID: ref.Model})
		w.tune(ref, d)
	}
	for range w.size {
		w.spawn()
	}
	return w
}

// heard writes what Power BI and Entra did into the trace.
func (w *world) heard(e sim.Entry) {
	if e.Kind != sim.KindRequest {
		w.trace.add("powerbi", "%s %s %s at %s", e.Kind, e.Refresh, e.Note, e.Time.Format("15:04:05.000"))
		return
	}
	w.trace.add("powerbi", "%s of m%s -> %d %s %s", e.Op, e.Model.Model[max(0, len(e.Model.Model)-2):], e.Status, e.Fault, e.Note)
	if e.Fault != "" {
		w.cover.hit("powerbi %s: %s", e.Op, e.Fault)
	}
	if e.Status >= 400 && e.Fault == "" {
		w.cover.hit("powerbi %s: %d", e.Op, e.Status)
	}
}

func (w *world) spawn() *process {
	p := newProcess(w, len(w.procs)+1)
	w.procs = append(w.procs, p)
	w.trace.add(p.name, "starts, rules %+v", p.rules)
	return p
}

// anyProcess picks one that lives, and replaces the dead some time or other.
func (w *world) anyProcess(d dice) *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	alive := w.living()
	if len(alive) == 0 || len(alive) < w.size && d.chance(0.3) {
		return w.spawn()
	}
	return pick(d, alive...)
}

func (w *world) living() []*process {
	var alive []*process
	for _, p := range w.procs {
		if p.alive() {
			alive = append(alive, p)
		}
	}
	return alive
}

func (w *world) secret() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.vault
}

func (w *world) setSecret(value string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.vault = value
}

func (w *world) modelNamed(name string) (machine.Model, bool) {
	for _, m := range w.models {
		if refresh.StateName(m) == name {
			return m, true
		}
	}
	return machine.Model{}, false
}

func refOf(m machine.Model) sim.Ref { return sim.Ref{Workspace: m.WorkspaceID, Model: m.DatasetID} }

// refreshes is the truth about a model.
func (w *world) refreshes(m machine.Model) []sim.Refresh {
	list, err := w.cloud.PowerBI.Refreshes(refOf(m))
	if err != nil {
		w.oracle.violated("%v", err)
	}
	return list
}

// refreshNamed is the refresh that Power BI calls, or lists, by that id.
func (w *world) refreshNamed(m machine.Model, id string) (sim.Refresh, bool) {
	list, err := w.cloud.PowerBI.Refreshes(refOf(m))
	i := slices.IndexFunc(list, func(r sim.Refresh) bool { return called(r, id) })
	if err != nil || i < 0 {
		return sim.Refresh{}, false
	}
	return list[i], true
}

func called(r sim.Refresh, id string) bool {
	return id != "" && (strings.EqualFold(r.ID, id) || strings.EqualFold(r.ListedID, id))
}

// nameOf is an object in the words of the simulated Power BI.
func nameOf(o machine.Object) string { return strings.TrimSuffix(o.Table+"/"+o.Partition, "/") }

// ownRefreshes is the part of it that our service principal started.
func (w *world) ownRefreshes(m machine.Model) []sim.Refresh {
	list, err := w.cloud.PowerBI.Refreshes(refOf(m))
	if err != nil {
		return nil
	}
	var own []sim.Refresh
	for _, r := range list {
		if strings.EqualFold(r.Caller, sim.ClientID) {
			own = append(own, r)
		}
	}
	return own
}

// checkSaved: what a caller was promised is in the store (G2).
func (w *world) checkSaved(held *promise) {
	s := w.oracle.state(held.model)
	if !w.oracle.void(held.opened.Epoch).IsZero() {
		return
	}
	if _, ok := s.Find(held.opened.Number); ok {
		return
	}
	if _, err := w.disk.Read(context.Background(), refresh.ArchiveName(held.model, s.Epoch, held.opened.Number)); err != nil {
		w.oracle.violated("G2: operation %d was promised and is not saved", held.opened.Number)
	}
}

// read shows a promise to a reader through a process.
func (w *world) read(held *promise, p *process, reader string) {
	ctx, leave := context.WithTimeout(context.Background(), patience)
	defer leave()
	sent := time.Now()
	receipt, err := ask(p, func() (refresh.Receipt, error) { return p.c.Status(ctx, held.link) })
	var no *refresh.Refusal
	switch {
	case err == nil:
		w.ledger.saw(held, reader+"@"+p.name, sent, receipt.View)
	case errors.As(err, &no) && no.Code == machine.CodeNotFound && !w.oracle.void(held.opened.Epoch).IsZero():
		w.cover.hit("id of a deleted document: not found")
	case w.turnedAway(ctx, "a status", err):
	case errors.As(err, &no), errors.Is(err, refresh.ErrBadID):
		w.oracle.violated("G2: the id of operation %d of %s is not valid any more: %v", held.opened.Number, short(held.model), err)
	}
}

// sweep is the timer.
func (w *world) sweep(p *process) {
	ctx, leave := context.WithTimeout(context.Background(), time.Minute)
	defer leave()
	report, err := ask(p, func() (refresh.Report, error) { return p.c.Sweep(ctx) })
	if err == nil && report.Due > 0 {
		w.cover.hit("sweep found work")
	}
	if err != nil && !errors.Is(err, errDead) {
		w.trace.add(p.name, "sweep: %v", err)
	}
}

func (w *world) describe() string {
	return fmt.Sprintf("seed %d: %d models, %d processes, limits %+v, clocks: storage %v, Power BI %v",
		w.seed, len(w.models), w.size, w.limits, w.disk.clock.off(), w.skew)
}
