package sim

import (
	"cmp"
	"fmt"
	"time"
)

// advance brings every model to now; it needs the lock.
func (s *PowerBI) advance() {
	now := s.now()
	for _, m := range s.everyModel() {
		m.advance(now)
	}
}

// Advance evaluates the state now, so that subscribers of the journal receive starts and ends without a read. A [World]
// calls it four times a second.
func (s *PowerBI) Advance() {
	s.mu.Lock()
	s.advance()
	s.mu.Unlock()
	s.journal.publish()
}

// control runs fn on a model at the present moment, with the lock held.
func (s *PowerBI) control(ref Ref, fn func(m *model, now time.Time) error) error {
	defer s.journal.publish()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	m, err := s.modelOf(ref)
	if err != nil {
		return err
	}
	now := s.now()
	if err := fn(m, now); err != nil {
		return err
	}
	m.advance(now)
	return nil
}

// Tune changes a model's knobs. Switching Stuck off lets a refresh that was stuck run for its duration from now on.
func (s *PowerBI) Tune(ref Ref, change func(*Knobs)) error {
	return s.control(ref, func(m *model, now time.Time) error {
		wasStuck := m.knobs.Stuck
		change(&m.knobs)
		r := m.running
		switch {
		case r == nil:
		case m.knobs.Stuck:
			r.endsAt = time.Time{}
		case wasStuck && r.endsAt.IsZero() && !r.plan.Stuck:
			r.endsAt = now.Add(r.plan.Duration)
		}
		return nil
	})
}

// Knobs returns a copy of a model's knobs.
func (s *PowerBI) Knobs(ref Ref) (Knobs, error) {
	var k Knobs
	err := s.control(ref, func(m *model, _ time.Time) error {
		k = m.knobs
		return nil
	})
	return k, err
}

// Next scripts how the next accepted API refreshes of a model end, in this order.
func (s *PowerBI) Next(ref Ref, outcomes ...Outcome) error {
	return s.control(ref, func(m *model, _ time.Time) error {
		m.plans = append(m.plans, outcomes...)
		return nil
	})
}

// FailNext scripts that the next refresh of a model fails in a given way.
func (s *PowerBI) FailNext(ref Ref, class FailureClass) error {
	o, err := Failure(class)
	if err != nil {
		return err
	}
	return s.Next(ref, o)
}

// StartForeign starts a refresh as the portal or the schedule would, and returns its id. It runs for d;
// 0 leaves it running until [PowerBI.Finish].
func (s *PowerBI) StartForeign(ref Ref, via Via, d time.Duration) (string, error) {
	var id string
	err := s.control(ref, func(m *model, now time.Time) error {
		busy := m.unfinished()
		if busy > 0 && m.knobs.refuses() {
			return fmt.Errorf("sim: model %s is busy", ref.Model)
		}
		r := &refresh{
			id: s.newID(), number: s.number(), via: via, knobs: m.knobs, accepted: now,
			plan: Outcome{Status: statusCompleted, Duration: d, Stuck: d == 0},
		}
		r.listed, id = r.id, r.id
		m.accept(r, busy)
		return nil
	})
	return id, err
}

// Finish ends the running refresh of a model now, ours or foreign. An empty id means the running one.
func (s *PowerBI) Finish(ref Ref, id string, o Outcome) error {
	return s.control(ref, func(m *model, now time.Time) error {
		r := m.running
		if r == nil || (id != "" && !sameID(id, r.id)) {
			return fmt.Errorf("sim: refresh %q of model %s is not running", id, ref.Model)
		}
		o.Status = cmp.Or(o.Status, statusCompleted)
		r.plan, r.endsAt = o, now
		return nil
	})
}

// Refreshes returns what really happened to each refresh of a model, in the order of acceptance, dropped ones included.
func (s *PowerBI) Refreshes(ref Ref) ([]Refresh, error) {
	var list []Refresh
	err := s.control(ref, func(m *model, _ time.Time) error {
		for _, r := range m.all {
			list = append(list, r.truth(m.ref))
		}
		return nil
	})
	return list, err
}

// Counters returns the counters of a model.
func (s *PowerBI) Counters(ref Ref) (Counters, error) {
	var c Counters
	err := s.control(ref, func(m *model, _ time.Time) error {
		c = m.stats
		return nil
	})
	return c, err
}
