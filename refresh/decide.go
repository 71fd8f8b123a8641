package refresh

import "pbirefresh/refresh/machine"

// batch collects the next state and the effects of several events.
type batch struct {
	rules   machine.Rules
	next    machine.State
	effects []machine.Effect
	refused error // the last event that was; see [machine.Unlisted]
}

// feed adds an event. One that is refused changes nothing.
func (b *batch) feed(e machine.Event) error {
	next, effects := b.rules.Next(b.next, e)
	for _, effect := range effects {
		if defect, ok := effect.(machine.Unlisted); ok {
			b.refused = unavailable(defect)
			return b.refused
		}
	}
	b.next, b.effects = next, append(b.effects, effects...)
	return nil
}

// decide feeds results and jobs, and then one Tick. After an event that was refused, no
// step is taken: it could ask for the same call again, without end.
func (s *section) decide(at machine.At, txn string, jobs []*job, results []machine.Event) (machine.State, []machine.Effect) {
	b := batch{rules: s.q.c.cfg.Rules, next: s.state}
	for _, e := range results {
		s.logRefused(b.feed(e))
	}
	for _, j := range jobs {
		if j.event == nil {
			continue
		}
		_, _, j.repeated = b.next.Keyed(j.key)
		if err := b.feed(j.event(at)); err != nil {
			s.logRefused(err)
			s.answers[j] = answer{err: err}
		}
	}
	if b.refused == nil {
		s.logRefused(b.feed(machine.Tick{At: at, Txn: txn}))
	}
	for _, j := range jobs {
		if j.event == nil && b.refused != nil {
			s.answers[j] = answer{err: b.refused}
		}
	}
	return b.next, b.effects
}

func (s *section) logRefused(err error) {
	if err != nil {
		s.q.log.Error("event refused: report this defect of the program", "error", err)
	}
}
