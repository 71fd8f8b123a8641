package sim

import (
	"net/http"
	"net/url"
	"strings"
)

// instanceDiscovery answers GET /common/discovery/instance. MSAL for Go requests it from login.microsoftonline.com for
// each unknown authority, unless instance discovery is disabled; then it requests the tenant's document at once.
func (s *Entra) instanceDiscovery(r *http.Request) Answer {
	asked, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	if err != nil || asked.Host == "" {
		return s.refuse(r, badRequest, "AADSTS900144: The request must contain the following parameter: 'authorization_endpoint'.")
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(asked.Path, "/"), "/")
	type alias struct {
		Network string   `json:"preferred_network"`
		Cache   string   `json:"preferred_cache"`
		Aliases []string `json:"aliases"`
	}
	return jsonAnswer(http.StatusOK, struct {
		Endpoint   string  `json:"tenant_discovery_endpoint"`
		APIVersion string  `json:"api-version"`
		Metadata   []alias `json:"metadata"`
	}{
		"https://" + asked.Host + "/" + tenant + "/v2.0/.well-known/openid-configuration", "1.1",
		[]alias{{asked.Host, asked.Host, []string{asked.Host}}},
	})
}

// tenantDiscovery answers GET /{tenant}/v2.0/.well-known/openid-configuration. MSAL requires that the issuer has the
// authority's scheme and host.
func (s *Entra) tenantDiscovery(r *http.Request) Answer {
	tenant := r.PathValue("tenant")
	s.mu.Lock()
	_, known := s.tenants[key(tenant)]
	s.mu.Unlock()
	if !known {
		return s.refuse(r, unknownTenant, tenantText(tenant))
	}
	base := "https://" + r.Host + "/" + tenant
	return jsonAnswer(http.StatusOK, map[string]any{
		"token_endpoint":         base + "/oauth2/v2.0/token",
		"authorization_endpoint": base + "/oauth2/v2.0/authorize",
		"issuer":                 base + "/v2.0",
		"jwks_uri":               base + "/discovery/v2.0/keys",
		"token_endpoint_auth_methods_supported": []string{
			"client_secret_post", "private_key_jwt", "client_secret_basic",
		},
		"response_types_supported": []string{"code", "id_token", "code id_token", "id_token token"},
		"scopes_supported":         []string{"openid", "profile", "email", "offline_access"},
	})
}
