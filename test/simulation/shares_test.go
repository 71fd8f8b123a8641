package simulation

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// maxOwned is how many pending operations of a model one owner has at most.
const maxOwned = 16

// TestOneOwnerClosesNoQueue: among random callers and faults, one owner asks for more
// tables than a queue has places. It is refused, and the plain refreshes of others are not.
func TestOneOwnerClosesNoQueue(t *testing.T) {
	if elsewhere(t) {
		return
	}
	defer inOrder()()
	refused := 0
	for seed := uint64(1); seed <= patients && !t.Failed(); seed++ {
		sow(t, seed)
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed, honest)
			w.actors.Go(w.greedy)
			w.play()
			for _, v := range w.oracle.violations() {
				t.Errorf("seed %d: %s", seed, v)
			}
			refused += w.cover.count("share used")
		})
	}
	if refused < patients {
		t.Errorf("one owner was refused %d times in %d schedules: this proves nothing", refused, patients)
	}
}

// greedy asks for forty tables, and then others ask for the whole model.
func (w *world) greedy() {
	c := newCaller(w, 1000)
	if !c.wait(c.dice.between(0, 10*time.Minute)) {
		return
	}
	m := pick(c.dice, w.models...)
	for i := range 40 {
		shape := machine.Shape{Kind: machine.Enhanced, Type: "Full", Objects: []machine.Object{{Table: fmt.Sprintf("Table %d", i)}}}
		c.owned("greedy", m, shape)
	}
	for i := range 3 {
		if code := c.owned(fmt.Sprint("modest", i), m, machine.Shape{Kind: machine.Auto}); code != "" {
			w.oracle.violated("a plain refresh is refused with %s because of another owner", code)
		}
	}
}

// owned asks once for an owner, and returns the code of a refusal.
func (c *caller) owned(owner string, m machine.Model, shape machine.Shape) string {
	p := c.w.anyProcess(c.dice)
	ctx, leave := context.WithTimeout(context.Background(), patience)
	defer leave()
	request := refresh.Request{Model: m, Owner: owner, Ask: machine.Ask{
		Shape: shape, WhenBusy: machine.WhenBusyQueue, Timeout: time.Hour, MaxAttempts: 1,
	}}
	_, err := ask(p, func() (refresh.Receipt, error) { return p.c.Trigger(ctx, request) })
	var no *refresh.Refusal
	if !errors.As(err, &no) {
		return ""
	}
	if no.Code == machine.CodeShareUsed {
		c.w.cover.hit("share used")
	}
	return no.Code
}

// shares holds each owner to its part of the queue.
func (o *oracle) shares(s machine.State) {
	owned := map[string]int{}
	for i := range s.Pending {
		owned[s.Pending[i].Owner]++
	}
	delete(owned, "")
	for _, n := range owned {
		if n > maxOwned {
			o.note("G7: one owner has %d pending operations", n)
		}
	}
}
