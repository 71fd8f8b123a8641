package doctor

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/keyvault"
	"pbirefresh/local/sim"
	"pbirefresh/powerbi"
)

// mistake is a misconfiguration that a fact sheet names, and what the doctor must say of it.
type mistake struct {
	name   string
	fact   string // the sheet and the section
	inject func(t *testing.T, b *bench)
	check  string // the one problem
	detail string // words of what was seen
	remedy string // words of what to change
	fix    string // words of a step
}

func mistakes() []mistake {
	all := append(hostMistakes(), storageMistakes()...)
	all = append(all, signInMistakes()...)
	all = append(all, accessMistakes()...)
	return append(all, modelMistakes()...)
}

// cloud changes only the cloud.
func cloud(change func(*sim.Cloud)) func(*testing.T, *bench) {
	return func(_ *testing.T, b *bench) { change(b.cloud) }
}

// host replaces words of host.json.
func host(pairs ...string) func(*testing.T, *bench) {
	return func(t *testing.T, b *bench) {
		t.Helper()
		old := b.host
		if b.host = strings.NewReplacer(pairs...).Replace(b.host); b.host == old {
			t.Fatalf("%v is not in %s", pairs, old)
		}
	}
}

func app(call string, status int, byApp bool) func(*testing.T, *bench) {
	return func(_ *testing.T, b *bench) { b.app[call] = answer{status, byApp} }
}

func hostMistakes() []mistake {
	return []mistake{
		{"a setting is missing", "functions-host 1", func(_ *testing.T, b *bench) { b.deps.Problems = []string{"POWERBI_TENANT_ID is not set: the GUID"} },
			"settings", "POWERBI_TENANT_ID is not set", "Environment variables", "appsettings set"},
		{"the timer has no schedule", "functions-host 6", func(_ *testing.T, b *bench) { b.deps.Warnings = []string{"SWEEP_SCHEDULE is not set"} },
			"settings", "SWEEP_SCHEDULE is not set", "correct the settings", "appsettings set"},
		{"requests are not forwarded", "functions-host 4", host(`"enableForwardingHttpRequest":true`, `"enableForwardingHttpRequest":false`),
			"host", "enableForwardingHttpRequest is off", "set customHandler.enableForwardingHttpRequest to true", "host.json"},
		{"the proxy is on", "host-forwarding 28", host(`"enableForwardingHttpRequest":true`, `"enableForwardingHttpRequest":true,"enableProxyingHttpRequest":true`),
			"host", "enableProxyingHttpRequest is on", "remove", "host.json"},
		{"another route prefix", "functions-host 6", host(`"routePrefix":"api"`, `"routePrefix":""`), "host", "routePrefix is not api", "to api", "host.json"},
		{"no function time-out", "functions-host 8", host("00:05:00", "-1"), "host", "unlimited", "00:05:00", "host.json"},
		{"a function time-out that kills", "functions-host 8", host("00:05:00", "00:03:00"), "host", "shorter than the longest request of 3m30s", "00:05:00", "host.json"},
		{"an old host", "functions-host Sources", func(_ *testing.T, b *bench) { b.deps.HostVersion = "3.21.1" }, "host", "version 3.21.1", "FUNCTIONS_EXTENSION_VERSION", "~4"},
		{"readiness is anonymous", "functions-host 6", app("GET /api/health/ready", 401, true), "routes", "GET /api/health/ready is open", "authLevel function", ""},
		{"the trigger is anonymous", "functions-host 6", app("POST /api/refreshes", 400, true), "routes", "POST /api/refreshes is open", "authLevel function", ""},
		{"cancel-all is anonymous", "functions-host 6", app("POST /api/operations/doctor/cancel-all", 404, true), "routes", "cancel-all is open", "admin", ""},
		{"App Service authentication closes status URLs", "functions-host 7", app("GET /api/refreshes/doctor", 401, false), "routes", "wants a sign-in", "excluded paths", ""},
		{"it redirects to a sign-in", "functions-host 7", app("GET /api/health", 302, false), "routes", "wants a sign-in", "excluded paths", ""},
		{"a function is disabled", "host-forwarding 10", app("GET /api/openapi.json", 404, false), "routes", "HTTP 404, want 200", "deploy the app's own functions", ""},
	}
}

// stored opens a storage service with a refusal.
func stored(refused map[string]string, ahead time.Duration) func(*testing.T, *bench) {
	return func(t *testing.T, b *bench) {
		t.Helper()
		b.store = blobs{refused, ahead}.open(t, identity{b})
	}
}

