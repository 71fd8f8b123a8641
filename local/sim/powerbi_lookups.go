package sim

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// userRow is documented: Get Group Users. An application's identifier is the object id of its service principal.
type userRow struct {
	Identifier string `json:"identifier"`
	Name       string `json:"displayName,omitempty"`
	Right      string `json:"groupUserAccessRight"`
	Kind       string `json:"principalType"`
}

// capacityRow is documented: Get Capacities.
type capacityRow struct {
	ID     string   `json:"id"`
	Name   string   `json:"displayName"`
	Admins []string `json:"admins"`
	SKU    string   `json:"sku"`
	State  string   `json:"state"`
	Region string   `json:"region"`
	Right  string   `json:"capacityUserAccessRight"`
}

// datasourceRow is documented: Get Datasources In Group. gatewayId is empty without a gateway.
type datasourceRow struct {
	Kind    string            `json:"datasourceType"`
	Details map[string]string `json:"connectionDetails"`
	Gateway string            `json:"gatewayId,omitempty"`
	ID      string            `json:"datasourceId,omitempty"`
}

func (r Role) String() string {
	return [...]string{"", "Viewer", "Contributor", "Member", "Admin"}[r]
}

func roleNamed(word string) Role {
	for _, r := range []Role{RoleViewer, RoleContributor, RoleMember, RoleAdmin} {
		if strings.EqualFold(r.String(), word) {
			return r
		}
	}
	return roleNone
}

// users answers GET .../users. unverified: which role the caller needs; the simulator shows it to each role.
func (s *PowerBI) users(req request) Answer {
	rows := []userRow{}
	for app, role := range req.space.roles {
		if role != roleNone {
			rows = append(rows, userRow{Identifier: cmp.Or(s.tokens.objectOf(app), app), Right: role.String(), Kind: "App"})
		}
	}
	slices.SortFunc(rows, func(a, b userRow) int { return cmp.Compare(a.Identifier, b.Identifier) })
	return list("users", rows)
}

// grant answers POST and PUT .../users: 200 without a body (documented: Add Group User, Update Group User). unverified: POST
// for a principal that has a role is 400, PUT for one that has none is 404.
func (s *PowerBI) grant(req request) Answer {
	var row userRow
	role := roleNone
	if json.Unmarshal(req.body, &row) == nil {
		role = roleNamed(row.Right)
	}
	if row.Identifier == "" || role == roleNone || row.Kind == "" {
		return invalidRequest("Invalid group user")
	}
	principal := key(cmp.Or(s.tokens.appOf(row.Identifier), row.Identifier))
	switch has := req.space.roles[principal] != roleNone; {
	case has && req.Method == http.MethodPost:
		return invalidRequest("The user has access to the workspace already")
	case !has && req.Method == http.MethodPut:
		return entityNotFound()
	}
	req.space.roles[principal] = role
	return emptyAnswer(http.StatusOK)
}

// capacities answers GET /capacities with those that [PowerBI.ShowCapacity] names.
func (s *PowerBI) capacities(request) Answer {
	rows := []capacityRow{}
	for id, state := range s.shown {
		rows = append(rows, capacityRow{ID: id, Name: "Sim capacity", Admins: []string{}, SKU: "F8", State: state, Region: "Simland", Right: "Assign"})
	}
	slices.SortFunc(rows, func(a, b capacityRow) int { return cmp.Compare(a.ID, b.ID) })
	return list("capacities", rows)
}

// ShowCapacity shows the capacity of a workspace, in a state such as Active or Suspended, to every caller. A capacity that is
// not shown is one on which the caller has no right.
func (s *PowerBI) ShowCapacity(workspaceID, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sp := s.workspaces[key(workspaceID)]; sp != nil {
		s.shown[sp.capacity] = state
	}
}

// datasources answers GET .../datasources.
func (s *PowerBI) datasources(req request) Answer {
	row := datasourceRow{Kind: "Sql", Details: map[string]string{"server": "sql.sim.example", "database": "sales"}}
	if req.model.knobs.Gateway && !req.model.knobs.Unbound {
		row.Gateway, row.ID = "7e4a0000-51b1-4d00-8000-000000000030", "7e4a0000-51b1-4d00-8000-000000000031"
	}
	return list("datasources", []datasourceRow{row})
}

// objectOf is the object id of an application, in any tenant.
func (s *Entra) objectOf(appID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, apps := range s.tenants {
		if a := apps[key(appID)]; a != nil {
			return a.objectID
		}
	}
	return ""
}

// appOf is the application with an object id, in any tenant.
func (s *Entra) appOf(objectID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, apps := range s.tenants {
		for _, a := range apps {
			if sameID(a.objectID, objectID) {
				return a.id
			}
		}
	}
	return ""
}
