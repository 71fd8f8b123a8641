package checks

import (
	"regexp"
	"strings"
)

// grant is a role and where it may be given. The GUIDs are those of Azure's built-in roles
// (documented), kept here a second time on purpose.
type grant struct{ role, scope string }

func grants() map[string]grant {
	return map[string]grant{
		"azurerm_role_assignment.host":             {"b7e6dc6d-f1e8-4753-8033-0f276bb0955b", `^<azurerm_storage_account\.this\["host"\]\.id>$`},
		"azurerm_role_assignment.state":            {"ba92f5b4-2d11-453d-a403-e96b0029c9fe", `^<azurerm_storage_container\.state\.id>$`},
		"azurerm_role_assignment.audit":            {"ba92f5b4-2d11-453d-a403-e96b0029c9fe", `^<azurerm_storage_container\.audit\[0\]\.id>$`},
		"azurerm_role_assignment.audit_reader":     {"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", `^<azurerm_storage_container\.audit\[0\]\.id>$`},
		"azurerm_role_assignment.secret":           {"4633458b-17de-408a-b874-0445c86b69e6", `^(<azurerm_key_vault\.this\[0\]\.id>|/subscriptions/.*/vaults/[^/]+/secrets/[0-9A-Za-z-]+)$`},
		"azurerm_role_assignment.insights":         {"3913510d-42f4-4e42-8a64-420c390055eb", `^<azurerm_application_insights\.this\.id>$`},
		"azurerm_role_assignment.secret_officer":   {"b86a8fe4-44ce-4948-aee5-eccb2c155cd7", `^<azurerm_key_vault\.this\[0\]\.id>$`},
		"azurerm_role_assignment.deployer":         {"de139f84-1756-47ae-9be6-808fbbe84772", `^<azapi_resource\.site\.id>$`},
		"azurerm_role_assignment.deployer_package": {"ba92f5b4-2d11-453d-a403-e96b0029c9fe", `^<azurerm_storage_container\.deployment\.id>$`},
	}
}

// roleRules: only the listed roles are assigned, and the app has those that it needs.
func roleRules(p *Plan) (f findings) {
	given := map[string]bool{}
	for _, a := range of(p, "azurerm_role_assignment") {
		name, _, _ := strings.Cut(a.Address, "[")
		given[name] = true
		g, listed := grants()[name]
		if !listed {
			f.add("%s is a role that the rules do not list", a.Address)
			continue
		}
		if role := text(a.Body, "role_definition_id"); !strings.HasSuffix(role, "/providers/Microsoft.Authorization/roleDefinitions/"+g.role) {
			f.add("%s gives %s, must be %s", a.Address, role, g.role)
		}
		if scope := text(a.Body, "scope"); !regexp.MustCompile(g.scope).MatchString(scope) {
			f.add("%s is given on %s, must be %s", a.Address, scope, g.scope)
		}
		f = append(f, principal(name, a)...)
	}
	for _, name := range []string{"host", "state", "insights"} {
		if !given["azurerm_role_assignment."+name] {
			f.add("the role %s is missing", name)
		}
	}
	if isTrue(p, "uses_vault") != given["azurerm_role_assignment.secret"] {
		f.add("the app may read the secret exactly when it uses a vault")
	}
	if own := settings(p)["AUDIT_CONTAINER"] != ""; own != given["azurerm_role_assignment.audit"] {
		f.add("the app may write to the audit container exactly when it has one of its own")
	}
	return f
}

// principal: the app's own roles are given to its identity by object id. The service
// wants principal_type for an identity that is seconds old.
func principal(name string, a Instance) (f findings) {
	switch strings.TrimPrefix(name, "azurerm_role_assignment.") {
	case "host", "state", "audit", "secret", "insights":
		f.want(a.Address, a.Body, "principal_id", "<azurerm_user_assigned_identity.app.principal_id>")
		f.want(a.Address, a.Body, "principal_type", "ServicePrincipal")
	}
	return f
}
