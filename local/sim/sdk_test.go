package sim_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"pbirefresh/local/sim"
)

// The real SDK clients are the judges here: what they accept is the protocol.

func startWorld(t *testing.T, opts sim.WorldOptions) *sim.World {
	t.Helper()
	w, err := sim.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func sdkOptions(w *sim.World) azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: w.EntraURL},
		Transport: w.Client(),
		Retry:     policy.RetryOptions{MaxRetries: -1},
	}
}

func secretCredential(t *testing.T, w *sim.World, tenant, client, secret string) *azidentity.ClientSecretCredential {
	t.Helper()
	cred, err := azidentity.NewClientSecretCredential(tenant, client, secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: sdkOptions(w), DisableInstanceDiscovery: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return cred
}

func powerBIScope() policy.TokenRequestOptions {
	return policy.TokenRequestOptions{Scopes: []string{sim.Audiences()[0] + "/.default"}}
}

func TestSDKClientSecretCredentialGetsATokenThatPowerBITakes(t *testing.T) {
	t.Parallel()
	w := startWorld(t, sim.WorldOptions{})
	cred := secretCredential(t, w, sim.TenantID, sim.ClientID, sim.SecretValue)
	token, err := cred.GetToken(t.Context(), powerBIScope())
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(token.ExpiresOn); left < 50*time.Minute || left > time.Hour {
		t.Errorf("got a lifetime of %v, want 50 minutes to an hour", left)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.PowerBIURL+"/v1.0/myorg/groups/"+sim.WorkspaceID, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Token)
	resp, err := w.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status: got %d; want HTTP 200", resp.StatusCode)
	}
	if n := w.Journal.Count(sim.OpDiscovery, http.StatusOK); n != 1 {
		t.Errorf("%d discovery requests, want 1: the tenant's document only", n)
	}
}

func TestSDKReportsEntraRefusals(t *testing.T) {
	t.Parallel()
	w := startWorld(t, sim.WorldOptions{})
	const expired = "7e4a0000-51b1-4d00-8000-0000000000ee"
	w.Entra.AddApp(sim.TenantID, expired, sim.ClientSecret{Value: "old", Expires: time.Now().Add(-time.Hour)})
	for _, row := range []struct {
		name, tenant, client, secret, code string
		status                             int
	}{
		{"wrong secret: Azure/sap-automation#418", sim.TenantID, sim.ClientID, "nonsense", "AADSTS7000215", http.StatusUnauthorized},
		{"expired secret", sim.TenantID, expired, "old", "AADSTS7000222", http.StatusUnauthorized},
		{"unknown application: MicrosoftDocs/azure-docs#21690", sim.TenantID, "7e4a0000-51b1-4d00-8000-00000000dead", "x", "AADSTS700016", http.StatusBadRequest},
		{"unknown tenant: azure-sdk-for-js recordings", "7e4a0000-51b1-4d00-8000-00000000beef", sim.ClientID, "x", "AADSTS90002", http.StatusBadRequest},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := secretCredential(t, w, row.tenant, row.client, row.secret).GetToken(t.Context(), powerBIScope())
			var failed *azidentity.AuthenticationFailedError
			if !errors.As(err, &failed) {
				t.Fatalf("got %v, want an AuthenticationFailedError", err)
			}
			if !strings.Contains(err.Error(), row.code) {
				t.Errorf("got %v; want an error with %q", err, row.code)
			}
			if failed.RawResponse == nil || failed.RawResponse.StatusCode != row.status {
				t.Errorf("response %v, want status %d", failed.RawResponse, row.status)
			}
		})
	}
}

// managedIdentity needs the environment, so tests that use it cannot be parallel.
func managedIdentity(t *testing.T, w *sim.World, opts azidentity.ManagedIdentityCredentialOptions) *azidentity.ManagedIdentityCredential {
	t.Helper()
	t.Setenv("IDENTITY_ENDPOINT", w.IdentityURL)
	t.Setenv("IDENTITY_HEADER", w.Identity.Header())
	opts.ClientOptions = sdkOptions(w)
	cred, err := azidentity.NewManagedIdentityCredential(&opts)
	if err != nil {
		t.Fatal(err)
	}
	return cred
}

