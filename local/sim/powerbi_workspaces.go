package sim

import (
	"cmp"
	"net/http"
	"slices"
)

// workspace is a group with its models and roles; it needs the service's lock.
type workspace struct {
	id        string
	name      string
	dedicated bool
	capacity  string
	roles     map[string]Role
	models    map[string]*model
}

// groupRow is documented in the swagger's sample.
type groupRow struct {
	ID         string `json:"id"`
	ReadOnly   bool   `json:"isReadOnly"`
	Dedicated  bool   `json:"isOnDedicatedCapacity"`
	CapacityID string `json:"capacityId,omitempty"`
	Format     string `json:"defaultDatasetStorageFormat,omitempty"`
	Name       string `json:"name"`
}

func (sp *workspace) row() groupRow {
	row := groupRow{ID: sp.id, Dedicated: sp.dedicated, Name: sp.name}
	if sp.dedicated {
		row.CapacityID, row.Format = sp.capacity, "Small"
	}
	return row
}

// datasetRow: a caller that may only read gets id and name (documented). isRefreshable does not mean that it can be refreshed.
type datasetRow struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	AddRows      *bool  `json:"addRowsAPIEnabled,omitempty"`
	Refreshable  *bool  `json:"isRefreshable,omitempty"`
	StorageMode  string `json:"targetStorageMode,omitempty"`
	ConfiguredBy string `json:"configuredBy,omitempty"`
	Provider     string `json:"contentProviderType,omitempty"`
	Gateway      *bool  `json:"isOnPremGatewayRequired,omitempty"`
}

func (m *model) datasetRow(role Role) datasetRow {
	row := datasetRow{ID: m.ref.Model, Name: m.name}
	if role < RoleContributor {
		return row
	}
	push, refreshable := m.knobs.Push, !m.knobs.Push
	row.AddRows, row.Refreshable, row.StorageMode, row.ConfiguredBy = &push, &refreshable, "Abf", "owner@sim.example"
	gateway := m.knobs.Gateway
	row.Provider, row.Gateway = cmp.Or(m.knobs.Provider, "PbixInImportMode"), &gateway
	return row
}

// list is the envelope of the lists; its context names the back end, not the host of the request.
func list[T any](what string, rows []T) Answer {
	return jsonAnswer(http.StatusOK, struct {
		Context string `json:"@odata.context"`
		Value   []T    `json:"value"`
	}{homeCluster + "v1.0/myorg/$metadata#" + what, rows})
}

func (s *PowerBI) workspace(req request) Answer {
	return jsonAnswer(http.StatusOK, req.space.row())
}

// listWorkspaces answers GET /groups: the workspaces in which the caller has a role, as $filter, $skip and $top select
// them. unverified: the order (by id), and the answer to a query that cannot be parsed.
func (s *PowerBI) listWorkspaces(req request) Answer {
	rows := []groupRow{}
	for _, sp := range s.workspaces {
		if sp.roles[key(req.caller)] != roleNone {
			rows = append(rows, sp.row())
		}
	}
	slices.SortFunc(rows, func(a, b groupRow) int { return cmp.Compare(a.ID, b.ID) })
	rows, ok := selectGroups(rows, req.URL.Query())
	if !ok {
		return invalidRequest("Invalid query option: $filter, $top or $skip")
	}
	return list("groups", rows)
}

func (s *PowerBI) dataset(req request) Answer {
	return jsonAnswer(http.StatusOK, req.model.datasetRow(req.space.roles[key(req.caller)]))
}

func (s *PowerBI) datasets(req request) Answer {
	rows := []datasetRow{}
	for _, m := range req.space.models {
		rows = append(rows, m.datasetRow(req.space.roles[key(req.caller)]))
	}
	slices.SortFunc(rows, func(a, b datasetRow) int { return cmp.Compare(a.ID, b.ID) })
	return list("datasets", rows)
}
