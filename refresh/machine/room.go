package machine

import "slices"

// archive asks for room in the document, and for finished operations to live on.
func (m *machine) archive() {
	if extra := len(m.Recent) - m.keep(); extra > 0 {
		m.do(Archive{Operations: slices.Clone(m.Recent[:extra])})
	}
}

func (m *machine) archived(e Archived) {
	m.Recent = slices.DeleteFunc(m.Recent, func(op Operation) bool {
		return op.Number == e.Number && m.Epoch == e.Epoch
	})
}

// keep is how many finished operations stay in the document.
func (s *State) keep() int {
	if len(s.Recent) > keepTight && s.exceeds(roomy) {
		return keepTight
	}
	return KeepRecent
}

// roomForTries is how many more tries fit into a roomy document, or all that can be
// needed. Finished operations make room by themselves.
func (s *State) roomForTries() int {
	if s.within(roomy - len(s.Pending)*tryBytes) {
		return len(s.Pending)
	}
	waiting := *s
	waiting.Recent = nil
	_, err := waiting.Encode()
	s.size.encodes = waiting.size.encodes
	if err != nil {
		return 0
	}
	return (roomy - waiting.size.bytes) / tryBytes
}
