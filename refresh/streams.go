package refresh

import (
	"encoding/json"

	"pbirefresh/refresh/machine"
)

// maxStreams is how many streams of tickets a process has for a model. A shape has its own,
// because requests of one shape are mostly admitted to one operation, so that the document
// keeps few runs of numbers. The shapes that come when there are as many share one.
const maxStreams = 8

// streams are the tickets that a process gives out for a model.
type streams map[string]*machine.Ticket // by shape; each is the last one given out

// next gives out a ticket for a shape.
func (s streams) next(shape machine.Shape) machine.Ticket {
	text, err := json.Marshal(shape)
	name := string(text)
	if _, known := s[name]; !known && len(s) >= maxStreams-1 || err != nil {
		name = "" // the shared one
	}
	if s[name] == nil {
		s[name] = &machine.Ticket{Stream: random(8)}
	}
	s[name].Number++
	return *s[name]
}
