package simulation

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// ledger holds what callers were promised and what they were answered, and compares it
// with what Power BI really did.
type ledger struct {
	w *world

	mu       sync.Mutex
	promises []*promise
}

// promise is one 202.
type promise struct {
	link    refresh.Link
	opened  refresh.ID
	model   machine.Model
	ask     machine.Ask
	key     machine.Key
	arrived time.Time // before the request was sent, for the first time if it has a key

	cancelled bool // this caller asked for it
	forced    bool // this caller asked for it, for all

	ended   *machine.View // the first terminal view that any reader saw
	endedAt time.Time
}

// add remembers a promise. One key has one: the one that was made first, unless its
// document was deleted.
func (l *ledger) add(p *promise) *promise {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, other := range l.promises {
		keyed := p.key != machine.Key{} && p.key == other.key
		switch {
		case keyed && other.link == p.link:
			l.w.cover.hit("key again: the same operation")
			return other
		case other.link == p.link:
			l.w.oracle.violated("two callers hold the same id")
		case keyed && l.w.oracle.void(other.opened.Epoch).IsZero():
			l.w.oracle.violated("G2: operation %d of %s was asked for with the key of operation %d", p.opened.Number, short(p.model), other.opened.Number)
		}
	}
	l.promises = append(l.promises, p)
	return p
}

func (l *ledger) all() []*promise {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.promises)
}

// asked remembers that a caller wants its operation to end, before it says so.
func (l *ledger) asked(p *promise, force bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.cancelled, p.forced = true, p.forced || force
}

// saw gets every view of a promise, and when the request for it was sent.
func (l *ledger) saw(p *promise, reader string, sent time.Time, v machine.View) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v.Operation.Number != p.opened.Number {
		l.w.oracle.violated("the id of operation %d shows operation %d", p.opened.Number, v.Operation.Number)
		return
	}
	void := l.w.oracle.void(p.opened.Epoch)
	if !void.IsZero() && sent.After(void) {
		l.w.cover.hit("id of a deleted document: %s", v.Status)
	}
	if !v.Status.Terminal() && !void.IsZero() && sent.After(void) {
		l.w.oracle.violated("G2: operation %d of %s was deleted with its document, and is %s for %s", p.opened.Number, short(p.model), v.Status, reader)
	}
	if !v.Status.Terminal() {
		if p.ended != nil && sent.After(p.endedAt) {
			l.w.oracle.violated("G6: operation %d of %s was %s and is %s for %s", p.opened.Number, short(p.model), p.ended.Status, v.Status, reader)
		}
		return
	}
	if p.ended == nil {
		p.ended, p.endedAt = &v, time.Now()
		l.w.trace.add(reader, "tells %s: operation %d %s %s", short(p.model), p.opened.Number, v.Status, faultCode(v))
		l.w.cover.hit("told %s %s", v.Status, faultCode(v))
		l.judge(p, v)
		return
	}
	if !sameEnd(*p.ended, v) {
		l.w.oracle.violated("G6: operation %d of %s was %s (%s, ended %v) and is %s (%s, ended %v) for %s", p.opened.Number, short(p.model),
			p.ended.Status, faultCode(*p.ended), p.ended.Operation.Ended, v.Status, faultCode(v), v.Operation.Ended, reader)
	}
}

// sameEnd reports whether two terminal views show the same end. Who withdrew from a
// shared operation is not told what became of it later.
func sameEnd(a, b machine.View) bool {
	if a.Status == machine.StatusCanceled {
		return b.Status == a.Status && a.Operation.Ended.Equal(b.Operation.Ended) && reflect.DeepEqual(a.Operation.Fault, b.Operation.Fault)
	}
	return a.Status == b.Status && (reflect.DeepEqual(a.Operation, b.Operation) || asSaved(a.Operation) == asSaved(b.Operation))
}

