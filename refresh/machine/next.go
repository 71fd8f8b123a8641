package machine

import (
	"slices"
	"time"
)

// Bounds of the document. They keep it below 64 KiB.
const (
	MaxPending    = 32
	maxShapeBytes = 24 << 10 // of all pending shapes together
	MaxDocument   = 60 << 10 // beyond it nothing new is admitted
	roomy         = 40 << 10 // beyond it finished operations move to the archive at once
	tryBytes      = 3 << 9   // about what is kept of a failed try
	KeepRecent    = 16       // finished operations that stay in the document
	keepTight     = 2        // ... of a large document
	maxObjects    = 32       // tables and partitions whose progress is shown, for all of an attempt
	fewObjects    = 2        // ... for each operation at least
	MaxDetail     = 500      // bytes of Power BI's own words in a fault
	keepOfShape   = 6        // lengths that are remembered of one shape
	keepShapes    = 6
	maxWrites     = 24
	maxWithdrawn  = 16
	maxKnown      = 64 // more than a history has rows (60: documented)
)

// Rules are the times that the machine decides by. They are part of no state:
// every process may have its own, and safety does not depend on their agreeing.
type Rules struct {
	SendWithin   time.Duration // a POST leaves at most this long after its intent, or not at all
	PostLimit    time.Duration // the sender waits this long for the answer: a capacity that wakes took 100 s (seen)
	SettleWindow time.Duration // of quiet reads, before an unknown outcome counts as "not there"
}

// DefaultRules returns the rules that the settings start from.
func DefaultRules() Rules {
	return Rules{SendWithin: 10 * time.Second, PostLimit: 150 * time.Second, SettleWindow: 5 * time.Minute}
}

// Next is the state machine: what the state becomes when an event happens, and
// what is to be done about it. It is pure: no I/O, no clock, no randomness. The
// state must be saved before its effects are carried out.
func (r Rules) Next(s State, e Event) (State, []Effect) {
	m := r.step(s, e)
	return m.State, m.effects
}

// step is Next, with what the step did besides.
func (r Rules) step(s State, e Event) machine {
	m := machine{Rules: r, State: s.clone(), now: e.when(), event: eventName(e)}
	switch e := e.(type) {
	case Arrive:
		m.arrive(e)
	case Tick:
		m.tick(e.Txn)
	case Answered:
		m.answered(e)
	case Observed:
		m.observed(e)
	case CancelAsked:
		m.cancelAsked(e)
	case Deleted:
		m.deleted(e)
	case Archived:
		m.archived(e)
	}
	return m
}

// machine is one step of the state machine.
type machine struct {
	Rules
	State
	now      time.Time
	effects  []Effect
	event    string
	unlisted []transition // that the step made all the same
}

func (m *machine) do(e Effect) { m.effects = append(m.effects, e) }

// tick decides what to do next. The order is the order of precedence.
func (m *machine) tick(txn string) {
	m.expire()
	m.archive()
	m.forgetWatched()
	m.revive()
	switch {
	case m.Attempt != nil:
		m.follow(m.Attempt)
	case len(m.Pending) == 0: // nobody waits; the next caller has what is known looked up anew
	case m.Foreign != nil:
		m.block(m.occupant())
		if !m.now.Before(m.Foreign.LookAt) {
			m.do(Look{})
		}
	case m.Hold != nil && m.now.Before(m.Hold.Until):
		m.held(*m.Hold)
	case m.uncertain(m.now):
		m.do(Look{})
	default:
		m.Hold = nil
		m.start(txn)
	}
}

// start saves the intent of one POST for the oldest pending operation, and for those
// that it can serve as well.
func (m *machine) start(txn string) {
	serves, shape := m.party()
	head := m.Pending[0]
	kind := shape.Kind
	if head.Fallback {
		kind = Standard
	}
	m.Ahead.intended()
	m.LastLook = nil // what was not to be seen of others says nothing of this one
	m.setAttempt(&Attempt{
		Txn: txn, Serves: serves,
		Kind: kind, Shape: shape, Intent: m.now,
		SendBy: m.now.Add(m.SendWithin), Until: m.now.Add(m.SendWithin + m.PostLimit),
	})
	renew, full := false, m.Size() > roomy
	m.eachServed(func(op *Operation) {
		if full {
			op.shorten()
		}
		op.Tries = append(op.Tries, Try{Txn: txn, Kind: kind, Intent: m.now, Outcome: OutcomePending, Merged: !op.wanted().Covers(shape)})
		renew = renew || op.Renewed
		m.setPhase(op, Starting)
	})
	m.do(Post{
		Txn: txn, Shape: shape, Kind: kind, Tuning: head.Tuning, Notify: head.Notify,
		SendBy: m.Attempt.SendBy, Until: m.Attempt.Until,
		Renew: renew, Check: head.Fallback,
	})
}

// follow moves the model's attempt on.
func (m *machine) follow(a *Attempt) {
	if a.Stage == StageStarting {
		if m.now.Before(a.Until) {
			return // the sender may still answer
		}
		m.settle(a)
	}
	if m.wantsCancel(a) {
		m.setStage(a, StageCancelling)
		a.Deleted, a.LookAt, a.Looks = true, m.now, 0
		m.eachServed(func(op *Operation) { m.setPhase(op, Cancelling) })
		m.do(Delete{Txn: a.Txn, RefreshID: a.RefreshID})
		return // look after the DELETE was answered
	}
	if !m.now.Before(a.LookAt) {
		m.do(a.look())
	}
}

// finish ends an operation and moves it to the recent ones.
func (m *machine) finish(op *Operation, p Phase, fault *Fault) {
	m.setPhase(op, p)
	op.Ended, op.Fault, op.Cancel = m.now, fault, false
	m.Recent = append(m.Recent, *op)
	number := op.Number
	m.Pending = slices.DeleteFunc(m.Pending, func(o Operation) bool { return o.Number == number })
	if a := m.Attempt; a != nil {
		a.Serves = slices.DeleteFunc(a.Serves, func(n int64) bool { return n == number })
	}
}

// eachServed calls f for every operation that the attempt serves. f may finish
// the operation.
func (m *machine) eachServed(f func(*Operation)) {
	if m.Attempt == nil {
		return
	}
	for _, number := range slices.Clone(m.Attempt.Serves) {
		if i := indexOf(m.Pending, number); i >= 0 {
			f(&m.Pending[i])
		}
	}
}

// serves reports whether the present attempt is made for that operation.
func (s *State) serves(number int64) bool {
	return s.Attempt != nil && slices.Contains(s.Attempt.Serves, number)
}

// archive asks for room in the document, and for finished operations to live on.
func (m *machine) archive() {
	if extra := len(m.Recent) - m.keep(); extra > 0 {
		m.do(Archive{Operations: slices.Clone(m.Recent[:extra])})
	}
}

// keep is how many finished operations stay in the document.
func (s *State) keep() int {
	if len(s.Recent) > keepTight && s.Size() > roomy {
		return keepTight
	}
	return KeepRecent
}

// Size is how large the document is.
func (s *State) Size() int {
	doc, err := s.Encode()
	if err != nil {
		return MaxDocument
	}
	return len(doc)
}

func (m *machine) archived(e Archived) {
	m.Recent = slices.DeleteFunc(m.Recent, func(op Operation) bool {
		return op.Number == e.Number && m.Epoch == e.Epoch
	})
}
