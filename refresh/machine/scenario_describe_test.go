package machine

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"
)

// describe returns what the last command did and the state of the model.
func (s *scenario) describe() []string {
	lines := []string{"at " + s.offset(s.now)}
	for _, e := range s.effects {
		lines = append(lines, "-> "+s.effect(e))
	}
	for _, op := range s.state.Pending {
		lines = append(lines, s.operation(op))
	}
	for _, op := range s.state.Recent {
		lines = append(lines, s.operation(op))
	}
	lines = append(lines, s.occupants()...)
	due, any := s.state.Due()
	switch {
	case !any:
		lines = append(lines, "due never")
	case due.IsZero():
		lines = append(lines, "due at once")
	default:
		lines = append(lines, "due "+s.offset(due))
	}
	return lines
}

func (s *scenario) occupants() []string {
	var lines []string
	if a := s.state.Attempt; a != nil {
		line := fmt.Sprintf("attempt %s %s %s serves %v", a.Txn, a.Stage, a.Kind, a.Serves)
		if a.RefreshID != "" {
			line += " id " + a.RefreshID
		}
		if a.ByID {
			line += " by its id"
		}
		if c := a.Candidate; c != nil {
			line += " candidate " + c.RefreshID + map[bool]string{true: " the same"}[c.Same]
		}
		if a.Settle.Reads > 0 {
			line += fmt.Sprintf(" quiet %d since %s", a.Settle.Reads, s.offset(a.Settle.Since))
		}
		lines = append(lines, line)
	}
	for _, w := range s.state.Abandoned {
		line := strings.TrimSpace("watch " + w.Txn + " " + w.RefreshID)
		if w.Appeared {
			line += " appeared"
		}
		lines = append(lines, line+" until "+s.offset(w.Until))
	}
	if l := s.state.LastLook; l != nil {
		line := "last look failed: " + l.Code + " since " + s.offset(l.Since)
		if !l.Gone.IsZero() {
			line += " gone since " + s.offset(l.Gone)
		}
		lines = append(lines, line)
	}
	if f := s.state.Foreign; f != nil {
		lines = append(lines, fmt.Sprintf("foreign %q %s", f.RefreshID, f.Type))
	}
	if h := s.state.Hold; h != nil {
		lines = append(lines, fmt.Sprintf("hold %s until %s", cmp.Or(h.Cause, h.Reason), s.offset(h.Until)))
	}
	return lines
}

func (s *scenario) operation(op Operation) string {
	line := fmt.Sprintf("operation %d %s", op.Number, op.Phase)
	if shown := s.state.View(op, "", s.now).Operation.Phase; shown != op.Phase {
		line += " shown as " + string(shown)
	}
	if op.Shared {
		line += " shared"
	}
	if len(op.Withdrawn) > 0 {
		line += " without"
		for _, w := range op.Withdrawn {
			line += " " + w.Nonce
		}
	}
	view := s.state.View(op, "", s.now)
	if v := view.Settling; v != nil {
		line += fmt.Sprintf(" until %s at least, seen %s", s.offset(v.Until), v.Seen)
	}
	if b := view.Operation.Blocked; b != nil && b.Reason == "notReadable" {
		line += " blocked by " + b.Reason
	}
	if op.Blocked != nil {
		line += " waits for " + op.Blocked.Reason
		if op.Blocked.RefreshID != "" {
			line += " " + op.Blocked.RefreshID
		}
	}
	var tries []string
	for _, try := range op.Tries {
		tries = append(tries, strings.TrimSpace(try.RefreshID+" "+string(try.Outcome)))
	}
	if len(tries) > 0 {
		line += " [" + strings.Join(tries, ", ") + "]"
	}
	for _, p := range op.Objects {
		line += fmt.Sprintf(" %s %s", Object{p.Table, p.Partition}.text(), p.Status)
	}
	if op.Fault != nil {
		line += " because " + op.Fault.Code
	}
	return line
}

// text writes an object as scenario.ask reads it.
func (o Object) text() string {
	if o.Partition == "" {
		return o.Table
	}
	return o.Table + "/" + o.Partition
}

func named(objects []Object) string {
	if len(objects) == 0 {
		return ""
	}
	var names []string
	for _, o := range objects {
		names = append(names, o.text())
	}
	return " of " + strings.Join(names, ",")
}

func (s *scenario) effect(e Effect) string {
	switch e := e.(type) {
	case Admit:
		return fmt.Sprintf("admit %s to %d", e.Nonce, e.Number)
	case Refuse:
		return fmt.Sprintf("refuse %s: %s", e.Nonce, e.Code)
	case Post:
		line := fmt.Sprintf("post %s %s by %s%s", e.Txn, e.Kind, s.offset(e.SendBy), named(e.Shape.Objects))
		if e.Renew {
			line += " with a new token"
		}
		if e.Check {
			line += " if the workspace has no capacity"
		}
		return line
	case Look:
		if e.RefreshID == "" {
			return "look at the history"
		}
		return "look at " + e.RefreshID
	case Delete:
		return "delete " + e.RefreshID
	case Archive:
		return fmt.Sprintf("archive %d operations", len(e.Operations))
	default:
		return fmt.Sprintf("%T", e)
	}
}

func (s *scenario) offset(t time.Time) string { return "+" + t.Sub(s.start).String() }

// checkStep asserts what must hold for every step of the machine, whatever
// happens: G6 (terminal is final), that nothing is lost, and that a new attempt
// begins only when no other is unresolved.
func checkStep(t *testing.T, before, after State) {
	t.Helper()
	for _, op := range before.Recent {
		now, kept := after.Find(op.Number)
		if kept && (now.Phase != op.Phase || now.Ended != op.Ended) {
			t.Errorf("finished operation %d changed from %s to %s", op.Number, op.Phase, now.Phase)
		}
	}
	for _, op := range before.Pending {
		if _, kept := after.Find(op.Number); !kept {
			t.Errorf("operation %d is lost", op.Number)
		}
	}
	a, b := before.Attempt, after.Attempt
	if a != nil && b != nil && a.Txn != b.Txn {
		t.Errorf("attempt %s began while %s was unresolved", b.Txn, a.Txn)
	}
	if due, any := after.Due(); !any && len(after.Pending) > 0 {
		t.Errorf("operations are pending and nothing is due (%v)", due)
	}
	if err := after.check(); err != nil {
		t.Error(err)
	}
	checkSize(t, before, after)
}

// checkSize holds what a state knows of its document to the document.
func checkSize(t *testing.T, before, after State) {
	t.Helper()
	known := after.size
	doc := mustEncode(t, after)
	if known.bytes > 0 && known.bytes+known.added < len(doc) {
		t.Errorf("the document has %d bytes and is taken for at most %d and %d", len(doc), known.bytes, known.added)
	}
	before.Writes, after.Writes = nil, nil
	if same := bytes.Equal(mustEncode(t, before), mustEncode(t, after)); before.Same(after) != same {
		t.Errorf("Same is %t for these two documents:\n%s\n%s", !same, mustEncode(t, before), mustEncode(t, after))
	}
}
