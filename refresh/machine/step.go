package machine

import (
	"slices"
	"time"
)

// machine is one step of the state machine.
type machine struct {
	Rules
	State
	now     time.Time
	effects []Effect
	event   string
	made    []transition
}

func (m *machine) do(e Effect) { m.effects = append(m.effects, e) }

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
