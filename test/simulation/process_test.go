package simulation

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"pbirefresh/lease"
	"pbirefresh/powerbi"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// errDead is what calls of a process that has crashed end with, as far as the
// outside is concerned.
var errDead = errors.New("the process has crashed")

// process is one handler process: a coordinator, its network, and its death.
type process struct {
	w     *world
	name  string
	rules machine.Rules
	c     *refresh.Coordinator
	dead  chan struct{}
	limbo *lease.Memory // where a dead process's goroutines end, after the schedule

	mu     sync.Mutex
	dice   map[string]dice // for each kind of call and its target
	paused time.Time       // stands still until then
	fuse   fuse
	storm  weather
	cut    time.Duration // its next POST begins an outage of the store that lasts so long

	sections map[string]time.Time // when it last asked for the lease of a document
	leapt    time.Time            // when its wall clock jumped
	leap     time.Duration        // by how much
	planned  time.Duration        // it jumps so far in its next section
	writes   int                  // of state documents, so far
}

// fuse says at which call a process dies.
type fuse struct {
	calls int    // from now, of that kind; 0: it lives
	kind  string // empty: any
	where death
}

// death is where in a call a process dies.
type death string

const (
	unharmed death = ""
	before   death = "before" // the request does not leave
	after    death = "after"  // the request is on its way, its answer is not heard
)

func newProcess(w *world, number int) *process {
	name := fmt.Sprintf("p%d", number)
	p := &process{
		w: w, name: name, rules: w.limits.rules(newDice(w.seed, name)),
		dead: make(chan struct{}), limbo: lease.NewMemory(), dice: map[string]dice{}, sections: map[string]time.Time{},
	}
	if w.sabotage == careless {
		p.rules.SettleWindow = 0
	}
	log := slog.New(narrator{w.trace, p.name, w.t.Errorf})
	client, err := powerbi.NewClient(&credential{p}, powerbi.Options{Transport: &wire{p}, Logger: log})
	if err != nil {
		w.t.Fatal(err)
	}
	store := &store{p}
	p.c = refresh.New(refresh.Config{
		Store: store, Upstream: &upstream{refresh.NewUpstream(client, log), p},
		Keys: refresh.NewStatusKeys(store), Rules: p.rules, Logger: log,
	})
	return p
}

// die ends the process: none of its goroutines reaches the outside any more.
func (p *process) die() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.dead:
	default:
		close(p.dead)
		p.w.trace.add(p.name, "CRASHES")
	}
}

func (p *process) alive() bool {
	select {
	case <-p.dead:
		return false
	default:
		return true
	}
}

// light lets the process die at one of its next calls.
func (p *process) light(f fuse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fuse = f
}

// pause lets the process stand still: nothing leaves it, and it hears nothing. It
// reports whether it did: two pauses in a row would be a longer one.
func (p *process) pause(d time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.paused) < 2*time.Minute {
		return false
	}
	p.paused = time.Now().Add(d)
	return true
}

// standStill waits while the process is paused.
func (p *process) standStill() {
	for {
		p.mu.Lock()
		wait := time.Until(p.paused)
		p.mu.Unlock()
		if wait <= 0 {
			return
		}
		select {
		case <-time.After(wait):
		case <-p.dead:
			return
		}
	}
}

func (p *process) setStorm(s weather) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.storm = s
}

// roll decides the fate of the process's next call of that kind to that target.
func (p *process) roll(kind, target string) fate {
	p.mu.Lock()
	defer p.mu.Unlock()
	stream := kind + " " + target
	d, ok := p.dice[stream]
	if !ok {
		d = newDice(p.w.seed, p.name+" "+stream)
		p.dice[stream] = d
	}
	f := fate{land: true, before: d.between(time.Microsecond, 20*time.Millisecond), after: d.between(time.Microsecond, 20*time.Millisecond)}
	f.bold = d.chance(0.5)
	p.storm.strike(d, kind, &f)
	if kind == "post" {
		p.w.limits.spoil(d, &f)
		p.cutOff()
	}
	if p.fuse.calls > 0 && (p.fuse.kind == "" || p.fuse.kind == kind) {
		if p.fuse.calls--; p.fuse.calls == 0 {
			f.dies = p.fuse.where
		}
	}
	return f
}

// cutOff begins an outage of the store for this process, if one is planned: what
// Power BI answers cannot be saved for a while. It wants the lock.
func (p *process) cutOff() {
	if p.cut == 0 {
		return
	}
	p.storm = weather{outage: true}
	p.w.later(p.cut, func() { p.setStorm(weather{}) })
	p.cut = 0
}

func (p *process) planOutage(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = d
}

// ask calls the process from outside. A caller of a process that crashes is cut off.
func ask[T any](p *process, f func() (T, error)) (T, error) {
	done := make(chan result[T], 1)
	go func() {
		v, err := f()
		done <- result[T]{v, err}
	}()
	select {
	case r := <-done:
		p.standStill()
		if p.alive() {
			return r.value, r.err
		}
	case <-p.dead:
	}
	var none T
	return none, errDead
}

// written is how many writes of the process have landed.
func (p *process) written() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.writes
}

func (p *process) wrote() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writes++
}
