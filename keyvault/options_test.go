package keyvault

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*Options)
		names  string
	}{
		"no vault":            {func(o *Options) { o.VaultURL = "" }, "KEY_VAULT_URL"},
		"plain http":          {func(o *Options) { o.VaultURL = "http://kv.vault.azure.net" }, "https"},
		"a name, no address":  {func(o *Options) { o.VaultURL = "kv" }, "KEY_VAULT_URL"},
		"a secret's address":  {func(o *Options) { o.VaultURL += "/secrets/x" }, "KEY_VAULT_URL"},
		"user in the address": {func(o *Options) { o.VaultURL = "https://u:p@kv.vault.azure.net" }, "KEY_VAULT_URL"},
		"no secret name":      {func(o *Options) { o.SecretName = "" }, "POWERBI_CLIENT_SECRET_NAME"},
		"odd secret name":     {func(o *Options) { o.SecretName = "a/b" }, "POWERBI_CLIENT_SECRET_NAME"},
		"no client":           {func(o *Options) { o.ClientID = "" }, "POWERBI_CLIENT_ID"},
		"no tenant":           {func(o *Options) { o.TenantID = "" }, "POWERBI_TENANT_ID"},
		"odd tenant":          {func(o *Options) { o.TenantID = "a/b" }, "POWERBI_TENANT_ID"},
		"plain authority":     {func(o *Options) { o.AuthorityHost = "http://127.0.0.1" }, "AZURE_AUTHORITY_HOST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			o := options(w)
			tt.change(&o)
			if c, err := New(o); c != nil || err == nil || !strings.Contains(err.Error(), tt.names) {
				t.Errorf("got %v, want it to name %s", err, tt.names)
			}
			w.wantCounts(t, 0, 0)
		})
	}
	o := options(newWorld())
	o.Transport, o.VaultURL = nil, goodURL+"/"
	if c, err := New(o); err != nil || c == nil {
		t.Errorf("New with the defaults = %v, want no error", err)
	}
}

// TestNoRedirectIsFollowed: a redirect would send the secret to another host.
func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	client, ok := Options{}.withDefaults().Transport.(*http.Client)
	if !ok || client.CheckRedirect == nil || !errors.Is(client.CheckRedirect(nil, nil), http.ErrUseLastResponse) {
		t.Errorf("the default transport is %+v, want a client that follows no redirect", client)
	}
}
