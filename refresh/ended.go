package refresh

import "pbirefresh/refresh/machine"

// notifyEnded calls the hook if the saved state ended an operation, or one caller's share of
// it. The end is readable then. If the process dies in between, the hook is not called.
func (s *section) notifyEnded(before, after machine.State) {
	if s.q.c.cfg.Ended == nil {
		return
	}
	for _, list := range [][]machine.Operation{after.Pending, after.Recent} {
		for _, op := range list {
			if old, _ := before.Find(op.Number); endedSince(old, op) {
				s.q.c.cfg.Ended(s.q.model)
				return
			}
		}
	}
}

func endedSince(old, op machine.Operation) bool {
	return op.Phase.Terminal() && !old.Phase.Terminal() || len(op.Withdrawn) > len(old.Withdrawn)
}
