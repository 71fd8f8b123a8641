package sim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

const powerBIDefault = "https://analysis.windows.net/powerbi/api/.default"

// signIn posts a form to the token endpoint; empty values are left out.
func (b *bench) signIn(tenant string, form map[string]string) reply {
	b.t.Helper()
	values := url.Values{}
	for k, v := range form {
		if v != "" {
			values.Set(k, v)
		}
	}
	return b.send(http.MethodPost, "https://"+sim.EntraHost+"/"+tenant+"/oauth2/v2.0/token", values.Encode(),
		map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Client-Request-Id": "correlate-me"})
}

// goodForm is a correct request; changes overwrite it.
func goodForm(changes ...string) map[string]string {
	form := map[string]string{
		"grant_type": "client_credentials", "client_id": sim.ClientID, "client_secret": sim.SecretValue, "scope": powerBIDefault,
	}
	for i := 0; i < len(changes); i += 2 {
		form[changes[i]] = changes[i+1]
	}
	return form
}

func TestTokenEndpointRefusals(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		tenant string
		form   map[string]string
		status int
		word   string
		code   int
	}{
		{"wrong secret: seen Azure/sap-automation#418", sim.TenantID, goodForm("client_secret", "x"), 401, "invalid_client", 7000215},
		{"expired secret", sim.TenantID, goodForm("client_secret", "expired"), 401, "invalid_client", 7000222},
		{"unknown application: text seen MicrosoftDocs/azure-docs#21690", sim.TenantID, goodForm("client_id", "nobody"), 400, "unauthorized_client", 700016},
		{"unknown tenant: seen azure-sdk-for-js recordings", "nowhere", goodForm(), 400, "invalid_tenant", 90002},
		{"no secret", sim.TenantID, goodForm("client_secret", ""), 401, "invalid_client", 7000218},
		{"another grant", sim.TenantID, goodForm("grant_type", "password"), 400, "unsupported_grant_type", 70003},
		{"scope without .default", sim.TenantID, goodForm("scope", "https://analysis.windows.net/powerbi/api"), 400, "invalid_scope", 1002012},
		{"no scope", sim.TenantID, goodForm("scope", ""), 400, "invalid_scope", 1002012},
		{"two resources", sim.TenantID, goodForm("scope", "a/.default b/.default"), 400, "invalid_scope", 1002012},
		{"assertion that is none", sim.TenantID, goodForm("client_assertion", "x"), 400, "invalid_request", 50027},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.Entra.AddApp(sim.TenantID, sim.ClientID, sim.ClientSecret{Value: sim.SecretValue}, sim.ClientSecret{Value: "expired", Expires: epoch})
			r := b.signIn(row.tenant, row.form)
			var body struct {
				Error       string `json:"error"`
				Description string `json:"error_description"`
				Codes       []int  `json:"error_codes"`
				Timestamp   string `json:"timestamp"`
				Trace       string `json:"trace_id"`
				Correlation string `json:"correlation_id"`
			}
			b.must(json.Unmarshal([]byte(r.body), &body))
			if r.status != row.status || body.Error != row.word || len(body.Codes) != 1 || body.Codes[0] != row.code {
				t.Errorf("got %d %s; want HTTP %d, %s and the code %v", r.status, r.body, row.status, row.word, row.code)
			}
			if !strings.HasPrefix(body.Description, "AADSTS") || !strings.Contains(body.Description, "Trace ID: "+body.Trace) {
				t.Errorf("got the description %q, want one that begins with AADSTS and has the trace id", body.Description)
			}
			if !uuid.MatchString(body.Trace) || body.Correlation != "correlate-me" || body.Timestamp != "2026-03-15 23:50:00Z" {
				t.Errorf("got %+v; want a trace id, correlate-me and 2026-03-15 23:50:00Z", body)
			}
			if strings.Contains(r.body, sim.SecretValue) {
				t.Errorf("got %s, want no secret in it", r.body)
			}
		})
	}
}

