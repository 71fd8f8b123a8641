package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"pbirefresh/powerbi"
)

// seen is all that Power BI shows of a model and its workspace.
type seen struct {
	id        powerbi.Dataset
	object    string // id of the service principal
	workspace powerbi.Workspace

	users      read[[]powerbi.User]
	model      read[powerbi.Model]
	capacities read[[]powerbi.Capacity]
	sources    read[[]powerbi.Datasource]
	history    read[powerbi.History]
}

// read is an answer, or why there is none.
type read[T any] struct {
	value T
	err   error
}

func (d Deps) model(ctx context.Context, id powerbi.Dataset, c claims) []Check {
	workspace, err := step(ctx, func(ctx context.Context) (powerbi.Workspace, error) { return d.PowerBI.Workspace(ctx, id.WorkspaceID) })
	if err != nil {
		first := []Check{d.noWorkspace(err, id, c.Object)}
		return append(first, d.blocked(first, modelNames)...)
	}
	s := &seen{id: id, object: c.Object, workspace: workspace}
	d.look(ctx, s)
	return []Check{
		fine("workspace", "%s", safe(workspace.Name)), d.role(s), exists(s), storageMode(s), d.capacity(s), gateway(s), owner(s), failures(s), budget(s),
	}
}

// look reads all at once: no answer depends on another.
func (d Deps) look(ctx context.Context, s *seen) {
	var wg sync.WaitGroup
	wg.Go(func() {
		s.users.value, s.users.err = step(ctx, func(ctx context.Context) ([]powerbi.User, error) { return d.PowerBI.ListUsers(ctx, s.id.WorkspaceID) })
	})
	wg.Go(func() {
		s.model.value, s.model.err = step(ctx, func(ctx context.Context) (powerbi.Model, error) { return d.PowerBI.Model(ctx, s.id) })
	})
	wg.Go(func() { s.capacities.value, s.capacities.err = step(ctx, d.PowerBI.ListCapacities) })
	wg.Go(func() {
		s.sources.value, s.sources.err = step(ctx, func(ctx context.Context) ([]powerbi.Datasource, error) { return d.PowerBI.Datasources(ctx, s.id) })
	})
	wg.Go(func() {
		s.history.value, s.history.err = step(ctx, func(ctx context.Context) (powerbi.History, error) { return d.PowerBI.Refreshes(ctx, s.id, 0) })
	})
	wg.Wait()
}

func (d Deps) noWorkspace(err error, id powerbi.Dataset, object string) Check {
	var e *powerbi.Error
	if !errors.As(err, &e) {
		return unknown("workspace", "%s", oneLine(err))
	}
	c := refused("workspace", e)
	switch e.Code {
	case powerbi.CodeNotAuthorized, powerbi.CodeNotFound, powerbi.CodeWorkspaceNotFound, powerbi.CodeForbidden:
		c.Detail = "there is no workspace " + id.WorkspaceID + ", or the service principal has no role in it (Power BI does not say which): " + safe(words(e))
		c.Remedy = "check workspaceId, and give the service principal the workspace role Contributor or higher"
		return c.with(d.roleSteps(id.WorkspaceID, object)...)
	default:
		return c
	}
}

// role is the entry in the access list, else what can be read: a contributor sees more of a
// model than its name, and its history (documented).
func (d Deps) role(s *seen) Check {
	const remedy = "give the service principal the workspace role Contributor or higher; Viewer and Build are not enough"
	entry := slices.IndexFunc(s.users.value, func(u powerbi.User) bool { return s.object != "" && strings.EqualFold(u.Identifier, s.object) })
	switch {
	case entry >= 0 && strings.EqualFold(s.users.value[entry].Right, "Viewer"):
		return problem("role", remedy, "the service principal is a Viewer").with(d.roleSteps(s.id.WorkspaceID, s.object)...)
	case entry >= 0:
		return fine("role", "the service principal is %s", safe(s.users.value[entry].Right))
	case s.history.err == nil:
		return fine("role", "by a group: it may read the refresh history, which a Viewer may not")
	case powerbi.HasCode(s.history.err, powerbi.CodeForbidden), s.model.err == nil && !s.model.value.Detailed:
		return problem("role", remedy, "it may read the model's name and not its refresh history: it is a Viewer").with(d.roleSteps(s.id.WorkspaceID, s.object)...)
	}
	return unknown("role", "Power BI does not show the access list: %s", oneLine(errors.Join(s.users.err, s.history.err)))
}

func exists(s *seen) Check {
	var e *powerbi.Error
	switch {
	case s.model.err == nil:
		return fine("model", "%s", safe(s.model.value.Name))
	case !errors.As(s.model.err, &e):
		return unknown("model", "%s", oneLine(s.model.err))
	case e.Code == powerbi.CodeNotFound:
		return problem("model", "check datasetId: open the model in the portal; its address has groups/<workspaceId>/datasets/<datasetId>",
			"the workspace %s has no model %s: %s", safe(s.workspace.Name), s.id.DatasetID, safe(words(e)))
	}
	return refused("model", e)
}

func storageMode(s *seen) Check {
	m := s.model.value
	const remedy = "name a model that imports data"
	switch {
	case m.Push || powerbi.HasCode(s.history.err, powerbi.CodeNotModelBased):
		return problem("storageMode", remedy+": a push or streaming dataset has no refresh", "it is a push dataset")
	case s.model.err != nil:
		return unknown("storageMode", "not looked at, because of model")
	case strings.Contains(m.Provider, "DirectQuery"), strings.Contains(m.Provider, "LiveConnection"):
		return problem("storageMode", remedy+": a DirectQuery or live-connection model has nothing to refresh", "its content is %s", safe(m.Provider))
	case !m.Detailed:
		return unknown("storageMode", "a Viewer sees only the model's name")
	}
	return fine("storageMode", "%s", safe(strings.Trim(m.Provider+", format "+m.StorageMode, ", ")))
}

func gateway(s *seen) Check {
	switch {
	case s.model.err == nil && s.model.value.Detailed && !s.model.value.GatewayNeeded:
		return fine("gateway", "none is needed")
	case s.sources.err != nil || s.model.err != nil || !s.model.value.Detailed:
		return unknown("gateway", "Power BI does not show the data sources")
	}
	for _, source := range s.sources.value {
		if source.GatewayID == "" {
			return problem("gateway", "bind the data source in the model's settings (Gateway and cloud connections), as the model's owner",
				"a data source of type %s needs a gateway and is bound to none", safe(source.Kind)).with(bindSteps...)
		}
	}
	return fine("gateway", "%d data sources are bound", len(s.sources.value))
}

func owner(s *seen) Check {
	switch {
	case s.model.err != nil || !s.model.value.Detailed:
		return unknown("owner", "not shown")
	case s.model.value.Owner == "":
		return unknown("owner", "Power BI names none")
	}
	return fine("owner", "%s, whose credentials the data sources use", safe(s.model.value.Owner))
}
