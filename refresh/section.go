package refresh

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// section is one stay in a model's critical section: load, feed events, save,
// carry out, feed the results, until nothing is left to do.
type section struct {
	q           *queue
	lease       *lease.Section
	state       machine.State
	waiting     []*job // admitted by a saved state; answered when it stands as it should be shown
	answers     map[*job]answer
	entered     time.Time
	leaseLogged bool // the log knows that the lease was taken
}

// settleReplies records the answers to callers among the effects, and returns the others.
func (s *section) settleReplies(effects []machine.Effect) []machine.Effect {
	for _, j := range s.waiting {
		if j.event != nil && j.nonce == "" {
			s.answers[j] = answer{} // a result of Power BI: saved, and not to be fed again
		}
	}
	var rest []machine.Effect
	for _, e := range effects {
		switch e := e.(type) {
		case machine.Admit:
			s.admit(e)
		case machine.Refuse:
			s.answerFor(e.Nonce, answer{err: &Refusal{Code: e.Code, Message: e.Message}})
		default:
			rest = append(rest, e)
		}
	}
	return rest
}

// admit remembers the answer as the saved state has it: a later step of the same
// section may finish the operation and move it to the archive.
func (s *section) admit(e machine.Admit) {
	s.answerFor(e.Nonce, answer{epoch: s.state.Epoch, number: e.Number, view: s.show(e.Number, e.Nonce)})
}

// answerFor gives an answer to the job that asked: a caller may have a status
// request waiting here besides.
func (s *section) answerFor(nonce string, a answer) {
	for _, j := range s.waiting {
		if _, answered := s.answers[j]; !answered && j.event != nil && j.nonce == nonce {
			a.repeated = j.repeated
			s.answers[j] = a
			if a.err == nil && a.number != 0 {
				j.told.begin(a)
			}
			return
		}
	}
}

// reply answers the callers whose events are saved, with the state as it is now.
func (s *section) reply() {
	for _, j := range s.waiting {
		a, answered := s.answers[j]
		if !answered && j.show.Epoch == s.state.Epoch {
			a.number = j.show.Number
		}
		if v := s.show(a.number, j.nonce); a.err == nil && v.Operation.Number != 0 {
			a.view = v
		}
		if a.view.Operation.Number == 0 && !a.repeated {
			a.number = 0
		}
		j.done <- a
	}
	s.waiting, s.answers = nil, map[*job]answer{}
}

func (s *section) show(number int64, nonce string) machine.View {
	op, ok := s.state.Find(number)
	if !ok {
		return machine.View{}
	}
	return s.state.View(op, nonce, s.lease.Now())
}

// fail ends a section whose state could not be saved. Callers whose event was saved before
// get their answer; nothing was carried out for the others. Their jobs are repeated under a
// new lease, which also shows whether the write has landed.
func (s *section) fail(err error) {
	again := errors.Is(err, lease.ErrLost) || errors.Is(err, lease.ErrUnknown)
	if !errors.Is(err, lease.ErrLost) {
		s.q.log.Warn("state not saved", "error", err)
	}
	var saved []*job
	for _, j := range s.waiting {
		_, answered := s.answers[j]
		switch {
		case answered:
			saved = append(saved, j)
		case again && !j.over():
			s.q.submit(j)
		default:
			j.done <- answer{err: unavailable(err)}
		}
	}
	s.waiting = saved
	s.reply()
}

// rescue recovers from a panic: a defect with one document must not end the process, with
// all other models, at each sweep.
func (s *section) rescue() {
	if p := recover(); p != nil {
		s.q.log.Error("panic", "cause", fmt.Sprint(p), "stack", string(debug.Stack()))
		s.fail(fmt.Errorf("refresh: panic: %v", p))
	}
}
