package machine

import (
	"slices"
	"strings"
)

// transition is a change of an operation's phase, or of the stage of the model's
// attempt, which one event makes. In the table, to lists several states.
type transition struct{ kind, from, event, to string }

// transitions is the table of all of them. A step may make several, so saved documents
// show more arrows. FuzzWalk makes each of them and looks for others.
func transitions() []transition {
	return []transition{
		{"phase", "new", "Arrive", "queued"},
		{"phase", "queued", "Tick", "blocked starting running settling failed cancelled"},
		{"phase", "queued", "Answered", "running settling failed"},
		{"phase", "queued", "Observed", "failed"},
		{"phase", "queued", "CancelAsked", "cancelled"},
		{"phase", "blocked", "Tick", "starting running settling failed"},
		{"phase", "blocked", "Answered", "running settling failed"},
		{"phase", "blocked", "Observed", "failed"},
		{"phase", "blocked", "CancelAsked", "cancelled"},
		{"phase", "starting", "Tick", "settling failed"},
		{"phase", "starting", "Answered", "queued running settling retrying failed cancelled"},
		{"phase", "starting", "CancelAsked", "cancelled"},
		{"phase", "running", "Tick", "cancelling failed"},
		{"phase", "running", "Observed", "retrying succeeded failed cancelled"},
		{"phase", "running", "CancelAsked", "cancelled"},
		{"phase", "settling", "Tick", "failed"},
		{"phase", "settling", "Answered", "queued running retrying failed cancelled"},
		{"phase", "settling", "Observed", "running retrying succeeded failed cancelled"},
		{"phase", "settling", "CancelAsked", "cancelled"},
		{"phase", "retrying", "Tick", "starting running settling failed"},
		{"phase", "retrying", "Answered", "running settling failed"},
		{"phase", "retrying", "Observed", "failed"},
		{"phase", "retrying", "CancelAsked", "cancelled"},
		{"phase", "cancelling", "Tick", "failed"},
		{"phase", "cancelling", "Observed", "succeeded failed cancelled"},
		{"stage", "none", "Tick", "starting"},
		{"stage", "none", "Answered", "starting"},
		{"stage", "starting", "Tick", "running settling"},
		{"stage", "starting", "Answered", "none running settling"},
		{"stage", "running", "Tick", "cancelling"},
		{"stage", "running", "Observed", "none settling"},
		{"stage", "settling", "Answered", "none running"},
		{"stage", "settling", "Observed", "none running"},
		{"stage", "cancelling", "Observed", "none settling"},
	}
}

// changed notes a transition. One that the table does not list ends the step: see
// [Rules.Next].
func (m *machine) changed(kind, from, to string) {
	listed := slices.ContainsFunc(transitions(), func(t transition) bool {
		return t.kind == kind && t.from == from && t.event == m.event && slices.Contains(strings.Fields(t.to), to)
	})
	if !listed {
		panic(Unlisted{kind, from, m.event, to})
	}
	m.made = append(m.made, transition{kind, from, m.event, to})
}

// setPhase is the only writer of a phase. A terminal phase is final.
func (m *machine) setPhase(op *Operation, p Phase) {
	if op.Phase.Terminal() || op.Phase == p {
		return
	}
	from := string(op.Phase)
	if from == "" {
		from = "new"
	}
	m.changed("phase", from, string(p))
	op.Phase, op.Changed = p, m.now
	if p != Blocking && p != Retrying {
		op.Blocked = nil
	}
}

// setStage is the only writer of the attempt's stage, after setAttempt.
func (m *machine) setStage(a *Attempt, s Stage) {
	if a.Stage != s {
		m.changed("stage", string(a.Stage), string(s))
		a.Stage = s
	}
}

// setAttempt makes a the model's attempt. Only it and clearAttempt write the attempt.
func (m *machine) setAttempt(a *Attempt) {
	m.changed("stage", m.stage(), string(StageStarting))
	a.Stage = StageStarting
	m.Attempt = a
}

// clearAttempt removes the model's attempt.
func (m *machine) clearAttempt() {
	if m.Attempt != nil {
		m.changed("stage", m.stage(), "none")
		m.Attempt = nil
	}
}

// stage is the stage of the model's attempt, or "none".
func (s *State) stage() string {
	if s.Attempt == nil {
		return "none"
	}
	return string(s.Attempt.Stage)
}

// eventName is the event's name in the table.
func eventName(e Event) string {
	switch e.(type) {
	case Arrive:
		return "Arrive"
	case Tick:
		return "Tick"
	case Answered:
		return "Answered"
	case Observed:
		return "Observed"
	case CancelAsked:
		return "CancelAsked"
	}
	return "other"
}
