package machine

import "strings"

// Keyed finds the operation that a key was admitted to, and reports whether it was
// for the same request. A ticket is of one request; so is the claim that names it.
func (s *State) Keyed(k Key) (number int64, same, found bool) {
	if k == (Key{}) {
		return 0, false, false
	}
	for _, list := range [][]Operation{s.Pending, s.Recent} {
		for i := range list {
			if same, found = list[i].keyed(k); found {
				return list[i].Number, same, true
			}
		}
	}
	return 0, false, false
}

func (op *Operation) keyed(k Key) (same, found bool) {
	if op.Tickets.has(k.Ticket) {
		return true, true
	}
	for mark := range op.Marks {
		if strings.HasPrefix(mark, k.Name) {
			return mark == k.mark(), true
		}
	}
	return false, false
}

// Marks are those of keys whose claims have no ticket: an earlier version made them.
func (op *Operation) Marks(yield func(string) bool) {
	for rest := op.Keys; len(rest) >= keyMark && yield(rest[:keyMark]); rest = rest[keyMark:] {
	}
}

// remember adds the trace of a key to the operation.
func (op *Operation) remember(k Key) {
	if k.Ticket == (Ticket{}) {
		op.Keys += k.mark()
		return
	}
	op.Tickets = op.Tickets.with(k.Ticket)
}

// repeated answers a caller whose key the document knows.
func (m *machine) repeated(e Arrive) bool {
	number, same, found := m.Keyed(e.Key)
	switch {
	case !found:
		return false
	case same:
		m.do(Admit{e.Nonce, number})
	default:
		m.do(Refuse{e.Nonce, CodeKeyReused, KeyReused})
	}
	return true
}

// KeyReused is the message of a refusal with [CodeKeyReused].
const KeyReused = "The key was used before, with another request. Send a new key with a new request, and the same body with a repeated one."

// fits reports whether the document has room for one more key.
func (m *machine) fits(k Key) bool { return k == (Key{}) || !m.exceeds(MaxDocument-keyMark) }

const noRoomForKeys = "Too many requests with a key share the model's refresh. Try again when it has ended."