func storageMistakes() []mistake {
	const role = "AuthorizationPermissionMismatch"
	return []mistake{
		{"no role on the account", "infra 3", stored(map[string]string{"list": "403 " + role, "create": "403 " + role}, 0),
			"storage", "list: blob storage: List doctor/: 403 " + role, "give the app's identity the role \"Storage Blob Data Contributor\"", "Storage Blob Data Contributor"},
		{"a role that only reads", "infra 3", stored(map[string]string{"create": "403 " + role}, 0), "storage", "create: ", "it may list, so it has a role that only reads", "--name state "},
		{"a role that cannot lease", "infra 3", stored(map[string]string{"lease": "403 " + role}, 0), "storage", "lease: ", "Storage Blob Data Contributor", "role assignment create"},
		{"keys are forbidden", "infra 3", stored(map[string]string{"list": "403 KeyBasedAuthenticationNotPermitted"}, 0), "storage", "403 KeyBasedAuthenticationNotPermitted", "STATE_STORAGE__blobServiceUri in place", ""},
		{"the account's firewall", "infra 3", stored(map[string]string{"list": "403 AuthorizationSourceIPMismatch"}, 0), "storage", "403 AuthorizationSourceIPMismatch", "firewall refuses this address", ""},
		{"an immutable container", "blob-lease 1", stored(map[string]string{"create": "409 BlobImmutableDueToPolicy"}, 0), "storage", "409 BlobImmutableDueToPolicy", "immutability policy", ""},
		{"the container is being deleted", "blob-lease 1", stored(map[string]string{"create": "409 ContainerBeingDeleted"}, 0), "storage", "409 ContainerBeingDeleted", "being deleted", ""},
		{"no such account", "infra 3", stored(map[string]string{"list": "400 InvalidUri"}, 0), "storage", "400 InvalidUri", "not the blob endpoint", ""},
		{"a clock that is slow", "blob-lease 1", stored(nil, 10*time.Minute+30*time.Second), "clock", "differs from storage's by -10m", "time server", ""},
	}
}

