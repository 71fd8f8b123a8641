package machine

import (
	"slices"
	"time"
)

// State is all that is known of one model: what was asked for, what is being
// done about it, and what occupies it. It is the content of the state document.
//
// It is a value: [Next] never changes the State that it is given.
type State struct {
	Schema    int    `json:"schema"`              // see [Schema]
	MinReader int    `json:"minReader,omitempty"` // see [MinReader]; absent in documents of schema 1
	Epoch     string `json:"epoch"`               // random, made with the document: an id of an earlier document does not fit
	Model     Model  `json:"model"`
	Last      int64  `json:"last"` // number of the newest operation

	Pending     []Operation `json:"pending,omitempty"` // not finished, oldest first
	Recent      []Operation `json:"recent,omitempty"`  // finished, oldest first
	Attempt     *Attempt    `json:"attempt,omitempty"` // our one unresolved POST and the refresh it started
	Foreign     *Foreign    `json:"foreign,omitempty"` // a refresh that we did not start
	Hold        *Hold       `json:"hold,omitempty"`    // no POST before a time
	Abandoned   []Abandoned `json:"watch,omitempty"`   // attempts whose refresh may still appear, oldest first
	HistoryRead time.Time   `json:"glanced,omitzero"`  // when the history was last read because of them
	ClockSkew   *ClockSkew  `json:"ahead,omitempty"`   // how far Power BI's clock is ahead

	LastLook *LastLook `json:"lastLook,omitempty"` // the latest look failed

	Durations []Duration `json:"durations,omitempty"` // of the model's recent refreshes, oldest first
	Writes    []string   `json:"writes,omitempty"`    // transactions of the latest writes, oldest first

	Unknown Unknown `json:"-"`

	historyRead bool // HistoryRead is of this stay in the critical section, whose clock does not jump; not stored
	size        size // not stored either
}

// NewState is the state of a model without any request.
func NewState(model Model, epoch string) State {
	return State{Schema: Schema, MinReader: MinReader, Epoch: epoch, Model: model}
}

// Find returns the operation of that number, pending or recent.
func (s *State) Find(number int64) (Operation, bool) {
	for _, list := range [][]Operation{s.Pending, s.Recent} {
		if i := indexOf(list, number); i >= 0 {
			return list[i], true
		}
	}
	return Operation{}, false
}

func indexOf(list []Operation, number int64) int {
	return slices.IndexFunc(list, func(op Operation) bool { return op.Number == number })
}

// clone returns a State that shares nothing with s that Next would change.
func (s State) clone() State {
	s.Pending = cloneOperations(s.Pending)
	s.Recent = slices.Clone(s.Recent)
	s.Durations = slices.Clone(s.Durations)
	s.Writes = slices.Clone(s.Writes)
	s.Abandoned = slices.Clone(s.Abandoned)
	s.Foreign = clonePointer(s.Foreign)
	s.Hold = clonePointer(s.Hold)
	s.ClockSkew = clonePointer(s.ClockSkew)
	s.LastLook = clonePointer(s.LastLook)
	if s.Attempt = clonePointer(s.Attempt); s.Attempt != nil {
		s.Attempt.Serves = slices.Clone(s.Attempt.Serves)
		s.Attempt.Named = slices.Clone(s.Attempt.Named)
		s.Attempt.Settle.Known = slices.Clone(s.Attempt.Settle.Known)
		s.Attempt.Candidate = clonePointer(s.Attempt.Candidate)
	}
	return s
}

func cloneOperations(list []Operation) []Operation {
	list = slices.Clone(list)
	for i := range list {
		list[i].Withdrawn = slices.Clone(list[i].Withdrawn)
		list[i].Tries = slices.Clone(list[i].Tries)
		list[i].Objects = slices.Clone(list[i].Objects)
		list[i].Done = slices.Clone(list[i].Done)
	}
	return list
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// LastLook is the latest look at the model that failed, until one succeeds. It ends no
// operation by itself: see goneFor.
type LastLook struct {
	Since   time.Time `json:"since"` // the first that failed since one succeeded
	At      time.Time `json:"at"`
	Code    string    `json:"code"`              // ours
	PowerBI string    `json:"powerBI,omitempty"` // Power BI's own code
	Message string    `json:"message"`           // Power BI's words, if it had any
	Refused bool      `json:"refused,omitempty"` // it answered no; else the failure may pass by itself

	Gone      time.Time `json:"gone,omitzero"`       // since when history and model answered that they are not there
	GoneLooks int       `json:"goneLooks,omitempty"` // how often they did

	Unknown Unknown `json:"-"`
}

// serves reports whether the present attempt is made for that operation.
func (s *State) serves(number int64) bool {
	return s.Attempt != nil && slices.Contains(s.Attempt.Serves, number)
}
