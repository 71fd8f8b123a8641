package access

import (
	"slices"
	"strings"

	"pbirefresh/internal/guid"
)

// Policy says who may do what. What no rule allows is denied.
type Policy struct {
	keys  map[string]string // SHA-256 of a function key -> its name
	rules []rule
}

// rule allows each of its callers each of its actions on each of its models.
type rule struct {
	callers []matcher
	may     []Action
	models  []string // "*", workspace, or workspace/dataset; lower case
}

// matcher describes callers: what is not empty must be theirs.
type matcher struct {
	objectID, appID, tenantID, role, key string
	any                                  bool
}

func (p *Policy) permits(c Caller, a Action, workspace, dataset string) bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool {
		return r.gives(a) && r.covers(workspace, dataset) &&
			slices.ContainsFunc(r.callers, func(m matcher) bool { return m.matches(c) })
	})
}

// gives reports whether the rule allows an action. Who may trigger may read.
func (r rule) gives(a Action) bool {
	return slices.Contains(r.may, a) || a == Read && slices.Contains(r.may, Trigger)
}

func (r rule) covers(workspace, dataset string) bool {
	return slices.ContainsFunc(r.models, func(m string) bool {
		return m == "*" || m == workspace || m == workspace+"/"+dataset
	})
}

func (m matcher) matches(c Caller) bool {
	if m.any {
		return true
	}
	return (m.objectID == "" || m.objectID == c.ObjectID) && (m.appID == "" || m.appID == c.AppID) &&
		(m.tenantID == "" || m.tenantID == c.TenantID) && (m.key == "" || m.key == c.Key) &&
		(m.role == "" || slices.Contains(c.Roles, m.role))
}

// NeedsEasyAuth reports whether a rule names something that only Easy Auth provides:
// without it such a rule matches no caller.
func (p *Policy) NeedsEasyAuth() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool {
		return slices.ContainsFunc(r.callers, func(m matcher) bool {
			return m.objectID+m.appID+m.tenantID+m.role != ""
		})
	})
}

// model is "*", or one or two GUIDs.
func validModel(s string) bool {
	if s == "*" {
		return true
	}
	workspace, dataset, both := strings.Cut(s, "/")
	return guid.Valid(workspace) && (!both || guid.Valid(dataset))
}
