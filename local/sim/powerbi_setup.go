package sim

import (
	"fmt"
	"maps"
	"slices"
)

// A Workspace describes a group to add.
type Workspace struct {
	ID         string
	Name       string
	Shared     bool   // shared (Pro) capacity: standard refreshes only
	CapacityID string // of a dedicated capacity; empty: a random one
}

// AddWorkspace adds or replaces a workspace without models and roles.
func (s *PowerBI) AddWorkspace(w Workspace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.CapacityID == "" && !w.Shared {
		w.CapacityID = s.newID()
	}
	s.workspaces[key(w.ID)] = &workspace{
		id: w.ID, name: w.Name, dedicated: !w.Shared, capacity: w.CapacityID,
		roles: map[string]Role{}, models: map[string]*model{},
	}
}

// AddModel adds or replaces a model with an empty history. The workspace must exist.
func (s *PowerBI) AddModel(ref Ref, name string, knobs Knobs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.workspaces[key(ref.Workspace)]
	if sp == nil {
		return fmt.Errorf("sim: no workspace %s: add it first", ref.Workspace)
	}
	sp.models[key(ref.Model)] = &model{ref: ref, name: name, knobs: knobs, tell: s.journal.record}
	return nil
}

// Grant gives an application a role in a workspace, or removes it with the zero role.
func (s *PowerBI) Grant(workspaceID, appID string, role Role) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.workspaces[key(workspaceID)]
	if sp == nil {
		return fmt.Errorf("sim: no workspace %s: add it first", workspaceID)
	}
	sp.roles[key(appID)] = role
	return nil
}

// MoveWorkspace changes the kind of capacity of a workspace.
func (s *PowerBI) MoveWorkspace(workspaceID string, shared bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.workspaces[key(workspaceID)]
	if sp == nil {
		return fmt.Errorf("sim: no workspace %s: add it first", workspaceID)
	}
	sp.dedicated = !shared
	return nil
}

// Models lists every model, in no particular order of workspaces.
func (s *PowerBI) Models() []Ref {
	s.mu.Lock()
	defer s.mu.Unlock()
	var refs []Ref
	for _, m := range s.everyModel() {
		refs = append(refs, m.ref)
	}
	return refs
}

// everyModel is in a fixed order, so that a simulation with a fixed seed repeats itself.
func (s *PowerBI) everyModel() []*model {
	var list []*model
	for _, id := range slices.Sorted(maps.Keys(s.workspaces)) {
		sp := s.workspaces[id]
		for _, id := range slices.Sorted(maps.Keys(sp.models)) {
			list = append(list, sp.models[id])
		}
	}
	return list
}

func (s *PowerBI) modelOf(ref Ref) (*model, error) {
	sp := s.workspaces[key(ref.Workspace)]
	if sp == nil {
		return nil, fmt.Errorf("sim: no workspace %s", ref.Workspace)
	}
	m := sp.models[key(ref.Model)]
	if m == nil {
		return nil, fmt.Errorf("sim: no model %s in workspace %s", ref.Model, ref.Workspace)
	}
	return m, nil
}

func (s *PowerBI) number() int64 {
	s.nextNumber++
	return s.nextNumber
}
