package simulation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pbirefresh/lease"
)

// fate is what becomes of one call.
type fate struct {
	kind          string        // of the fault, for the trace; empty: none
	before, after time.Duration // on the way there, and back
	land          bool          // it reaches the service
	err           error         // what the caller sees instead of the answer
	patience      time.Duration // the caller sees err this early, while the call is still on its way
	dies          death
	bold          bool   // sent although its ctx ended while the process stood still
	departs, lost func() // called when the request leaves, and when it is lost on its way; may be nil
}

// weather is how likely each fault of the store is at the moment.
type weather struct {
	lost, refused, landed, late, slow float64
	outage                            bool          // the storage service cannot be reached at all
	latest                            time.Duration // a late request lands by then; 0: half a minute
}

var errBroken = errors.New("simulated: the connection broke")

// strike may turn an ordinary fate into a fault. Create and Write report an outcome
// that is unknown; everything else can be repeated and just fails.
func (w weather) strike(d dice, kind string, f *fate) {
	broken := errBroken
	if kind == "write" || kind == "create" {
		broken = fmt.Errorf("%w: %w", lease.ErrUnknown, errBroken)
	}
	if w.outage && ofStore(kind) {
		f.kind, f.land, f.err = "outage", false, errBroken
		return
	}
	x := d.Float64()
	hit := func(p float64) bool { x -= p; return x < 0 }
	switch {
	case hit(w.lost):
		f.kind, f.land, f.err = "lost", false, broken
	case hit(w.refused):
		f.kind, f.land, f.err = "refused", false, errBroken
	case hit(w.landed):
		f.kind, f.err = "landed", broken
	case hit(w.late):
		if f.kind, f.err = "late", broken; ofStore(kind) {
			f.err = fmt.Errorf("%w: %w", lease.ErrUnknown, errBroken)
		}
		f.patience, f.before = d.between(time.Millisecond, 3*time.Second), d.between(3*time.Second, cmp.Or(w.latest, 30*time.Second))
	case hit(w.slow):
		f.kind = "slow"
		f.before, f.after = d.between(0, 9*time.Second), d.between(0, 9*time.Second)
	}
}

func ofStore(kind string) bool {
	return slices.Contains([]string{"read", "create", "acquire", "write", "release", "list"}, kind)
}

type result[T any] struct {
	value T
	err   error
}

// through takes a call from a process to a service, and its answer back. What has
// left arrives, whether or not anybody still waits for the answer.
func through[T any](ctx context.Context, p *process, what string, f fate, gone error, apply func(context.Context) (T, error)) (T, error) {
	var none T
	if f.dies == before {
		p.w.cover.hit("crash before %s", what)
		p.die()
	}
	p.standStill()
	if !p.alive() {
		return none, errDead
	}
	if ctx.Err() != nil && !f.bold {
		return none, ctx.Err()
	}
	done := make(chan result[T], 1)
	go fly(ctx, f, done, apply)
	if f.dies == after {
		p.w.cover.hit("crash after %s", what)
		p.die()
	}
	var early <-chan time.Time
	if f.patience > 0 {
		early = time.After(f.patience)
	}
	r := result[T]{err: f.err}
	select {
	case r = <-done:
	case <-early:
	case <-ctx.Done():
		r.err = errors.Join(gone, ctx.Err())
	case <-p.dead:
	}
	p.standStill()
	if !p.alive() {
		return none, errDead
	}
	return r.value, r.err
}

// fly is a call on its way.
func fly[T any](ctx context.Context, f fate, done chan<- result[T], apply func(context.Context) (T, error)) {
	if f.departs != nil {
		f.departs()
	}
	time.Sleep(f.before)
	var r result[T]
	if f.land {
		r.value, r.err = apply(context.WithoutCancel(ctx))
	} else if f.lost != nil {
		f.lost()
	}
	if f.err != nil {
		r = result[T]{err: f.err}
	}
	time.Sleep(f.after)
	done <- r
}
