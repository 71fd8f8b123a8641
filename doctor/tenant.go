package doctor

import (
	"context"
	"errors"

	"pbirefresh/powerbi"
)

// tenant lists the workspaces, which no workspace's role can forbid: what is refused here is
// refused by the tenant.
func (d Deps) tenant(ctx context.Context) (checks []Check, ok bool) {
	list, err := step(ctx, d.PowerBI.ListWorkspaces)
	if err == nil {
		return []Check{fine("powerBI", "answers"), fine("tenantSetting", "the service principal may use the API; it has a role in %d workspaces", len(list))}, true
	}
	var e *powerbi.Error
	if !errors.As(err, &e) {
		return []Check{unknown("powerBI", "%s", oneLine(err))}, false
	}
	if e.Code == powerbi.CodeNotAuthorized && e.PowerBICode == "" {
		// Documented: a 401 with a challenge that asks for claims. The client has answered it once.
		return []Check{problem("token", "exclude the service principal from the Conditional Access policy, or fulfil it",
			"Power BI refuses it without a code, as Conditional Access does: %s", safe(words(e)))}, false
	}
	switch e.Code {
	case powerbi.CodeAPINotAccessible, powerbi.CodeNotAuthorized, powerbi.CodeForbidden:
		return []Check{fine("powerBI", "answers"), refused("tenantSetting", e).with(settingOnSteps...)}, false
	case powerbi.CodeTokenRejected:
		return []Check{refused("token", e)}, false
	default:
		return []Check{refused("powerBI", e)}, false
	}
}

// refused is an error of Power BI as a check.
func refused(name string, e *powerbi.Error) Check {
	c := problem(name, e.Remedy, "%s: %s", e.Code, safe(words(e)))
	if c.Remedy == "" {
		c.Remedy = "try again in a few minutes; if it stays, look at Power BI's service health"
	}
	if e.Code == powerbi.CodeTimeout || e.Code == powerbi.CodeCanceled {
		c.State = Unknown
	}
	return c
}

// words are Power BI's.
func words(e *powerbi.Error) string {
	text := e.Op
	if e.PowerBICode != "" {
		text += ": " + e.PowerBICode
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}
