package machine

import "time"

// arrive admits a caller: to an operation that it can share, or to a new one.
func (m *machine) arrive(e Arrive) {
	ask := e.Ask
	if m.repeated(e) {
		return
	}
	if ask.WhenBusy == WhenBusyReject && m.busy() {
		m.do(Refuse{e.Nonce, CodeBusy, inTheWay})
		return
	}
	deadline := m.now.Add(ask.Timeout)
	if i := m.shareable(ask, m.now); i >= 0 {
		if !m.fits(e.Key) {
			m.do(Refuse{e.Nonce, CodeQueueFull, noRoomForKeys})
			return
		}
		m.join(&m.Pending[i], ask, deadline)
		m.Pending[i].remember(e.Key)
		m.do(Admit{e.Nonce, m.Pending[i].Number})
		return
	}
	if code, why := m.full(ask, e.Owner); code != "" {
		m.do(Refuse{e.Nonce, code, why})
		return
	}
	m.Last++
	op := Operation{
		Number: m.Last, Nonce: e.Nonce, Created: m.now, Deadline: deadline,
		Shape: ask.Shape, Tuning: ask.Tuning, Notify: ask.NotifyOption, MaxAttempts: max(1, ask.MaxAttempts),
		Reject: ask.WhenBusy == WhenBusyReject, Owner: e.Owner,
	}
	op.remember(e.Key)
	m.setPhase(&op, Queued)
	if ask.QueueTimeout > 0 {
		op.QueueBy = m.now.Add(ask.QueueTimeout + roomForOthers(ask.QueueTimeout))
	}
	m.Pending = append(m.Pending, op)
	m.do(Admit{e.Nonce, op.Number})
}

// Join finds, without changing anything, the operation that a caller may share
// as it stands: one already marked shared, whose deadline is at least the
// caller's. s must have been read after the caller arrived.
func (s *State) Join(ask Ask, now time.Time) (int64, bool) {
	if ask.WhenBusy == WhenBusyReject {
		return 0, false
	}
	i := s.shareable(ask, now)
	if i < 0 {
		return 0, false
	}
	op := s.Pending[i]
	fits := op.Shared && !op.Deadline.Before(now.Add(ask.Timeout)) && op.MaxAttempts >= ask.MaxAttempts
	return op.Number, fits
}

// shareable returns the index of the pending operation that can serve the ask,
// or -1.
func (s *State) shareable(ask Ask, now time.Time) int {
	if ask.WhenBusy == WhenBusyReject {
		return -1
	}
	for i := range s.Pending {
		op := &s.Pending[i]
		if op.Cancel || op.Phase == Cancelling || !op.Shape.covers(ask.Shape) || !op.waitsLike(ask, now) {
			continue
		}
		// Once an attempt may have started, its refresh may have begun before the
		// caller's data landed: only a caller who says so is content with it.
		if op.untried() || ask.WhenBusy == WhenBusyJoin {
			return i
		}
	}
	return -1
}

// waitsLike reports whether op gives the caller the wait for the start that it
// asked for, and would give it to those who share op already. Callers with
// different wait limits get separate operations; one refresh may serve both (see batch).
//
// A queueTimeout holds for at least as long as it says and at most an eighth longer:
// callers who come within that time can share one operation, and not one of them
// changes when it is given up. Once the refresh has begun, no wait limit applies.
func (op *Operation) waitsLike(ask Ask, now time.Time) bool {
	switch {
	case !op.Started.IsZero():
		return true
	case op.Reject: // its caller wants to be told if the model turns out to be busy
		return false
	case ask.QueueTimeout == 0 || op.QueueBy.IsZero():
		return ask.QueueTimeout == 0 && op.QueueBy.IsZero()
	}
	by := now.Add(ask.QueueTimeout)
	return !op.QueueBy.Before(by) && !op.QueueBy.After(by.Add(roomForOthers(ask.QueueTimeout)))
}

// roomForOthers is how much longer an operation lasts than its caller asked for, so
// that those who follow need not write to join.
func roomForOthers(d time.Duration) time.Duration { return d / 8 }

// join lets a caller share op, and lets op be tried as long and as often as any of its
// callers wants.
func (m *machine) join(op *Operation, ask Ask, deadline time.Time) {
	op.Shared = true
	op.MaxAttempts = max(op.MaxAttempts, ask.MaxAttempts)
	if op.Deadline.Before(deadline) {
		op.Deadline = deadline.Add(max(time.Minute, roomForOthers(ask.Timeout)))
	}
}

// busy reports whether anything stands between a new request and its refresh.
func (m *machine) busy() bool {
	// What was known of a foreign refresh counts until it is time to look again.
	occupied := m.Foreign != nil && m.now.Before(m.Foreign.LookAt)
	return m.Attempt != nil || occupied || len(m.Pending) > 0
}
