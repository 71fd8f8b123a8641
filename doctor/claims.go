package doctor

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"pbirefresh/internal/guid"
	"pbirefresh/keyvault"
)

// claims are what is read of a token. Its signature is Power BI's to check. Entra ID's access
// tokens of version 1.0 name the application appid, those of 2.0 azp (documented: Access token
// claims reference).
type claims struct {
	Audience string   `json:"aud"`
	Tenant   string   `json:"tid"`
	AppID    string   `json:"appid"`
	Party    string   `json:"azp"`
	Object   string   `json:"oid"`
	Roles    []string `json:"roles"`
}

// readClaims returns the zero value for what is no token that it can read.
func readClaims(token string) claims {
	parts := strings.Split(token, ".")
	var c claims
	if len(parts) != 3 {
		return c
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(payload, &c) != nil {
		return claims{}
	}
	if c.AppID == "" {
		c.AppID = c.Party
	}
	return c
}

// judge compares the claims with the settings. Permissions in roles are of no use to a refresh
// (documented: app-only tokens carry no scopes; the tenant setting and the workspace role
// decide), so they are only named.
func (d Deps) judge(c claims) Check {
	resource := strings.TrimSuffix(d.Scope, "/.default")
	switch {
	case c.Audience == "":
		return unknown("token", "there is one, and its claims cannot be read")
	case !strings.EqualFold(strings.TrimRight(c.Audience, "/"), strings.TrimRight(resource, "/")):
		return problem("token", "set POWERBI_CLOUD to the cloud of the tenant, or correct POWERBI_SCOPE", "its audience is %s, and %s was asked for", safe(c.Audience), resource)
	case guid.Valid(d.TenantID) && !strings.EqualFold(c.Tenant, d.TenantID):
		return problem("token", "correct POWERBI_TENANT_ID", "it is of tenant %s, and POWERBI_TENANT_ID is %s", safe(c.Tenant), d.TenantID)
	case d.Method != keyvault.ManagedIdentity && !strings.EqualFold(c.AppID, d.ClientID):
		return problem("token", "correct POWERBI_CLIENT_ID", "it is of application %s, and POWERBI_CLIENT_ID is %s", safe(c.AppID), d.ClientID)
	}
	permissions := "without permissions of its own, as it should be"
	if len(c.Roles) > 0 {
		permissions = "with the permissions " + safe(strings.Join(c.Roles, ", ")) + ", which a refresh does not need"
	}
	return fine("token", "tenant %s, audience %s, application %s, service principal %s, %s", safe(c.Tenant), safe(c.Audience), safe(c.AppID), safe(c.Object), permissions)
}