// asSaved is an operation as any document has it: no list and an empty one are alike.
func asSaved(op machine.Operation) string {
	b, err := json.Marshal(op)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func faultCode(v machine.View) string {
	if v.Operation.Fault == nil {
		return ""
	}
	return v.Operation.Fault.Code
}

// judge holds a terminal view against the truth (G3, G6, G8).
func (l *ledger) judge(p *promise, v machine.View) {
	switch v.Status {
	case machine.StatusSucceeded:
		l.judgeSuccess(p, v)
	case machine.StatusCanceled:
		if !p.cancelled && !l.forcedBySomebody(p) {
			l.w.oracle.violated("G8: operation %d of %s is cancelled, and its caller never asked for that", p.opened.Number, short(p.model))
		}
	case machine.StatusFailed:
		l.judgeFailure(p, v)
	case machine.StatusNotStarted, machine.StatusRunning:
	}
}

func (l *ledger) forcedBySomebody(p *promise) bool {
	return slices.ContainsFunc(l.promises, func(other *promise) bool {
		return other.forced && other.model == p.model && other.opened.Number == p.opened.Number && other.opened.Epoch == p.opened.Epoch ||
			other.cancelled && other == p
	})
}

func (l *ledger) judgeSuccess(p *promise, v machine.View) {
	r, found := l.served(p, v)
	left, earlier := l.undone(p, v)
	number := p.opened.Number
	switch {
	case !found:
		l.w.oracle.violated("G6: operation %d of %s says Succeeded, by a refresh that Power BI does not have", number, short(p.model))
	case r.Status != "Completed":
		l.w.oracle.violated("G6: operation %d of %s says Succeeded, and its refresh %s is %s", number, short(p.model), r.ID, r.Status)
	case r.Via == sim.ViaEnhancedAPI && r.Caller == "":
		l.w.oracle.violated("G3: operation %d of %s was served by another tool's refresh, and nobody knows of what", number, short(p.model))
	case !earlier && !covers(r.Body, left):
		l.w.oracle.violated("G3: operation %d of %s asked for %+v and was served by %s", number, short(p.model), p.ask.Shape, r.Body)
	case l.w.oracle.undatable(v.Operation.Tries[len(v.Operation.Tries)-1]):
	case p.ask.WhenBusy != machine.WhenBusyJoin && since(r, v).Before(p.arrived.Add(l.w.skew)):
		l.w.oracle.violated("G3: operation %d of %s arrived at %v and was served by a refresh of %v", number, short(p.model), p.arrived.Add(l.w.skew), since(r, v))
	}
}

// since is the time from which a refresh is fresh: our own is asked for after the
// caller arrived; one that was recognised, of another tool or of a document that was
// deleted, may have waited, and begins after.
func since(r sim.Refresh, v machine.View) time.Time {
	adopted := slices.ContainsFunc(v.Operation.Tries, func(t machine.Try) bool {
		return t.Adopted && called(r, t.RefreshID)
	})
	if strings.EqualFold(r.Caller, sim.ClientID) && !adopted {
		return r.Accepted
	}
	return r.Started
}

// undone is what the caller asked for, without what earlier attempts for it have
// committed, after it arrived, of a refresh that then failed (G3). It reports whether
// they did all of it: who shares an operation that asks for more may have all long
// before the rest is done.
func (l *ledger) undone(p *promise, v machine.View) (machine.Shape, bool) {
	left := p.ask.Shape
	for _, try := range v.Operation.Tries {
		for _, r := range l.w.refreshes(p.model) {
			fresh := p.ask.WhenBusy == machine.WhenBusyJoin || !since(r, v).Before(p.arrived.Add(l.w.skew)) || l.w.oracle.undatable(try)
			if !called(r, try.RefreshID) || !fresh {
				continue
			}
			rest := slices.DeleteFunc(slices.Clone(left.Objects), func(o machine.Object) bool {
				return slices.Contains(r.Committed, nameOf(o))
			})
			if len(rest) == len(left.Objects) {
				continue
			}
			left.Objects = rest
			l.w.cover.hit("served in parts")
			if len(rest) == 0 {
				return left, true
			}
		}
	}
	return left, false
}

// served is the refresh that the operation names as its latest.
func (l *ledger) served(p *promise, v machine.View) (sim.Refresh, bool) {
	if len(v.Operation.Tries) == 0 {
		return sim.Refresh{}, false
	}
	return l.w.refreshNamed(p.model, v.Operation.Tries[len(v.Operation.Tries)-1].RefreshID)
}

// judgeFailure: each code claims something that Power BI must have done.
func (l *ledger) judgeFailure(p *promise, v machine.View) {
	r, found := l.served(p, v)
	code, number := faultCode(v), p.opened.Number
	ends := map[string][]string{
		machine.CodeRefreshFailed:    {"Failed", "TimedOut"},
		machine.CodeRefreshCancelled: {"Cancelled"},
		machine.CodeRefreshDisabled:  {"Disabled"},
	}
	if words, claims := ends[code]; claims && (!found || !slices.Contains(words, r.Status)) {
		l.w.oracle.violated("G6: operation %d of %s says %s, and its refresh is %q", number, short(p.model), code, r.Status)
	}
	switch {
	case code == "":
		l.w.oracle.violated("G6: operation %d of %s failed without a reason", number, short(p.model))
	case code == machine.CodeTimeout && found && l.w.disk.clock.jumps() == 0 && v.Operation.Tries[len(v.Operation.Tries)-1].Outcome == machine.OutcomePending:
		deadline := v.Operation.Deadline.Add(l.w.skew - l.w.disk.clock.off())
		if !r.Ended.IsZero() && r.Ended.Before(deadline) {
			l.w.oracle.violated("G6: operation %d of %s timed out at %v, and its refresh ended at %v", number, short(p.model), deadline, r.Ended)
		}
	case strings.Contains(v.Operation.Fault.Message, "showed it no more") && !l.w.limits.hides:
		l.w.oracle.violated("G6: operation %d of %s says that its refresh vanished, and Power BI never hid one", number, short(p.model))
	}
}

// covers reports whether a refresh with that body does what the shape asks for.
func covers(body json.RawMessage, want machine.Shape) bool {
	var did struct {
		Type    string `json:"type"`
		Objects []struct {
			Table     string `json:"table"`
			Partition string `json:"partition"`
		} `json:"objects"`
	}
	if len(body) > 0 && json.Unmarshal(body, &did) != nil {
		return false
	}
	if want.Type != "" && !strings.EqualFold(want.Type, did.Type) {
		return false
	}
	if len(did.Objects) == 0 {
		return !slices.ContainsFunc(want.Objects, func(o machine.Object) bool { return o.Partition != "" })
	}
	for _, o := range want.Objects {
		if !slices.ContainsFunc(did.Objects, func(d struct {
			Table     string `json:"table"`
			Partition string `json:"partition"`
		}) bool {
			return d.Table == o.Table && d.Partition == o.Partition
		}) {
			return false
		}
	}
	return len(want.Objects) > 0
}

// overlaps is G1 on the whole truth: the most refreshes of ours that were accepted
// and unfinished at one time.
func overlaps(list []sim.Refresh) int {
	most := 0
	for _, r := range list {
		n := 0
		for _, other := range list {
			if !other.Dropped && !other.Accepted.After(r.Accepted) && (other.Ended.IsZero() || other.Ended.After(r.Accepted)) {
				n++
			}
		}
		if !r.Dropped {
			most = max(most, n)
		}
	}
	return most
}
