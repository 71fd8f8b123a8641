package refresh

import (
	"bytes"
	"sync"

	"pbirefresh/refresh/machine"
)

// decodedStates remembers the documents that were read lately, so that one that did not
// change is decoded once. Its states are shared and must not be changed.
type decodedStates struct {
	mu  sync.Mutex
	all map[machine.Model]decodedState
}

type decodedState struct {
	body  []byte
	state *machine.State
}

// decodedKept bounds the memory that is used: a document has up to 64 KiB.
const decodedKept = 256

// of returns the state of a model's document.
func (d *decodedStates) of(m machine.Model, body []byte) (*machine.State, error) {
	d.mu.Lock()
	known, ok := d.all[m]
	d.mu.Unlock()
	if ok && bytes.Equal(known.body, body) {
		return known.state, nil
	}
	s, err := machine.DecodeOf(m, body)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil || len(d.all) >= decodedKept {
		d.all = map[machine.Model]decodedState{} // rare, and decoding is cheap: no order of eviction
	}
	d.all[m] = decodedState{body, &s}
	return &s, nil
}
