package refresh

import (
	"time"

	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

// What the log tells: one line when a section first changes something, one for
// each phase that an operation enters, and one for each answer of Power BI that
// decides something. Operations are numbers here, next to their
// model: a signature never is logged. Lines with an "event" are what alerts are built on:
// internal/hostlog has the catalogue.

// logChanges tells what a saved state changed.
func (s *section) logChanges(before, after machine.State) {
	if !s.told {
		s.told = true
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

// id is the operation's id, by which who has a key can read it.
func (s *section) id(number int64) string {
	return ID{Model: s.q.model, Epoch: s.state.Epoch, Number: number}.String()
}

// faultAttrs is what the log has of a fault: its code, its class and our sentence. Power
// BI's own words may name people and data, so they are logged only if a setting says so.
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

// logStuck tells of operations that should have ended long ago: what has become of
// their refreshes cannot be seen.
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

// logSight tells only of looks that failed: the others show in the phases.
func (q *queue) logSight(l machine.Look, s Sight) {
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

// stuckAfter is how long after its time a step, or the end of an operation, is a
// reason to wake somebody. The next sweep and a few failed looks come well before.
const stuckAfter = 15 * time.Minute