func signInMistakes() []mistake {
	secret := func(s sim.Secret) func(*testing.T, *bench) {
		return cloud(func(c *sim.Cloud) { c.Vault.SetSecret(sim.SecretName, s) })
	}
	forged := func(payload string) func(*testing.T, *bench) {
		return func(_ *testing.T, b *bench) { b.forged = payload }
	}
	return []mistake{
		{"no managed identity", "infra 3", cloud(func(c *sim.Cloud) { c.Identity.SetSystem(sim.TenantID, "") }), "identity", "IdentityUnavailable", "AZURE_CLIENT_ID", "identity assign"},
		{"the vault's name is wrong", "peers 11", func(_ *testing.T, b *bench) { b.deps.VaultURL = "https://none.vault.azure.net" }, "vault", "VaultUnreachable", "KEY_VAULT_URL", ""},
		{"no role on the vault", "infra 3", cloud(func(c *sim.Cloud) { c.Vault.Grant(sim.IdentityID, false) }), "vault", "VaultForbidden", "Key Vault Secrets User", "--name sim "},
		{"the vault's firewall", "infra 3", cloud(func(c *sim.Cloud) { c.Vault.SetFirewall(true) }), "vault", "VaultFirewall", "Networking", "network-rule add"},
		{"no such secret", "infra 3", func(_ *testing.T, b *bench) { b.deps.SecretName = "another" }, "secret", "SecretNotFound", "POWERBI_CLIENT_SECRET_NAME", "secret set"},
		{"a deleted secret", "infra 3", cloud(func(c *sim.Cloud) { _ = c.Vault.Delete(sim.SecretName) }), "secret", "SecretNotFound", "recovered", ""},
		{"a disabled secret", "infra 3", cloud(func(c *sim.Cloud) { _ = c.Vault.Disable(sim.SecretName, "") }), "secret", "SecretDisabled", "enable a version", "--enabled true"},
		{"the secret's id in place of its value", "peers 11", secret(sim.Secret{Value: "0f9a1c2e-id"}), "secret", "SecretRejected", "value (not the id)", "secret set"},
		{"a secret that has expired", "peers 11", cloud(func(c *sim.Cloud) {
			c.Entra.AddApp(sim.TenantID, sim.ClientID, sim.ClientSecret{Value: sim.SecretValue, Expires: time.Now().Add(-time.Hour)})
		}), "secret", "SecretExpired", "add a new client secret", "credential reset"},
		{"a secret that expires soon", "peers 11", secret(sim.Secret{Value: sim.SecretValue, Expires: time.Now().Add(10*24*time.Hour + time.Hour)}), "secret", "in 10 days", "before that day", "credential reset"},
		{"a secret past its date", "peers 11", secret(sim.Secret{Value: sim.SecretValue, Expires: time.Now().Add(-time.Hour)}), "secret", "expired on", "at any time", "credential reset"},
		{"no such application", "peers 11", func(_ *testing.T, b *bench) { b.deps.ClientID = sim.IdentityID[:35] + "9" }, "token", "ApplicationNotFound", "POWERBI_CLIENT_ID", ""},
		{"no such tenant", "power-bi-api 11", func(_ *testing.T, b *bench) { b.deps.TenantID = sim.TenantID[:35] + "9" }, "token", "TenantNotFound", "POWERBI_TENANT_ID", ""},
		{"a token for another audience", "power-bi-api 11", forged(`{"aud":"https://vault.azure.net","tid":"` + sim.TenantID + `","appid":"` + sim.ClientID + `"}`), "token", "its audience is https://vault", "POWERBI_SCOPE", ""},
		{"a token of another tenant", "power-bi-api 11", forged(`{"aud":"` + sim.Audiences()[0] + `/","tid":"x","appid":"` + sim.ClientID + `"}`), "token", "of tenant x", "POWERBI_TENANT_ID", ""},
		{"a token of another application", "power-bi-api 7", forged(`{"aud":"` + sim.Audiences()[0] + `","tid":"` + sim.TenantID + `","azp":"x"}`), "token", "of application x", "POWERBI_CLIENT_ID", ""},
		{"a managed identity without a role in the tenant", "power-bi-api 6", func(_ *testing.T, b *bench) {
			b.deps.Method = keyvault.ManagedIdentity
			b.cloud.PowerBI.SetAccess(sim.AccessNotInGroup)
		}, "tenantSetting", "PowerBINotAuthorizedException", "security group", "Tenant settings"},
		{"the application does not trust the managed identity", "peers 11", func(_ *testing.T, b *bench) { b.deps.Method = keyvault.Federated }, "token", "FederationRefused", "federated credential", ""},
		{"no managed identity to vouch", "infra 3", func(_ *testing.T, b *bench) {
			b.deps.Method = keyvault.Federated
			b.cloud.Identity.SetSystem(sim.TenantID, "")
		}, "identity", "IdentityUnavailable", "AZURE_CLIENT_ID", "identity assign"},
		{"no managed identity to sign in", "infra 3", func(_ *testing.T, b *bench) {
			b.deps.Method = keyvault.ManagedIdentity
			b.cloud.Identity.SetSystem(sim.TenantID, "")
		}, "identity", "IdentityUnavailable", "AZURE_CLIENT_ID", "identity assign"},
		{"a secret in place of a certificate", "peers 11", func(_ *testing.T, b *bench) { b.deps.Method = keyvault.ClientCertificate }, "secret", "CertificateUnusable", "exportable RSA key", ""},
		{"a vault of another tenant", "infra 3", cloud(func(c *sim.Cloud) { _ = c.Fail(sim.Fault{Op: sim.OpSecret, Times: -1, Answer: otherTenant()}) }), "vault", "VaultUnauthorized", "same tenant", ""},
		{"Power BI does not know the token", "power-bi-api 6", cloud(func(c *sim.Cloud) { _ = c.Fail(sim.Fault{Kind: sim.TokenExpired, Op: sim.OpWorkspaces, Times: -1}) }), "token", "TokenRejected", "POWERBI_CLOUD", ""},
	}
}

// otherTenant is a vault's answer to a token of another tenant's issuer (unverified: the text).
func otherTenant() *sim.Answer {
	return &sim.Answer{Status: http.StatusUnauthorized, Header: http.Header{
		"Www-Authenticate": {`Bearer authorization="https://login.windows.net/` + sim.TenantID + `", resource="https://vault.azure.net"`},
		"Content-Type":     {"application/json"},
	}, Body: []byte(`{"error":{"code":"Unauthorized","message":"AKV10032: Invalid issuer."}}`)}
}

