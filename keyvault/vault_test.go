package keyvault

import (
	"testing"
)

// TestVaultHosts: which hosts work with which challenge.
func TestVaultHosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, url, challenge string
		works                bool
	}{
		{"public", "https://kv.vault.azure.net", "https://vault.azure.net", true},
		{"government", "https://kv.vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net", true},
		{"public with a foreign resource", "https://kv.vault.azure.net", "https://management.azure.com", false},
		{"public with another cloud's vaults", "https://kv.vault.azure.net", "https://vault.azure.cn", false},
		{"emulator on loopback", "https://127.0.0.1:8443", "https://vault.azure.net", true},
		{"emulator that names itself", "https://127.0.0.1:8443", "https://127.0.0.1:8443", true},
		{"emulator with a name", "https://kv.localhost:8443", "https://vault.azure.net", true},
		{"private cloud", "https://kv.vault.local.contoso.example", "https://vault.local.contoso.example", true},
		{"hostile host that wants a token for Resource Manager", "https://127.0.0.1:8443", "https://management.azure.com", false},
		{"hostile host that wants a token for Graph", "https://127.0.0.1:8443", "https://graph.microsoft.com", false},
		{"emulator with plain http", "https://127.0.0.1:8443", "http://vault.azure.net", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.challenge = tt.challenge
			id := new(identity)
			o := options(w)
			o.VaultURL, o.Identity = tt.url, id
			_, err := get(t, newCredential(t, o))
			if (err == nil) != tt.works {
				t.Errorf("got %v, want works=%v", err, tt.works)
			}
			if !tt.works && (len(id.scopes) != 0 || !hasCode(err, CodeUnexpected, CodeVaultUnreachable)) {
				t.Errorf("scopes of the identity's tokens: %v, with %v, want none", id.scopes, err)
			}
		})
	}
}

func TestPinnedScopes(t *testing.T) {
	t.Parallel()
	for scope, want := range map[string]bool{
		"https://vault.azure.net/.default":      true,
		"https://managedhsm.azure.net/.default": true,
		"https://VAULT.azure.net":               true,
		"https://contoso.example/.default":      true, // a parent of the host
		"https://example/.default":              false,
		"https://vaults.azure.net/.default":     false,
		"https://storage.azure.com/.default":    false,
		"vault.azure.net/.default":              false,
		"":                                      false,
		"https://%zz":                           false,
	} {
		if got := (pinned{host: "kv.contoso.example"}).allows(scope); got != want {
			t.Errorf("%q: %v, want %v", scope, got, want)
		}
	}
}
