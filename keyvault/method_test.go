package keyvault

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

func methodOptions(w *world, m Method, id azcore.TokenCredential) Options {
	o := options(w)
	o.Method, o.Identity, o.VaultURL, o.SecretName = m, id, "", ""
	return o
}

func TestManagedIdentityItself(t *testing.T) {
	t.Parallel()
	w, id := newWorld(), new(identity)
	o := methodOptions(w, ManagedIdentity, id)
	o.TenantID, o.ClientID = "", ""
	c := newCredential(t, o)
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	wantToken(t, c, "vault-token")
	if !slices.Equal(id.scopes, []string{scope}) {
		t.Errorf("scopes of the identity's tokens: %v, want %s", id.scopes, scope)
	}
	w.wantCounts(t, 0, 0)
	if _, known := c.Expires(); known {
		t.Error("Expires of a managed identity is known, want it unknown")
	}
}

func TestFederatedIdentity(t *testing.T) {
	t.Parallel()
	for _, audience := range []string{"", "api://AzureADTokenExchangeChina"} {
		w, id := newWorld(), new(identity)
		o := methodOptions(w, Federated, id)
		o.TokenExchange = audience
		c := newCredential(t, o)
		for range 3 {
			wantToken(t, c, "token-1")
		}
		want := "api://AzureADTokenExchange/.default"
		if audience != "" {
			want = audience + "/.default"
		}
		if !slices.Equal(id.scopes, []string{want}) || !slices.Equal(w.assertions, []string{"vault-token"}) {
			t.Errorf("scopes of the identity's tokens: %v, assertions: %v, want %s and vault-token, once each", id.scopes, w.assertions, want)
		}
		w.wantCounts(t, 0, 1)
	}
}

func TestIdentityFailuresAreReported(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		says  string
		code  Code
		names string
	}{
		{"ManagedIdentityCredential authentication failed.\nGET http://169.254.169.254", CodeIdentityUnavailable, "AZURE_CLIENT_ID"},
		{"AADSTS500011: The resource principal was not found in the tenant", CodeResourceNotFound, "POWERBI_SCOPE"},
		{"AADSTS900144: something else", CodeIdentityUnavailable, "AZURE_CLIENT_ID"},
	} {
		for _, m := range []Method{ManagedIdentity, Federated} {
			w := newWorld()
			c := newCredential(t, methodOptions(w, m, &identity{err: errors.New(tt.says)}))
			_, err := get(t, c)
			checkError(t, err, tt.code, tt.names)
			w.wantCounts(t, 0, 0)
			if err := c.Ping(t.Context()); m == Federated && !hasCode(err, tt.code) {
				t.Errorf("Ping of %s = %v, want %s", m, err, tt.code)
			}
		}
	}
}

func TestFederationThatIsNotSetUp(t *testing.T) {
	t.Parallel()
	for _, code := range []int{70021, 700211, 700212, 700213, 7002131} {
		w := newWorld()
		w.trusted, w.rejection = "another", aad(code, "unauthorized_client", "No matching federated identity record found.")
		_, err := get(t, newCredential(t, methodOptions(w, Federated, new(identity))))
		checkError(t, err, CodeFederationRefused, "api://AzureADTokenExchange")
		var e *Error
		if !errors.As(err, &e) || !e.Lasting() {
			t.Errorf("AADSTS%d is temporary, want it lasting", code)
		}
	}
}

// TestCachedTokenServesWhileTheIdentityIsDown: an assertion is requested only for a new token.
func TestCachedTokenServesWhileTheIdentityIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, id := newWorld(), &identity{}
		c := newCredential(t, methodOptions(w, Federated, id))
		wantToken(t, c, "token-1")
		id.mu.Lock()
		id.err = errors.New("down")
		id.mu.Unlock()
		time.Sleep(30 * time.Minute)
		wantToken(t, c, "token-1")
		time.Sleep(31 * time.Minute)
		if _, err := get(t, c); !hasCode(err, CodeIdentityUnavailable) {
			t.Errorf("GetToken = %v, want %s", err, CodeIdentityUnavailable)
		}
	})
}

func TestSlowIdentityEndsInTime(t *testing.T) {
	t.Parallel()
	for _, m := range []Method{ManagedIdentity, Federated} {
		synctest.Test(t, func(t *testing.T) {
			o := methodOptions(newWorld(), m, slowIdentity{})
			o.Timeout = 10 * time.Second
			begun := time.Now()
			if _, err := get(t, newCredential(t, o)); !hasCode(err, CodeTimeout) || time.Since(begun) != 10*time.Second {
				t.Errorf("GetToken of %s = %v after %v, want %s after 10s", m, err, time.Since(begun), CodeTimeout)
			}
		})
	}
}

type slowIdentity struct{}

func (slowIdentity) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	<-ctx.Done()
	return azcore.AccessToken{}, ctx.Err()
}

// TestWhatEachMethodNeeds: a setting is required only if it is used.
func TestWhatEachMethodNeeds(t *testing.T) {
	t.Parallel()
	for m, needs := range map[Method]string{
		ClientSecret:      "KEY_VAULT_URL POWERBI_CLIENT_SECRET_NAME POWERBI_CLIENT_ID POWERBI_TENANT_ID",
		ClientCertificate: "KEY_VAULT_URL POWERBI_CLIENT_CERTIFICATE_NAME POWERBI_CLIENT_ID POWERBI_TENANT_ID",
		ManagedIdentity:   "",
		Federated:         "POWERBI_CLIENT_ID POWERBI_TENANT_ID",
	} {
		for name, take := range map[string]func(*Options){
			"KEY_VAULT_URL": func(o *Options) { o.VaultURL = "" }, m.setting(): func(o *Options) { o.SecretName = "" },
			"POWERBI_CLIENT_ID": func(o *Options) { o.ClientID = "" }, "POWERBI_TENANT_ID": func(o *Options) { o.TenantID = "" },
		} {
			o := options(newWorld())
			o.Method = m
			take(&o)
			_, err := New(o)
			if needed := slices.Contains(strings.Fields(needs), name); needed != (err != nil) || needed && !strings.Contains(err.Error(), name) {
				t.Errorf("%s without %s: %v", m, name, err)
			}
		}
	}
	o := options(newWorld())
	o.Method = "certificate"
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "POWERBI_AUTH") {
		t.Errorf("an unknown method: %v", err)
	}
}
