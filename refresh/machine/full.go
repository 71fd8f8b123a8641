package machine

import "fmt"

// full returns the code and the message of the refusal if the queue has no place for a
// new operation of the owner.
//
// One owner has at most half of the queue, so that its requests cannot close the queue to
// others. The last places are for plain refreshes. Their callers share operations, so few
// of them need a place.
func (m *machine) full(ask Ask, owner string) (code, why string) {
	plain := ask.plain()
	count, size := m.owned(owner)
	_, all := m.owned("")
	limit, room := MaxPending-plainReserve, MaxDocument-plainRoom
	if plain {
		limit, room = MaxPending, MaxDocument
	}
	bytes := ask.Shape.Size()
	switch {
	case owner != "" && count >= maxOwned:
		return CodeShareUsed, fmt.Sprintf("The caller has %d pending operations of this model, which is its share of the queue. Try again when some have ended.", count)
	case owner != "" && count > 0 && !plain && size+bytes > maxShapeBytes/2:
		return CodeShareUsed, fmt.Sprintf("The objects of all pending requests of the caller for this model exceed %d KiB, which is its share. "+
			"Name fewer tables and partitions, or refresh the whole model.", maxShapeBytes>>11)
	case len(m.Pending) >= limit:
		return CodeQueueFull, fmt.Sprintf("The model has %d pending operations already. Try again when some have ended.", len(m.Pending))
	case !plain && all+bytes > maxShapeBytes, m.exceeds(room - bytes):
		return CodeQueueFull, fmt.Sprintf("The objects of all pending requests of this model exceed %d KiB. "+
			"Name fewer tables and partitions, or refresh the whole model.", maxShapeBytes>>10)
	}
	return "", ""
}

// owned counts the pending operations of an owner, or of all if it is empty, and the
// bytes of their shapes.
func (s *State) owned(owner string) (operations, bytes int) {
	for i := range s.Pending {
		if op := &s.Pending[i]; owner == "" || op.Owner == owner {
			operations++
			bytes += op.Shape.Size()
		}
	}
	return operations, bytes
}

// plain reports whether the caller asks for the whole model without options, and waits for
// it as long as it takes: what others who ask for the same can share.
func (a Ask) plain() bool {
	return a.Shape.Plain() && a.WhenBusy != WhenBusyReject && a.QueueTimeout == 0
}
