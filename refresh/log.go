package refresh

import (
	"time"

	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

// The log has one line when a section first changes something, one for each phase that an
// operation enters, and one for each answer of Power BI that decides something. It names
// operations by model and number, and never has a signature. Alerts are built on lines with
// an "event": internal/hostlog has the catalogue.

// logChanges logs what a saved state changed.
func (s *section) logChanges(before, after machine.State) {
	if !s.leaseLogged {
		s.leaseLogged = true
		s.q.log.Debug("lease taken", "ms", time.Since(s.entered).Milliseconds())
		s.logStuck(after)
	}
	for _, list := range [][]machine.Operation{after.Pending, after.Recent} {
		for _, op := range list {
			old, known := before.Find(op.Number)
			if !known || old.Phase != op.Phase {
				s.logPhase(op)
			}
		}
	}
}

func (s *section) logPhase(op machine.Operation) {
	attrs := []any{"operation", op.Number, "id", s.id(op.Number), "phase", op.Phase}
	if len(op.Tries) > 0 && op.Latest().RefreshID != "" {
		attrs = append(attrs, "refreshId", op.Latest().RefreshID)
	}
	if op.Blocked != nil {
		attrs = append(attrs, "waitsFor", op.Blocked.Reason)
	}
	attrs = append(attrs, s.q.faultAttrs(op.Fault)...)
	if op.Phase.Terminal() {
		attrs = append(attrs, "event", "refresh.ended", "status", op.Phase.Status(), "seconds", seconds(op.Ended.Sub(op.Created)))
	}
	if op.Phase == machine.Failed {
		s.q.log.Warn("operation", attrs...)
		return
	}
	s.q.log.Info("operation", attrs...)
}

// id returns the operation's id. Reading the operation by it takes a function key.
func (s *section) id(number int64) string {
	return ID{Model: s.q.model, Epoch: s.state.Epoch, Number: number}.String()
}

// faultAttrs returns what is logged of a fault: its code, its class and our sentence. Power
// BI's own words may name people and data: they are logged only with LOG_POWERBI_MESSAGES.
func (q *queue) faultAttrs(f *machine.Fault) []any {
	if f == nil {
		return nil
	}
	attrs := []any{"code", f.Code, "cause", f.Message}
	if f.Class != "" {
		attrs = append(attrs, "class", f.Class)
	}
	if f.PowerBI != "" {
		attrs = append(attrs, "powerbiCode", f.PowerBI)
	}
	if q.c.cfg.LogWords && f.Detail != "" {
		attrs = append(attrs, "words", f.Detail)
	}
	return attrs
}

// logStuck logs operations that should have ended long ago: the outcome of their refreshes
// cannot be read.
func (s *section) logStuck(state machine.State) {
	for _, op := range state.Pending {
		if late := s.lease.Now().Sub(op.Deadline); late >= stuckAfter {
			s.q.log.Warn("operation is overdue", "event", "refresh.stuck", "operation", op.Number, "id", s.id(op.Number), "phase", op.Phase, "seconds", seconds(late))
		}
	}
}

func (q *queue) logAnswer(p machine.Post, a machine.Answer) {
	attrs := []any{"answer", a.Kind}
	if a.RefreshID != "" {
		attrs = append(attrs, "refreshId", a.RefreshID, "kind", a.Sent)
	}
	attrs = append(attrs, q.faultAttrs(a.Fault)...)
	if a.RetryAfter > 0 {
		attrs = append(attrs, "retryAfter", a.RetryAfter.String())
	}
	if a.Kind == machine.Throttled {
		attrs = append(attrs, "event", "powerbi.throttled", "call", "refresh")
	}
	if a.Kind == machine.Lost || a.Kind == machine.Unsent {
		q.log.Warn("refresh requested", attrs...)
		return
	}
	q.log.Info("refresh requested", attrs...)
}

// logObservation logs reads that failed. The others show in the phases.
func (q *queue) logObservation(l machine.Look, s Observation) {
	if s.Err == nil {
		return
	}
	attrs := append([]any{"refreshId", l.RefreshID}, q.faultAttrs(s.Err)...)
	if throttled(s.Err) {
		attrs = append(attrs, "event", "powerbi.throttled", "call", "look")
	}
	q.log.Warn("Power BI could not be read; nothing is concluded from that", attrs...)
}

func throttled(f *machine.Fault) bool {
	return f.Code == string(powerbi.CodeThrottled) || f.Code == string(powerbi.CodeCapacityThrottled)
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// stuckAfter is how late a step, or the end of an operation, is before an alert. The next
// sweep and a few failed reads come well before.
const stuckAfter = 15 * time.Minute
