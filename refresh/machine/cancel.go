package machine

// cancelAsked ends an operation for the caller who holds that nonce.
func (m *machine) cancelAsked(e CancelAsked) {
	i := indexOf(m.Pending, e.Number)
	if i < 0 || e.Epoch != m.Epoch {
		m.refuseCancel(e)
		return
	}
	op := &m.Pending[i]
	switch {
	case op.WithdrawnBy(e.Nonce):
		m.do(Refuse{e.Nonce, CodeFinished, "The operation was cancelled already."})
	case op.Shared && !e.Force:
		// The others still want it: only this caller leaves.
		if len(op.Withdrawn) >= maxWithdrawn {
			m.do(Refuse{e.Nonce, CodeQueueFull, "Too many callers of this operation have cancelled. Use force to cancel it for all."})
			return
		}
		op.Withdrawn = append(op.Withdrawn, Withdrawal{Nonce: e.Nonce, At: m.now})
		m.do(Admit{e.Nonce, op.Number})
	case m.serves(op.Number):
		m.cancelServed(op, e)
	default:
		m.finish(op, Cancelled, cancelledByCaller())
		m.do(Admit{e.Nonce, e.Number})
	}
}

// cancelServed cancels an operation whose attempt is under way.
func (m *machine) cancelServed(op *Operation, e CancelAsked) {
	a := m.Attempt
	if len(a.Serves) > 1 { // the refresh goes on for the others
		op.endTry(OutcomePending, nil, m.now)
		m.finish(op, Cancelled, cancelledByCaller())
		m.do(Admit{e.Nonce, e.Number})
		return
	}
	if a.Stage == StageRunning && (a.Kind != Enhanced || a.Adopted) {
		m.do(Refuse{e.Nonce, CodeCancelNotSupported, map[bool]string{
			false: "Power BI cannot cancel a running standard refresh. It ends by itself; its status URL shows how.",
			true:  "Power BI's answer to the request was lost, and its refresh was found in the history. Only a refresh that Power BI accepted in an answer is cancelled. It ends by itself; its status URL shows how.",
		}[a.Adopted]})
		return
	}
	op.Cancel = true
	m.do(Admit{e.Nonce, op.Number})
}

func (m *machine) refuseCancel(e CancelAsked) {
	if e.Epoch == m.Epoch && indexOf(m.Recent, e.Number) >= 0 {
		m.do(Refuse{e.Nonce, CodeFinished, "The operation has ended: there is nothing left to cancel."})
		return
	}
	m.do(Refuse{e.Nonce, CodeNotFound, "There is no such operation."})
}

// wantsCancel reports whether the attempt's refresh is to be deleted: its id is from a 202,
// and all operations that it serves are cancelled.
func (m *machine) wantsCancel(a *Attempt) bool {
	ours := a.RefreshID != "" && !a.Adopted && a.Kind == Enhanced
	if !ours || a.Deleted || a.Stage == StageSettling {
		return false
	}
	wanted := false
	m.eachServed(func(op *Operation) { wanted = wanted || !op.Cancel })
	return !wanted
}

func (m *machine) deleted(e Deleted) {
	if a := m.Attempt; a != nil && a.Txn == e.Txn {
		a.LookAt = m.now.Add(cancelRecheck)
	}
}