func accessMistakes() []mistake {
	fault := func(op sim.Op, kind sim.FaultKind) func(*testing.T, *bench) {
		return cloud(func(c *sim.Cloud) { _ = c.Fail(sim.Fault{Kind: kind, Op: op, Times: -1}) })
	}
	return []mistake{
		{"the tenant setting is off", "power-bi-api 6", cloud(func(c *sim.Cloud) { c.PowerBI.SetAccess(sim.AccessSettingOff) }), "tenantSetting", "APINotAccessible", "switch on the tenant setting", "Developer settings"},
		{"not in the allowed group", "power-bi-api 6", cloud(func(c *sim.Cloud) { c.PowerBI.SetAccess(sim.AccessNotInGroup) }), "tenantSetting", "NotAuthorized", "security group", "group member add"},
		{"conditional access", "power-bi-api 6", cloud(func(c *sim.Cloud) { c.PowerBI.SetAccess(sim.AccessConditional) }), "token", "Conditional Access", "exclude the service principal", ""},
		{"a firewall's page", "failure-texts answers", fault(sim.OpWorkspaces, sim.FirewallPage), "powerBI", "NotPowerBI", "proxy or firewall", ""},
		{"a proxy wants a sign-in", "failure-texts answers", fault(sim.OpWorkspaces, sim.ProxySignIn), "powerBI", "NotPowerBI", "proxy or firewall", ""},
		{"a page in place of the API", "failure-texts answers", fault(sim.OpWorkspaces, sim.PortalPage), "powerBI", "NotPowerBI", "POWERBI_API_URL", ""},
		{"throttled", "power-bi-api 8", fault(sim.OpWorkspaces, sim.Throttled), "powerBI", "Throttled", "fewer requests", ""},
		{"Power BI cannot be reached", "power-bi-api 11", func(_ *testing.T, b *bench) { b.cut["api.powerbi.com"] = errNoRoute }, "powerBI", "Unreachable", "outbound network", ""},
		{"no role in the workspace", "power-bi-api 6", cloud(func(c *sim.Cloud) { _ = c.PowerBI.Grant(sim.WorkspaceID, sim.ClientID, 0) }), "workspace", "GroupNotAccessible", "role Contributor", "workspace grant " + sim.WorkspaceID},
		{"a wrong workspace id", "power-bi-api 6", func(_ *testing.T, b *bench) { b.model.WorkspaceID = sim.SalesModel }, "workspace", "there is no workspace " + sim.SalesModel, "check workspaceId", "Manage access"},
		{"a workspace that was deleted", "failure-texts answers", fault(sim.OpWorkspace, sim.FolderNotFound), "workspace", "PowerBIFolderNotFound", "check workspaceId", ""},
		{"a Viewer", "power-bi-api 7", cloud(func(c *sim.Cloud) { _ = c.PowerBI.Grant(sim.WorkspaceID, sim.ClientID, sim.RoleViewer) }), "role", "is a Viewer", "Viewer and Build are not enough", "-AccessRight Contributor"},
		{"a Viewer who may not see the access list", "power-bi-api 7", cloud(func(c *sim.Cloud) {
			_ = c.PowerBI.Grant(sim.WorkspaceID, sim.ClientID, sim.RoleViewer)
			_ = c.Fail(sim.Fault{Kind: sim.APIInaccessible, Op: sim.OpUsers, Times: -1})
		}), "role", "not its refresh history", "Contributor", "workspace grant"},
		{"a wrong model id", "power-bi-api 6", func(_ *testing.T, b *bench) { b.model.DatasetID = sim.SharedModel }, "model", "has no model " + sim.SharedModel, "check datasetId", ""},
	}
}

