package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// caller is a pipeline that asks for a refresh and waits for it, well or badly.
type caller struct {
	w    *world
	name string
	dice dice
	keys int // that it has used
}

func newCaller(w *world, number int) *caller {
	name := fmt.Sprintf("c%d", number)
	return &caller{w: w, name: name, dice: newDice(w.seed, name)}
}

// run lets the caller ask for something, serve does it: ask, poll, cancel or leave.
func (c *caller) run() {
	request := refresh.Request{Model: pick(c.dice, c.w.models...), Ask: c.ask()}
	if c.dice.chance(0.3) {
		request.Key = c.newKey(request)
	}
	c.serve(request)
}

// newKey makes a request repeatable.
func (c *caller) newKey(r refresh.Request) machine.Key {
	c.keys++
	return machine.NewKey("simulation", fmt.Sprint(c.name, c.keys), r.Model, r.Ask)
}

func (c *caller) serve(request refresh.Request) {
	held := c.trigger(request)
	if held == nil || c.dice.chance(0.25) {
		return // refused, cut off, or gone with the id
	}
	cancelAt := -1
	if c.dice.chance(0.25) {
		cancelAt = c.dice.IntN(4)
	}
	polls := c.dice.IntN(6)
	for i := range polls {
		if i == cancelAt {
			c.cancel(held)
		}
		if !c.wait(c.dice.between(100*time.Millisecond, 100*time.Second)) {
			return
		}
		c.poll(held)
		if request.Key != (machine.Key{}) && c.dice.chance(0.3) {
			c.again(request)
		}
	}
}

// again sends a request with a key once more, or another request with that key.
func (c *caller) again(request refresh.Request) {
	if c.dice.chance(0.2) {
		request.Ask.MaxAttempts++
		request.Key.Payload = c.newKey(request).Payload
	}
	c.triggerOnce(request, time.Now())
}

// wait reports whether the schedule still runs.
func (c *caller) wait(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-c.w.calm:
		return false
	}
}

func (c *caller) ask() machine.Ask {
	d := c.dice
	return machine.Ask{
		Shape:        c.shape(),
		WhenBusy:     pick(d, machine.WhenBusyQueue, machine.WhenBusyQueue, machine.WhenBusyQueue, machine.WhenBusyJoin, machine.WhenBusyReject),
		Timeout:      pick(d, time.Minute, 5*time.Minute, 20*time.Minute, time.Hour, 12*time.Hour),
		QueueTimeout: pick(d, 0, 0, 0, 30*time.Second, 5*time.Minute),
		MaxAttempts:  pick(d, 1, 2, 3, 10),
	}
}

func (c *caller) shape() machine.Shape {
	d := c.dice
	tables := func(names ...string) machine.Shape {
		s := machine.Shape{Kind: machine.Enhanced, Type: pick(d, "", "Full", "DataOnly")}
		if d.chance(0.3) {
			s.CommitMode, s.ApplyPolicy = "PartialBatch", new(false)
		}
		for _, n := range names {
			s.Objects = append(s.Objects, machine.Object{Table: n})
		}
		return s
	}
	if d.chance(0.01) {
		return tables(manyTables()...)
	}
	switch d.IntN(9) {
	case 0, 1, 2:
		return machine.Shape{Kind: machine.Auto}
	case 3, 4:
		return machine.Shape{Kind: machine.Standard}
	case 5:
		return machine.Shape{Kind: machine.Enhanced, Type: "Full", CommitMode: pick(d, "", "PartialBatch"), ApplyPolicy: pick(d, nil, new(false))}
	case 6:
		return tables("DimDate")
	case 7:
		s := tables("DimDate", "FactSales")
		if s.Type == "Full" {
			s.CommitMode, s.ApplyPolicy = "PartialBatch", new(false)
		}
		return s
	default:
		s := tables("FactSales")
		s.Objects[0].Partition = pick(d, "2025", "2026")
		return s
	}
}

// manyTables makes a request that takes much of a document's room.
func manyTables() []string {
	names := make([]string, 150)
	for i := range names {
		names[i] = fmt.Sprintf("Fact table with quite a long name %03d", i)
	}
	return names
}

