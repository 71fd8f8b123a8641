package machine

// quietReads is the least number of quiet reads that settle an outcome. Time alone never
// does: a read that failed, or a process that slept, proves nothing.
const quietReads = 3

// settle begins to find out whether Power BI has the attempt.
func (m *machine) settle(a *Attempt) {
	if a.Stage == StageSettling {
		return
	}
	m.setStage(a, StageSettling)
	a.LookAt = m.now.Add(settlePace(m.SettleWindow))
	a.Settle = Settle{From: later(m.now, a.Until)}
	if !a.Accepted.IsZero() {
		a.Settle.From = m.now
	}
	m.settleUntil(a)
	m.eachServed(func(op *Operation) { m.setPhase(op, Settling) })
}

// settleUntil notes when the outcome is settled at the earliest.
func (m *machine) settleUntil(a *Attempt) {
	s := &a.Settle
	begin := later(m.now, s.From)
	if s.Reads > 0 {
		begin = s.Since
	}
	s.Until = begin.Add(m.SettleWindow)
}

// known remembers an ended row that could be ours, so that it interrupts the quiet reads once.
func (m *machine) known(a *Attempt, row Row) {
	a.Settle.Known = append(a.Settle.Known, row.key())
	a.Settle.Known = a.Settle.Known[max(0, len(a.Settle.Known)-maxKnown):]
}
