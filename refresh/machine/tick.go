package machine

// tick decides what to do next. The order is the order of precedence.
func (m *machine) tick(txn string) {
	m.expire()
	m.archive()
	m.expireAbandoned()
	m.resume()
	switch {
	case m.Attempt != nil:
		m.follow(m.Attempt)
	case len(m.Pending) == 0: // what is known of the model is read again for the next caller
	case m.Foreign != nil:
		m.block(m.occupant())
		if !m.now.Before(m.Foreign.LookAt) {
			m.do(Look{})
		}
	case m.Hold != nil && m.now.Before(m.Hold.Until):
		m.held(*m.Hold)
	case m.mustReadHistory(m.now):
		m.do(Look{})
	default:
		m.Hold = nil
		m.start(txn)
	}
}

// start saves the intent of one POST for the oldest pending operation and those that it
// can serve as well.
func (m *machine) start(txn string) {
	serves, shape := m.batch()
	head := m.Pending[0]
	kind := shape.Kind
	if head.Fallback {
		kind = Standard
	}
	m.ClockSkew.intended()
	m.LastLook = nil // it is about earlier refreshes
	m.setAttempt(&Attempt{
		Txn: txn, Serves: serves,
		Kind: kind, Shape: shape, Intent: m.now,
		SendBy: m.now.Add(m.SendWithin), Until: m.now.Add(m.SendWithin + m.PostLimit),
	})
	renew, full := false, m.exceeds(roomy)
	m.eachServed(func(op *Operation) {
		if full {
			op.shorten()
		}
		op.Tries = append(op.Tries, Try{Txn: txn, Kind: kind, Intent: m.now, Outcome: OutcomePending, Merged: !op.wanted().covers(shape)})
		renew = renew || op.Renewed
		m.setPhase(op, Starting)
	})
	m.do(Post{
		Txn: txn, Shape: shape, Kind: kind, Tuning: head.Tuning, Notify: head.Notify,
		SendBy: m.Attempt.SendBy, Until: m.Attempt.Until,
		Renew: renew, Check: head.Fallback,
	})
}

// follow takes the next step of the model's attempt.
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
