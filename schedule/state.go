package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"pbirefresh/refresh/machine"
)

// Schema is the version of the progress document that this code writes. Each change of
// what is stored, including a new member, is a new version: an older program, which would
// lose the change with its next write, starts nothing until it is replaced. Release N reads
// the new form and writes the old one, N+1 writes it, so that going back by one version is
// safe.
const Schema = 1

// State is the progress of all entries. It is a value: no method changes its receiver.
type State struct {
	Schema  int                 `json:"schema"`
	Version string              `json:"version"` // of the file that the targets come from
	Targets map[string]Progress `json:"targets"` // by entry and model; see targetName
	Write   string              `json:"write,omitempty"`
}

// Progress is the progress of one model of one entry.
type Progress struct {
	Timing  string    `json:"timing,omitempty"` // of the entry; empty while it is disabled
	Through time.Time `json:"through,omitzero"` // slots up to here are dealt with
	Last    *Result   `json:"last,omitempty"`
}

// Result is the result of the newest slot that was handled.
type Result struct {
	Slot    time.Time `json:"slot"`
	At      time.Time `json:"at"`
	Outcome Outcome   `json:"outcome"`
	ID      string    `json:"id,omitempty"` // of the operation; before ids had their present form: a capability
	Code    string    `json:"code,omitempty"`
	Message string    `json:"message,omitempty"`
	Missed  int       `json:"missed,omitempty"` // slots before it for which nothing was started
}

// Outcome is what became of a slot.
type Outcome string

// The outcomes.
const (
	Started Outcome = "started" // an operation exists; how it ends is the operation's matter
	Refused Outcome = "refused" // nothing was started, and nothing will be
	Missed  Outcome = "missed"  // no start is on record, and it is too late for one
)

// targetName is the name of one model of an entry in a State.
func targetName(entry string, m machine.Model) string { return entry + "/" + m.String() }

// decodeState reads a progress document.
func decodeState(body []byte) (State, error) {
	var s State
	if err := json.Unmarshal(body, &s); err != nil {
		return State{}, fmt.Errorf("schedule: the progress document is not readable: %w", err)
	}
	exact := json.NewDecoder(bytes.NewReader(body))
	exact.DisallowUnknownFields()
	if err := exact.Decode(&State{}); s.Schema > Schema || err != nil {
		return State{}, errors.New("schedule: the progress document was written by a newer version: deploy that one again, or delete the document")
	}
	return s, nil
}

// Encode writes the progress document.
func (s State) Encode() ([]byte, error) {
	s.Schema = Schema
	return json.Marshal(s)
}

// Adopt returns the state for the entries of a file. A target that is new, or whose timing
// changed, counts from now: slots of the past are not made up for. All others keep their
// progress.
func (s State) Adopt(f *File, now time.Time) (State, bool) {
	next := State{Schema: Schema, Version: f.Version, Targets: map[string]Progress{}, Write: s.Write}
	for i := range f.Entries {
		e := &f.Entries[i]
		for _, r := range e.Requests {
			name := targetName(e.Name, r.Model)
			old := s.Targets[name]
			switch {
			case !e.Enabled:
				old.Timing, old.Through = "", time.Time{}
			case old.Timing != e.Timing.String():
				old.Timing, old.Through = e.Timing.String(), now
			}
			next.Targets[name] = old
		}
	}
	changed := s.Version != next.Version || !maps.EqualFunc(s.Targets, next.Targets, sameProgress)
	return next, changed
}

func sameProgress(a, b Progress) bool { return a.Timing == b.Timing && a.Through.Equal(b.Through) }

// merge returns the state with the results of some slots. Results may be merged in any
// order, repeatedly and by any process: the later progress wins.
func (s State) merge(done []Done) State {
	s.Targets = maps.Clone(s.Targets)
	for _, d := range done {
		p, known := s.Targets[d.Target]
		if !known || p.Timing != d.Timing {
			continue // of another version of the file
		}
		if d.Result.Slot.After(p.Through) {
			p.Through = d.Result.Slot
		}
		if better(p.Last, &d.Result) {
			p.Last = &d.Result
		}
		s.Targets[d.Target] = p
	}
	return s
}

// better: a newer slot; of the same one, what was started.
func better(old, found *Result) bool {
	if old == nil || found.Slot.After(old.Slot) {
		return true
	}
	return found.Slot.Equal(old.Slot) && found.Outcome == Started && old.Outcome != Started
}

// Done is what became of one slot of a target.
type Done struct {
	Target string
	Timing string
	Result Result
}