// trigger asks for a refresh, and asks again where nothing was promised.
func (c *caller) trigger(request refresh.Request) *promise {
	first := time.Now()
	for range 1 + c.dice.IntN(3) {
		held, again := c.triggerOnce(request, first)
		if !again {
			return held
		}
		if !c.wait(c.dice.between(time.Second, 10*time.Second)) {
			return nil
		}
	}
	return nil
}

// triggerOnce asks for a refresh. What has a key arrived when it was sent first.
func (c *caller) triggerOnce(request refresh.Request, first time.Time) (held *promise, again bool) {
	p := c.w.anyProcess(c.dice)
	limit := patience
	if c.dice.chance(0.15) {
		limit = c.dice.between(time.Millisecond, time.Second) // leaves
	}
	ctx, leave := context.WithTimeout(context.Background(), limit)
	defer leave()
	arrived := time.Now()
	receipt, err := ask(p, func() (refresh.Receipt, error) { return p.c.Trigger(ctx, request) })
	c.w.trace.add(c.name, "asks %s of %s for %s %s: operation %d %v", p.name, short(request.Model), request.Ask.Shape.Kind, request.Ask.WhenBusy,
		receipt.View.Operation.Number, err)
	if c.w.turnedAway(ctx, "a trigger", err); err != nil {
		return nil, c.refused("trigger", err)
	}
	c.w.cover.hit("trigger %s", request.Ask.WhenBusy)
	opened, err := refresh.ParseID(receipt.ID)
	if err != nil {
		c.w.oracle.violated("an id cannot be read: %v", err)
		return nil, false
	}
	held = &promise{link: receipt.Link(), opened: opened, model: request.Model, ask: request.Ask, key: request.Key, arrived: arrived}
	if request.Key != (machine.Key{}) {
		held.arrived = first
	}
	held = c.w.ledger.add(held)
	c.w.checkSaved(held)
	if receipt.View.Operation.Number == 0 {
		c.w.oracle.violated("a receipt shows no operation")
		return held, false
	}
	c.w.ledger.saw(held, p.name, arrived, receipt.View)
	return held, false
}

// refused counts a no, and reports whether it invites the caller to come again.
func (c *caller) refused(what string, err error) bool {
	var no *refresh.Refusal
	var later *refresh.UnavailableError
	switch {
	case errors.As(err, &no):
		c.w.cover.hit("%s refused %s", what, no.Code)
		return false
	case errors.Is(err, errDead):
		c.w.cover.hit("%s cut off", what)
	case errors.As(err, &later):
		c.w.cover.hit("%s unavailable", what)
	default:
		c.w.oracle.violated("%s: an error of no known kind: %v", what, err)
	}
	return true
}

// poll reads the status through some process.
func (c *caller) poll(held *promise) { c.w.read(held, c.w.anyProcess(c.dice), c.name) }

// cancel asks to end the operation, some time or other.
func (c *caller) cancel(held *promise) {
	if !c.wait(c.dice.between(time.Millisecond, time.Minute)) {
		return
	}
	p, force := c.w.anyProcess(c.dice), c.dice.chance(0.2)
	c.w.ledger.asked(held, force)
	ctx, leave := context.WithTimeout(context.Background(), patience)
	defer leave()
	sent := time.Now()
	receipt, err := ask(p, func() (refresh.Receipt, error) {
		if force {
			return p.c.CancelAll(ctx, held.opened)
		}
		return p.c.Cancel(ctx, held.link)
	})
	c.w.trace.add(c.name, "cancels operation %d of %s at %s (force %v): %v", held.opened.Number, short(held.model), p.name, force, err)
	if c.w.turnedAway(ctx, "a cancel", err); err != nil {
		c.refused("cancel", err)
		return
	}
	c.w.cover.hit("cancel admitted force=%v", force)
	if receipt.View.Operation.Number != 0 {
		c.w.ledger.saw(held, p.name, sent, receipt.View)
	}
}
