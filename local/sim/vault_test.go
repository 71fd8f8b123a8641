package sim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

const vaultAudience = "https://vault.azure.net"

// secret reads a secret as an application would.
func (b *bench) secret(path, app string) reply {
	b.t.Helper()
	return b.send(http.MethodGet, "https://"+sim.VaultHost+"/secrets/"+path+"?api-version=7.6", "",
		map[string]string{"Authorization": "Bearer " + tokenFor(b, app, vaultAudience)})
}

func TestVaultChallenge(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ host, resource string }{
		{sim.VaultHost, "https://vault.azure.net"},
		{"kv.vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net"},
		{"127.0.0.1:8443", "https://0.0.1:8443"},
		{"kv.localhost:8443", "https://localhost:8443"},
		{"localhost", "https://vault.azure.net"},
	} {
		t.Run(row.host, func(t *testing.T) {
			t.Parallel()
			c := sim.NewCloud(sim.Options{})
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+row.host+"/secrets/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := sim.NewTransport(map[string]http.Handler{row.host: c.Vault}).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			want := `Bearer authorization="https://login.windows.net/` + sim.TenantID + `", resource="` + row.resource + `"`
			if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != http.StatusUnauthorized || got != want {
				t.Errorf("seen azure-sdk-for-js recordings: %d %q, want %q", resp.StatusCode, got, want)
			}
			// azsecrets' rule: the host ends in a dot and the resource's host.
			if row.host != "localhost" && !strings.HasSuffix(row.host, "."+strings.TrimPrefix(row.resource, "https://")) {
				t.Errorf("got the resource %s for %s, want one that azsecrets accepts", row.resource, row.host)
			}
		})
	}
}

func TestVaultRefusesBadTokens(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		token func(*bench) string
		text  string
	}{
		{"none of ours", func(*bench) string { return forged() }, "Error validating token"},
		{"expired", func(b *bench) string {
			tk := tokenFor(b, sim.IdentityID, vaultAudience)
			b.clock.Add(91 * 24 * time.Hour)
			return tk
		}, "expired"},
		{"for Power BI", func(b *bench) string { return b.token }, "Invalid audience"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			r := b.send(http.MethodGet, "https://"+sim.VaultHost+"/secrets/"+sim.SecretName, "",
				map[string]string{"Authorization": "Bearer " + row.token(b)})
			code, message := errorOf(t, r)
			if r.status != http.StatusUnauthorized || code != "Unauthorized" || !strings.Contains(message, row.text) {
				t.Errorf("got %d %s; want HTTP 401, code Unauthorized, a text with %q", r.status, r.body, row.text)
			}
			if !strings.Contains(r.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
				t.Errorf("got %q; want a text with 'error=\"invalid_token\"'", r.header.Get("WWW-Authenticate"))
			}
		})
	}
}

