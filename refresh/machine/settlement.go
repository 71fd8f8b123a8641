package machine

import "time"

// Settlement is how far it is known what became of a request whose answer was lost.
type Settlement struct {
	Since time.Time
	Until time.Time // at the earliest
	Seen  Seen
}

// Seen is what the history showed, the last time that it was read.
type Seen string

// What a history may show of a refresh whose answer was lost.
const (
	SeenNotRead Seen = "notRead" // it was not read yet
	SeenNothing Seen = "nothing" // nothing at work, and nothing that may be ours
	SeenAtWork  Seen = "atWork"  // a refresh at work, which may be ours
	SeenEnded   Seen = "ended"   // refreshes that have ended, and may have been ours
)

// settlement of an operation that is settling, else nil.
func (s *State) settlement(op Operation) *Settlement {
	a := s.Attempt
	if op.Phase != Settling || a == nil {
		return nil
	}
	return &Settlement{Since: op.Changed, Until: a.Settle.Until, Seen: a.Settle.seen()}
}

func (s Settle) seen() Seen {
	switch {
	case s.AtWork:
		return SeenAtWork
	case len(s.Known) > 0:
		return SeenEnded
	case s.Looked:
		return SeenNothing
	default:
		return SeenNotRead
	}
}

// blind says that an operation cannot go on because Power BI refuses the reads that
// would show its refresh; nil if it does not.
func (s *State) blind(op Operation) *Blocked {
	l := s.LastLook
	if l == nil || !l.Refused || !s.serves(op.Number) {
		return nil
	}
	return &Blocked{Reason: "notReadable", Detail: l.Message, Since: l.Since}
}
