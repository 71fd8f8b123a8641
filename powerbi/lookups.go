package powerbi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// Model is what a semantic model says about itself. A caller that may only read gets ID
// and Name (documented: Get Dataset In Group), so the others may be empty.
type Model struct {
	ID, Name      string
	Owner         string // whose credentials the data sources use (configuredBy)
	Push          bool   // a push dataset, which has no refresh (addRowsAPIEnabled)
	GatewayNeeded bool   // isOnPremGatewayRequired
	StorageMode   string // Abf (small) or PremiumFiles (large)
	Provider      string // contentProviderType; seen: PbixInImportMode, PbixInDirectQueryMode
	Detailed      bool   // the answer had more than id and name
}

type wireModel struct {
	ID            text  `json:"id"`
	Name          text  `json:"name"`
	ConfiguredBy  text  `json:"configuredBy"`
	AddRows       *flag `json:"addRowsAPIEnabled"`
	GatewayNeeded flag  `json:"isOnPremGatewayRequired"`
	StorageMode   text  `json:"targetStorageMode"`
	Provider      text  `json:"contentProviderType"`
}

func (w wireModel) model() Model {
	m := Model{ID: string(w.ID), Name: string(w.Name), Owner: string(w.ConfiguredBy), GatewayNeeded: bool(w.GatewayNeeded),
		StorageMode: string(w.StorageMode), Provider: string(w.Provider), Detailed: w.AddRows != nil || w.ConfiguredBy != ""}
	m.Push = w.AddRows != nil && bool(*w.AddRows)
	return m
}

// User is one entry of a workspace's access list (documented: Get Group Users).
type User struct {
	Identifier string `json:"identifier"` // a user's sign-in name; the object id of a service principal
	Name       string `json:"displayName,omitempty"`
	Right      string `json:"groupUserAccessRight"` // Admin, Member, Contributor, Viewer
	Kind       string `json:"principalType"`        // User, Group, App
}

// Capacity is a capacity that the caller may see (documented: Get Capacities).
type Capacity struct{ ID, Name, SKU, State string }

// Datasource is a data source of a model (documented: Get Datasources In Group).
type Datasource struct {
	Kind      string
	GatewayID string // empty: not bound to a gateway
}

// Model reads a semantic model, which shows that it exists and that the caller may read it.
func (c *Client) Model(ctx context.Context, d Dataset) (Model, error) {
	k := &call{op: "read model", endpoint: others}
	path, err := d.modelPath()
	if err != nil {
		return Model{}, invalid(k, err)
	}
	resp, err := c.do(ctx, k, request{method: http.MethodGet, path: path}, http.StatusOK)
	if err != nil {
		return Model{}, err
	}
	var w wireModel
	if err := decode(k, resp, &w); err != nil {
		return Model{}, err
	}
	return w.model(), nil
}

// ListWorkspaces reads the workspaces in which the caller has a role (documented: Get Groups).
func (c *Client) ListWorkspaces(ctx context.Context) ([]Workspace, error) {
	rows, err := readList[wireWorkspace](ctx, c, "list workspaces", "/v1.0/myorg/groups", nil)
	return convert(rows, wireWorkspace.workspace), err
}

// ListModels reads the models of a workspace (documented: Get Datasets In Group).
func (c *Client) ListModels(ctx context.Context, workspaceID string) ([]Model, error) {
	rows, err := readList[wireModel](ctx, c, "list models", workspacePath(workspaceID)+"/datasets", checkGUID("workspaceId", workspaceID))
	return convert(rows, wireModel.model), err
}

// ListUsers reads who has which role in a workspace (documented: Get Group Users). Which
// role the caller needs is not documented.
func (c *Client) ListUsers(ctx context.Context, workspaceID string) ([]User, error) {
	type row struct {
		Identifier text `json:"identifier"`
		Name       text `json:"displayName"`
		Right      text `json:"groupUserAccessRight"`
		Kind       text `json:"principalType"`
	}
	rows, err := readList[row](ctx, c, "list workspace users", workspacePath(workspaceID)+"/users", checkGUID("workspaceId", workspaceID))
	return convert(rows, func(r row) User { return User{string(r.Identifier), string(r.Name), string(r.Right), string(r.Kind)} }), err
}

// ListCapacities reads the capacities that the caller may see (documented: Get Capacities).
func (c *Client) ListCapacities(ctx context.Context) ([]Capacity, error) {
	type row struct {
		ID    text `json:"id"`
		Name  text `json:"displayName"`
		SKU   text `json:"sku"`
		State text `json:"state"`
	}
	rows, err := readList[row](ctx, c, "list capacities", "/v1.0/myorg/capacities", nil)
	return convert(rows, func(r row) Capacity { return Capacity{string(r.ID), string(r.Name), string(r.SKU), string(r.State)} }), err
}

// Datasources reads the data sources of a model.
func (c *Client) Datasources(ctx context.Context, d Dataset) ([]Datasource, error) {
	type row struct {
		Kind    text `json:"datasourceType"`
		Gateway text `json:"gatewayId"`
	}
	path, err := d.modelPath()
	rows, err := readList[row](ctx, c, "list data sources", path+"/datasources", err)
	return convert(rows, func(r row) Datasource {
		return Datasource{string(r.Kind), strings.Trim(string(r.Gateway), "0-")} // the zero GUID is none
	}), err
}

// SetRole gives a principal a role in a workspace: Add Group User, or Update Group User if the
// principal has one (both documented). It is sent at most once. The least role that the
// caller needs is not documented: an administrator of the workspace has it.
func (c *Client) SetRole(ctx context.Context, workspaceID string, u User, has bool) error {
	k := &call{op: "set workspace role", endpoint: others, once: true}
	body, err := json.Marshal(u)
	if err := errors.Join(checkGUID("workspaceId", workspaceID), err); err != nil {
		return invalid(k, err)
	}
	method := http.MethodPost
	if has {
		method = http.MethodPut
	}
	_, err = c.do(ctx, k, request{method: method, path: workspacePath(workspaceID) + "/users", body: body}, http.StatusOK)
	return err
}

// readList reads {"value":[...]}; another answer is an error, never an empty list. wrong is
// what is wrong with the arguments.
func readList[W any](ctx context.Context, c *Client, op, path string, wrong error) ([]W, error) {
	k := &call{op: op, endpoint: others}
	if wrong != nil {
		return nil, invalid(k, wrong)
	}
	resp, err := c.do(ctx, k, request{method: http.MethodGet, path: path}, http.StatusOK)
	if err != nil {
		return nil, err
	}
	var envelope struct{ Value *list[W] }
	if err := decode(k, resp, &envelope); err != nil {
		return nil, err
	}
	if envelope.Value == nil {
		return nil, &Error{Op: op, Code: CodeUnexpected, Status: resp.status, Outcome: Unknown, Message: "the answer has no list", Remedy: remedy(CodeUnexpected, others)}
	}
	return *envelope.Value, nil
}

func convert[W, T any](rows []W, each func(W) T) []T {
	var all []T
	for _, r := range rows {
		all = append(all, each(r))
	}
	return all
}