func modelMistakes() []mistake {
	tune := func(change func(*sim.Knobs)) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) {
			t.Helper()
			if err := b.cloud.PowerBI.Tune(sim.Sales(), change); err != nil {
				t.Fatal(err)
			}
		}
	}
	paused := func(op sim.Op) func(*testing.T, *bench) {
		return cloud(func(c *sim.Cloud) { _ = c.Fail(sim.Fault{Kind: sim.CapacityPaused, Op: op, Times: -1}) })
	}
	return []mistake{
		{"a push dataset", "power-bi-api 2", tune(func(k *sim.Knobs) { k.Push = true }), "storageMode", "push dataset", "imports data", ""},
		{"a DirectQuery model", "failure-texts answers", tune(func(k *sim.Knobs) { k.Provider = "PbixInDirectQueryMode" }), "storageMode", "PbixInDirectQueryMode", "nothing to refresh", ""},
		{"a paused capacity", "power-bi-api 8", cloud(func(c *sim.Cloud) { c.PowerBI.ShowCapacity(sim.WorkspaceID, "Suspended") }), "capacity", "is Suspended", "resume the capacity", "fabric capacity resume"},
		{"a paused capacity by the answers of the history", "failure-texts answers", paused(sim.OpHistory), "capacity", "CapacityNotActive", "resume the capacity", "fabric capacity resume"},
		{"a gateway that is not bound", "failure-texts table", tune(func(k *sim.Knobs) { k.Gateway, k.Unbound = true, true }), "gateway", "bound to none", "Gateway and cloud connections", "Take over"},
		{"the quota of a day is used up", "power-bi-api 8", used(8), "budget", "8 of 8", "Premium", ""},
	}
}

// used has so many refreshes of the model on the shared capacity behind it, and one of the
// portal, which does not count.
func used(n int) func(*testing.T, *bench) {
	return func(t *testing.T, b *bench) {
		t.Helper()
		b.model = dataset(sim.Shared())
		for i := range n + 1 {
			via := sim.ViaSchedule
			if i == n {
				via = sim.ViaPortal
			}
			b.ended(t, sim.Shared(), via, sim.Outcome{})
		}
	}
}

// ended has a refresh end so.
func (b *bench) ended(t *testing.T, ref sim.Ref, via sim.Via, o sim.Outcome) {
	t.Helper()
	id, err := b.cloud.PowerBI.StartForeign(ref, via, 0)
	if err == nil {
		err = b.cloud.PowerBI.Finish(ref, id, o)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Each mistake is named by its own check: no other is a problem.
func TestEachMistakeHasItsDiagnosis(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			b := newBench()
			m.inject(t, b)
			checks := b.run(t)
			c := find(checks, m.check)
			if got := states(checks, Problem); got != m.check {
				t.Fatalf("%s: the problems are %q, want %q\n%s", m.fact, got, m.check, printed(checks))
			}
			if !strings.Contains(c.Detail, m.detail) || !strings.Contains(c.Remedy, m.remedy) || !strings.Contains(strings.Join(c.Fix, "\n"), m.fix) {
				t.Errorf("%s: got %+v\nwant the words %q, %q and %q", m.fact, c, m.detail, m.remedy, m.fix)
			}
		})
	}
}

// Each failure of a refresh is named with its class and remedy.
func TestEachFailureIsNamed(t *testing.T) {
	t.Parallel()
	for class, text := range failureTexts {
		t.Run(class, func(t *testing.T) {
			t.Parallel()
			b := newBench()
			b.ended(t, sim.Sales(), sim.ViaSchedule, sim.Outcome{Status: "Failed", Exception: text})
			checks, want := b.run(t), powerbi.ParseFailure(text)
			c := find(checks, "failures")
			if got := states(checks, Problem); got != "failures" || c.Remedy == "" || c.Remedy != want.Remedy || !strings.Contains(c.Detail, string(want.Class)) || !strings.Contains(c.Detail, want.Code) {
				t.Errorf("the problems are %q, and %+v; want class %s, code %s and remedy %q", got, c, want.Class, want.Code, want.Remedy)
			}
		})
	}
}

// failureTexts are the codes of failure-texts' table, in the shape that was seen.
var failureTexts = map[string]string{
	"unbound":            `{"errorCode":"DMTS_MonikerWithUnboundDataSources"}`,
	"no credentials":     `{"errorCode":"ModelRefreshFailed_CredentialsNotSpecified"}`,
	"OAuth":              `{"errorCode":"DMTS_OAuthTokenRefreshFailedError"}`,
	"the owner has left": `{"errorCode":"DMTS_UserNotFoundinADGraphError"}`,
	"gateway offline":    `{"errorCode":"DM_GWPipeline_Client_GatewayUnreachable"}`,
	"capacity limit":     `{"errorCode":"CapacityLimitExceeded"}`,
	"capacity paused":    `{"errorCode":"CapacityNotActive"}`,
	"time-out":           `{"errorCode":"ProcessingTimeOut"}`,
}

func printed(checks []Check) string {
	var text strings.Builder
	Print(&text, checks, false)
	return text.String()
}

var errNoRoute = errors.New("no route to host")