func TestVaultAnswers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old := b.Vault.SetSecret("Rotated", sim.Secret{Value: "one", Expires: epoch.Add(-time.Hour)})
	b.clock.Add(time.Hour)
	current := b.Vault.SetSecret("rotated", sim.Secret{Value: "two", Expires: epoch.Add(24 * time.Hour)})
	off := b.Vault.SetSecret("off", sim.Secret{Value: "x"})
	b.must(b.Vault.Disable("off", ""))
	b.Vault.SetSecret("gone", sim.Secret{Value: "x"})
	b.must(b.Vault.Delete("gone"))
	for _, row := range []struct {
		name, path, app string
		status          int
		value, code     string
		text            string
	}{
		{"current version", "rotated", sim.IdentityID, 200, "two", "", `/secrets/rotated/` + current},
		{"current version, as the SDK asks", "rotated/", sim.IdentityID, 200, "two", "", ""},
		{"old version, expired: still handed out", "rotated/" + old, sim.IdentityID, 200, "one", "", ""},
		{"unknown version", "rotated/0123", sim.IdentityID, 404, "", "SecretNotFound", "rotated/0123 was not found"},
		{"unknown name: seen", "nobody", sim.IdentityID, 404, "", "SecretNotFound", "A secret with (name/id) nobody was not found in this key vault."},
		{"soft-deleted looks unknown", "gone", sim.IdentityID, 404, "", "SecretNotFound", "recover it"},
		{"disabled: seen azure-sdk-for-js#24756", "off/" + off, sim.IdentityID, 403, "", "Forbidden", `"innererror":{"code":"SecretDisabled"}`},
		{"no role: seen piyushsachdeva/Terraform_AKS#2", "rotated", sim.ClientID, 403, "", "Forbidden", `"innererror":{"code":"ForbiddenByRbac"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := b.secret(row.path, row.app)
			if r.status != row.status || !strings.Contains(r.body, row.text) {
				t.Errorf("got %d %s; want HTTP %v, a text with %q", r.status, r.body, row.status, row.text)
			}
			if row.code != "" {
				if code, _ := errorOf(t, r); code != row.code {
					t.Errorf("code: got %s; want %v", code, row.code)
				}
				return
			}
			got := r.json(t)
			attributes, _ := got["attributes"].(map[string]any)
			if got["value"] != row.value || attributes["enabled"] != true {
				t.Errorf("got %s; want %v, enabled true", r.body, row.value)
			}
		})
	}
	attributes, _ := b.secret("rotated", sim.IdentityID).json(t)["attributes"].(map[string]any)
	if attributes["exp"] != float64(epoch.Add(24*time.Hour).Unix()) || attributes["created"] != float64(epoch.Add(time.Hour).Unix()) {
		t.Errorf("got the attributes %v, want exp and created of the secret", attributes)
	}
	if _, has := b.secret(sim.SecretName, sim.IdentityID).json(t)["attributes"].(map[string]any)["exp"]; has {
		t.Error("got an expiry, want none")
	}
}

func TestVaultForbiddenTextNamesTheCaller(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, message := errorOf(t, b.secret(sim.SecretName, sim.ClientID))
	for _, part := range []string{"appid=" + sim.ClientID, "secrets/getSecret/action", "Vault: sim;", "DeniedWithNoValidRBAC"} {
		if !strings.Contains(message, part) {
			t.Errorf("got %q; want a text with %q", message, part)
		}
	}
}

func TestVaultDeleteAndRecover(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.Vault.Delete(sim.SecretName))
	for name, err := range map[string]error{
		"delete twice":       b.Vault.Delete(sim.SecretName),
		"recover the living": b.Vault.Recover("nobody"),
		"disable the dead":   b.Vault.Disable(sim.SecretName, ""),
	} {
		if err == nil {
			t.Errorf("%s: got no error; want an error", name)
		}
	}
	b.must(b.Vault.Recover(sim.SecretName))
	if r := b.secret(sim.SecretName, sim.IdentityID); r.status != http.StatusOK {
		t.Errorf("got %d; want HTTP 200", r.status)
	}
}

func TestIdentityEndpoint(t *testing.T) {
	t.Parallel()
	const user = "7e4a0000-51b1-4d00-8000-0000000000aa"
	good := "?api-version=2019-08-01&resource=https://vault.azure.net"
	for _, row := range []struct {
		name, method, query string
		header              string // replaces the right one
		status              int
		client              string
	}{
		{"system-assigned: documented", http.MethodGet, good, "", 200, sim.IdentityID},
		{"system-assigned by id", http.MethodGet, good + "&client_id=" + sim.IdentityID, "", 200, sim.IdentityID},
		{"user-assigned", http.MethodGet, good + "&client_id=" + user, "", 200, user},
		{"unknown identity: seen", http.MethodGet, good + "&client_id=nobody", "", 400, ""},
		{"unverified: wrong header", http.MethodGet, good, "nonsense", 401, ""},
		{"unverified: no header", http.MethodGet, good, "-", 401, ""},
		{"unverified: old api-version", http.MethodGet, strings.Replace(good, "2019-08-01", "2017-09-01", 1), "", 400, ""},
		{"unverified: no resource", http.MethodGet, "?api-version=2019-08-01", "", 400, ""},
		{"unverified: POST", http.MethodPost, good, "", 405, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.Identity.AddUser(sim.TenantID, user)
			header := map[string]string{"X-IDENTITY-HEADER": b.Identity.Header()}
			if row.header != "" {
				header["X-IDENTITY-HEADER"] = strings.TrimPrefix(row.header, "-")
			}
			r := b.send(row.method, "http://"+sim.IdentityHost+"/msi/token"+row.query, "", header)
			got := r.json(t)
			if r.status != row.status {
				t.Fatalf("got %d %s; want HTTP %v", r.status, r.body, row.status)
			}
			if row.status != 200 {
				if got["statusCode"] != float64(row.status) || got["message"] == "" {
					t.Errorf("got %s; want statusCode %v, a value for message", r.body, float64(row.status))
				}
				return
			}
			expires, isString := got["expires_on"].(string)
			if !isString || len(expires) != 10 || got["client_id"] != row.client || got["resource"] != vaultAudience || got["token_type"] != "Bearer" {
				t.Errorf("got %s, want the documented members for %s", r.body, row.client)
			}
		})
	}
}

func TestWithoutASystemIdentity(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Identity.SetSystem(sim.TenantID, "")
	r := b.send(http.MethodGet, "http://"+sim.IdentityHost+"/?api-version=2019-08-01&resource=x", "",
		map[string]string{"X-IDENTITY-HEADER": b.Identity.Header()})
	if r.status != http.StatusBadRequest {
		t.Errorf("got %d %s; want HTTP 400", r.status, r.body)
	}
}
