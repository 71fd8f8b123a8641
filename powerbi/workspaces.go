package powerbi

import (
	"context"
	"errors"
	"net/http"
)

// Workspace is a Power BI workspace, with its capacity.
type Workspace struct {
	ID   string
	Name string
	// OnDedicatedCapacity: Premium, PPU, Embedded or Fabric, which enhanced
	// refreshes need (documented).
	OnDedicatedCapacity bool
	CapacityID          string // empty on shared capacity
}

// wireWorkspace is documented: Get Group.
type wireWorkspace struct {
	ID                    text `json:"id"`
	Name                  text `json:"name"`
	IsOnDedicatedCapacity flag `json:"isOnDedicatedCapacity"`
	CapacityID            text `json:"capacityId"`
}

func (w wireWorkspace) workspace() Workspace {
	return Workspace{string(w.ID), string(w.Name), bool(w.IsOnDedicatedCapacity), string(w.CapacityID)}
}

// Workspace reads a workspace. See [Workspaces] for a cache of it.
func (c *Client) Workspace(ctx context.Context, id string) (Workspace, error) {
	k := &call{op: "read workspace", endpoint: others}
	if err := checkGUID("workspaceId", id); err != nil {
		return Workspace{}, invalid(k, err)
	}
	resp, err := c.do(ctx, k, request{method: http.MethodGet, path: workspacePath(id)}, http.StatusOK)
	var refused *Error
	if errors.As(err, &refused) && refused.Code == CodeNotFound {
		refused.Code, refused.Remedy = CodeWorkspaceNotFound, remedy(CodeWorkspaceNotFound, others)
	}
	if err != nil {
		return Workspace{}, err
	}
	var w wireWorkspace
	if err := decode(k, resp, &w); err != nil {
		return Workspace{}, err
	}
	return w.workspace(), nil
}
