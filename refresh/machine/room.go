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
	if len(s.Recent) > keepTight && s.Size() > roomy {
		return keepTight
	}
	return KeepRecent
}

// Size is how large the document is.
func (s *State) Size() int {
	doc, err := s.Encode()
	if err != nil {
		return MaxDocument
	}
	return len(doc)
}

// roomForTries is how many more tries fit into a roomy document. Finished operations make
// room by themselves.
func (s *State) roomForTries() int {
	waiting := *s
	waiting.Recent = nil
	return (roomy - waiting.Size()) / tryBytes
}