func TestSDKReadsASecretWithManagedIdentity(t *testing.T) {
	for _, row := range []struct {
		name   string
		url    func(*sim.World) string
		verify bool
	}{
		{"127.0.0.1, challenge verified", func(w *sim.World) string { return w.VaultURL }, true},
		{"127.0.0.1, verification off", func(w *sim.World) string { return w.VaultURL + "/" }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := startWorld(t, sim.WorldOptions{})
			cred := managedIdentity(t, w, azidentity.ManagedIdentityCredentialOptions{})
			client, err := azsecrets.NewClient(row.url(w), cred, &azsecrets.ClientOptions{
				ClientOptions: sdkOptions(w), DisableChallengeResourceVerification: !row.verify,
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := client.GetSecret(t.Context(), sim.SecretName, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.Value == nil || *got.Value != sim.SecretValue {
				t.Errorf("value: got %v; want %v", got.Value, sim.SecretValue)
			}
			if got.ID.Name() != sim.SecretName || len(got.ID.Version()) != 32 {
				t.Errorf("id: got %q; want Name %v, 32 Version", *got.ID, sim.SecretName)
			}
			if n := w.Journal.Count(sim.OpSecret, http.StatusUnauthorized); n != 1 {
				t.Errorf("%d challenges, want the SDK's single probe", n)
			}
		})
	}
}

func TestSDKRefusesAForeignChallenge(t *testing.T) {
	w := startWorld(t, sim.WorldOptions{})
	w.Vault.SetChallengeResource("https://vault.azure.net")
	cred := managedIdentity(t, w, azidentity.ManagedIdentityCredentialOptions{})
	client, err := azsecrets.NewClient(w.VaultURL, cred, &azsecrets.ClientOptions{ClientOptions: sdkOptions(w)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.GetSecret(t.Context(), sim.SecretName, "", nil)
	if err == nil || !strings.Contains(err.Error(), "doesn't match the requested domain") {
		t.Errorf("got %v; want an error, a text with 'doesnt match the requested domain'", err)
	}
}

func TestSDKSeesVaultErrors(t *testing.T) {
	w := startWorld(t, sim.WorldOptions{})
	cred := managedIdentity(t, w, azidentity.ManagedIdentityCredentialOptions{})
	client, err := azsecrets.NewClient(w.VaultURL, cred, &azsecrets.ClientOptions{ClientOptions: sdkOptions(w)})
	if err != nil {
		t.Fatal(err)
	}
	get := func(name, version string) *azcore.ResponseError {
		t.Helper()
		_, err := client.GetSecret(t.Context(), name, version, nil)
		var failed *azcore.ResponseError
		if !errors.As(err, &failed) {
			t.Fatalf("got %v, want a ResponseError", err)
		}
		return failed
	}
	if e := get("nobody", ""); e.StatusCode != http.StatusNotFound || e.ErrorCode != "SecretNotFound" {
		t.Errorf("missing: got %d %s; want StatusCode 404, ErrorCode SecretNotFound", e.StatusCode, e.ErrorCode)
	}
	version := w.Vault.SetSecret("off", sim.Secret{Value: "x", Disabled: true})
	if e := get("off", version); e.StatusCode != http.StatusForbidden || !strings.Contains(e.Error(), "SecretDisabled") {
		t.Errorf("disabled: got %v; want StatusCode 403, a text with 'SecretDisabled'", e)
	}
	w.Vault.Grant(sim.IdentityID, false)
	if e := get(sim.SecretName, ""); e.StatusCode != http.StatusForbidden || !strings.Contains(e.Error(), "ForbiddenByRbac") {
		t.Errorf("forbidden: got %v; want StatusCode 403, a text with 'ForbiddenByRbac'", e)
	}
}

func TestSDKManagedIdentityChoosesAnIdentity(t *testing.T) {
	const user = "7e4a0000-51b1-4d00-8000-0000000000aa"
	w := startWorld(t, sim.WorldOptions{})
	w.Identity.AddUser(sim.TenantID, user)
	scope := policy.TokenRequestOptions{Scopes: []string{"https://storage.azure.com/.default"}}
	known := managedIdentity(t, w, azidentity.ManagedIdentityCredentialOptions{ID: azidentity.ClientID(user)})
	if _, err := known.GetToken(t.Context(), scope); err != nil {
		t.Error(err)
	}
	unknown := managedIdentity(t, w, azidentity.ManagedIdentityCredentialOptions{ID: azidentity.ClientID("7e4a0000-51b1-4d00-8000-0000000000bb")})
	if _, err := unknown.GetToken(t.Context(), scope); err == nil || !strings.Contains(err.Error(), "No User Assigned") {
		t.Errorf("got %v; want an error, a text with 'No User Assigned'", err)
	}
}

// In process, the public names are served, so even instance discovery and the unchanged verification of challenges work.
func TestSDKInProcess(t *testing.T) {
	t.Parallel()
	c := sim.NewCloud(sim.Options{})
	opts := azcore.ClientOptions{Transport: c.Transport()}
	cred, err := azidentity.NewClientSecretCredential(sim.TenantID, sim.ClientID, sim.SecretValue,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: opts})
	if err != nil {
		t.Fatal(err)
	}
	c.Vault.Grant(sim.ClientID, true)
	client, err := azsecrets.NewClient("https://"+sim.VaultHost, cred, &azsecrets.ClientOptions{ClientOptions: opts})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := client.GetSecret(ctx, sim.SecretName, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if *got.Value != sim.SecretValue {
		t.Errorf("value: got %q; want %v", *got.Value, sim.SecretValue)
	}
}

func TestSDKInstanceDiscoveryOfAnUnknownAuthority(t *testing.T) {
	t.Parallel()
	c := sim.NewCloud(sim.Options{})
	private := sim.NewTransport(map[string]http.Handler{"login.private.example": c.Entra, sim.EntraHost: c.Entra})
	cred, err := azidentity.NewClientSecretCredential(sim.TenantID, sim.ClientID, sim.SecretValue,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: azcore.ClientOptions{
			Transport: private, Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: "https://login.private.example/"},
		}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cred.GetToken(t.Context(), powerBIScope()); err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, e := range c.Journal.Entries(0) {
		asked[e.Path] = true
	}
	for _, path := range []string{"/common/discovery/instance", "/" + sim.TenantID + "/v2.0/.well-known/openid-configuration"} {
		if !asked[path] {
			t.Errorf("got no request of MSAL to %s, want one", path)
		}
	}
}