func TestTokenEndpointGrants(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		form map[string]string
	}{
		{"client secret", goodForm()},
		{"with the scopes MSAL adds", goodForm("scope", powerBIDefault+" openid offline_access profile")},
		{"ids ignore case", goodForm("client_id", strings.ToUpper(sim.ClientID))},
		{"second secret, during a rotation", goodForm("client_secret", "next")},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.Entra.AddApp(sim.TenantID, sim.ClientID, sim.ClientSecret{Value: sim.SecretValue},
				sim.ClientSecret{Value: "next", Expires: epoch.Add(time.Minute)})
			b.Entra.SetLifetime(10 * time.Minute)
			r := b.signIn(sim.TenantID, row.form)
			got := r.json(t)
			if r.status != 200 || got["token_type"] != "Bearer" || got["expires_in"] != 600.0 || got["ext_expires_in"] != 600.0 {
				t.Fatalf("got %d %s; want HTTP 200, token_type Bearer, expires_in 600, ext_expires_in 600", r.status, r.body)
			}
			b.token, _ = got["access_token"].(string)
			if r := b.api(http.MethodGet, "/groups", ""); r.status != http.StatusOK {
				t.Errorf("Power BI refuses it: got %d; want HTTP 200", r.status)
			}
			b.clock.Add(10 * time.Minute)
			if r := b.api(http.MethodGet, "/groups", ""); r.header.Get(errorInfo) != "TokenExpired" {
				t.Errorf("after its lifetime: got %d, want TokenExpired", r.status)
			}
		})
	}
}

func TestTokenOfAnUnknownTenant(t *testing.T) {
	t.Parallel()
	if _, _, err := newBench(t).Entra.Token("nowhere", sim.ClientID, "x"); err == nil {
		t.Error("a token from an unknown tenant; want an error")
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.RotateSecret("second", true)
	if r := b.signIn(sim.TenantID, goodForm()); r.status != http.StatusUnauthorized {
		t.Errorf("the old secret works: got %d; want HTTP 401", r.status)
	}
	if r := b.signIn(sim.TenantID, goodForm("client_secret", "second")); r.status != http.StatusOK {
		t.Errorf("the new one does not: got %d; want HTTP 200", r.status)
	}
	if r := b.api(http.MethodGet, "/groups", ""); r.status != http.StatusOK {
		t.Errorf("a token from before stays good until it expires: got %d; want HTTP 200", r.status)
	}
	if r := b.secret(sim.SecretName, sim.IdentityID); r.json(t)["value"] != "second" {
		t.Errorf("vault: got %s; want value second", r.body)
	}
	b.RotateSecret("third", false)
	if r := b.secret(sim.SecretName, sim.IdentityID); r.json(t)["value"] != "second" {
		t.Errorf("vault: got %s; want value second", r.body)
	}
}

func TestDiscoveryDocuments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	base := "https://" + sim.EntraHost + "/"
	tenant := b.send(http.MethodGet, base+sim.TenantID+"/v2.0/.well-known/openid-configuration", "", nil).json(t)
	for field, want := range map[string]string{
		"issuer":                 base + sim.TenantID + "/v2.0",
		"token_endpoint":         base + sim.TenantID + "/oauth2/v2.0/token",
		"authorization_endpoint": base + sim.TenantID + "/oauth2/v2.0/authorize",
	} {
		if tenant[field] != want {
			t.Errorf("%s: got %v, want %v", field, tenant[field], want)
		}
	}
	if r := b.send(http.MethodGet, base+"nowhere/v2.0/.well-known/openid-configuration", "", nil); r.status != 400 || !strings.Contains(r.body, "AADSTS90002") {
		t.Errorf("got %d %s; want HTTP 400, a text with 'AADSTS90002'", r.status, r.body)
	}
	query := "?api-version=1.1&authorization_endpoint=" + url.QueryEscape("https://login.private.example/"+sim.TenantID+"/oauth2/v2.0/authorize")
	instance := b.send(http.MethodGet, base+"common/discovery/instance"+query, "", nil).json(t)
	if instance["tenant_discovery_endpoint"] != "https://login.private.example/"+sim.TenantID+"/v2.0/.well-known/openid-configuration" {
		t.Errorf("got %v, want the tenant's discovery document", instance)
	}
	if r := b.send(http.MethodGet, base+"common/discovery/instance", "", nil); r.status != 400 {
		t.Errorf("got %d; want HTTP 400", r.status)
	}
}

func TestRevokedTokensAreReplaced(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Entra.RevokeTokens(sim.ClientID)
	if r := b.api(http.MethodGet, "/groups", ""); r.status != http.StatusForbidden {
		t.Errorf("got %d; want HTTP 403", r.status)
	}
	b.token, _ = b.signIn(sim.TenantID, goodForm()).json(t)["access_token"].(string)
	if r := b.api(http.MethodGet, "/groups", ""); r.status != http.StatusOK {
		t.Errorf("got %d; want HTTP 200", r.status)
	}
}
