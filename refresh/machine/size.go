package machine

// size is how large the document of a state is: exactly, when it was read or written last,
// and the most that events can have added since. Removals are not counted.
type size struct {
	bytes int // 0: not known
	added int
	event int // of added, what the present event may still add

	encodes int // how often a document was made of the state, to write it or to measure it
}

// within reports whether the document is certainly no larger than limit.
func (s *State) within(limit int) bool {
	return s.size.bytes > 0 && s.size.bytes+s.size.added <= limit
}

// exceeds reports whether the document is larger than limit. It is encoded to find out
// only where it may be and the exact size is not known.
func (s *State) exceeds(limit int) bool {
	if s.within(limit) {
		return false
	}
	if s.size.bytes == 0 || s.size.added > 0 {
		event := s.size.event
		if _, err := s.Encode(); err != nil {
			return true
		}
		s.size.added, s.size.event = event, event
	}
	return s.size.bytes > limit
}

// grow notes the most that an event can add to the document.
func (s *State) grow(e Event) {
	s.size.event = s.growth(e)
	s.size.added += s.size.event
}

// ownText is the most that one event adds to an operation, without the words of others
// and what is in the document already: times, ids, sentences of ours.
const ownText = 1 << 10

func (s *State) growth(e Event) int {
	each := func(words int) int { return s.repeats() + (1+len(s.Pending))*(ownText+words) }
	switch e := e.(type) {
	case Arrive:
		return ownText + e.Ask.Shape.Size()
	case Tick:
		if s.Hold == nil {
			return each(0)
		}
		return each(jsonLength(s.Hold.Detail) + jsonLength(s.Hold.Words))
	case Answered:
		return each(2 * (e.Answer.Fault.length() + jsonLength(e.Answer.Named...)))
	case Observed:
		return each(2*e.Err.length()) + e.growth(len(s.Pending))
	default:
		return ownText
	}
}

// repeats is the most that the document takes of what an event may write again: an attempt
// repeats the shapes of its operations, and an operation's end the fault of its last try.
func (s *State) repeats() int {
	n := 0
	for i := range s.Pending {
		op := &s.Pending[i]
		n += op.Shape.length()
		if len(op.Tries) > 0 {
			n += op.Latest().Fault.length()
		}
	}
	return n
}

// growth is the most that the rows add: their ids, their faults, the objects that are
// shown of operations.
func (e Observed) growth(pending int) int {
	n, longest := 0, 0
	for _, r := range e.Rows {
		n += 3*jsonLength(r.ID, r.Type) + 64 + 2*(1+pending)*r.Fault.length()
		for _, o := range r.Objects {
			longest = max(longest, 64+jsonLength(o.Table, o.Partition, o.Status))
		}
	}
	return n + longest*fewObjects*(maxObjects+pending)
}

// length is the most that the shape takes in the document.
func (a Shape) length() int {
	n := 160 + jsonLength(a.Type, a.CommitMode, a.EffectiveDate, a.Extra)
	for _, o := range a.Objects {
		n += 24 + jsonLength(o.Table, o.Partition)
	}
	return n
}

// length is the most that the fault takes in the document.
func (f *Fault) length() int {
	if f == nil {
		return 0
	}
	return 160 + jsonLength(f.Code, f.Message, f.Remedy, f.Class, f.Detail, f.PowerBI, f.Support)
}

// jsonLength is the most that texts take in JSON.
func jsonLength(texts ...string) int {
	n := 0
	for _, text := range texts {
		n += 2 + len(text)
		for i := range len(text) {
			if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
				n += 5 // \u003c
			}
		}
	}
	return n
}
