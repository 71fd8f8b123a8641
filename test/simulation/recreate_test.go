package simulation

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// Somebody deletes a state document, and the next request makes it anew. Every promise
// of the old one is void. What is still promised is that its ids are told so, or what
// the archive has of them, and never another operation's story; and everything that
// the new document promises, but for G1: of what the old one had started, nothing is
// known any more.

func (w *world) recreate(d dice) {
	if m := pick(d, w.models...); w.disk.remove(m) {
		w.trace.add("world", "the document of %s is deleted", short(m))
		w.cover.hit("document deleted")
	}
}

// remove deletes the document of a model, if there is one.
func (d *disk) remove(m machine.Model) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.Read(context.Background(), refresh.StateName(m)); err != nil {
		return false
	}
	d.Remove(refresh.StateName(m))
	d.oracle.forget(m)
	return true
}

// forget is called when a document is gone.
func (o *oracle) forget(m machine.Model) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.voided[o.states[m].Epoch] = time.Now()
	o.deleted[m] = true
	delete(o.states, m)
	delete(o.meta, m)
	for txn, it := range o.intents {
		it.void = it.void || it.model == m
		o.intents[txn] = it
	}
}

// void returns since when the promises of a document are void; zero: they hold.
func (o *oracle) void(epoch string) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.voided[epoch]
}

// anew reports whether a document of the model was ever deleted.
func (o *oracle) anew(m machine.Model) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.deleted[m]
}

// filed: what goes to the archive is what the document says (G6).
func (o *oracle) filed(name string, body []byte) {
	var filed struct {
		Model     machine.Model     `json:"model"`
		Operation machine.Operation `json:"operation"`
	}
	if err := json.Unmarshal(body, &filed); err != nil {
		o.note("an archived operation cannot be read: %v", err)
		return
	}
	s := o.states[filed.Model]
	op, ok := s.Find(filed.Operation.Number)
	if ok && name == refresh.ArchiveName(s.Model, s.Epoch, op.Number) && !reflect.DeepEqual(op, filed.Operation) {
		o.note("G6: operation %d is %+v, and the archive has %+v", op.Number, op, filed.Operation)
	}
}

// visible: the sweep must find what is not idle, in time (G2).
func (o *oracle) visible(s machine.State, meta lease.Meta) {
	due, err := time.Parse(time.RFC3339Nano, meta["due"])
	if meta["due"] == "never" {
		if len(s.Pending) > 0 || s.Attempt != nil {
			o.note("G2: %d operations are pending and an attempt is %v, but due says never", len(s.Pending), s.Attempt != nil)
		}
		return
	}
	if err != nil {
		o.note("G2: due is %q", meta["due"])
	}
	if by, any := latest(s); any && due.After(by) {
		o.note("G2: due says %v, and something is to be done at %v", due, by)
	}
}

// latest is when something has to be done at the latest.
func latest(s machine.State) (by time.Time, any bool) {
	a := s.Attempt
	switch {
	case a != nil && a.Stage == machine.StageStarting:
		return a.Until, true
	case a != nil:
		return a.LookAt, true
	}
	for _, op := range s.Pending {
		if !any || op.Deadline.Before(by) {
			by, any = op.Deadline, true
		}
	}
	return by, any
}
