package machine

// Next is the state machine: what the state becomes when an event happens, and
// what is to be done about it. It is pure: no I/O, no clock, no randomness. The
// state must be saved before its effects are carried out.
//
// An event that would make a transition which the table does not list changes nothing:
// its only effect is [Unlisted].
func (r Rules) Next(s State, e Event) (State, []Effect) {
	m := r.step(s, e)
	return m.State, m.effects
}

// step is Next, with what the step did besides.
func (r Rules) step(s State, e Event) (m machine) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case Unlisted:
			m = machine{State: s, effects: []Effect{p}}
		default:
			panic(p)
		}
	}()
	m = machine{Rules: r, State: s.clone(), now: e.when(), event: eventName(e)}
	m.grow(e)
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
