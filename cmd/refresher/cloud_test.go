package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"pbirefresh/refresh/machine"
)

// wire answers for all of Azure and remembers who was asked for what.
type wire struct {
	mu       sync.Mutex
	hosts    map[string]bool
	audience map[string]bool // of tokens: resources of the identity, scopes at Entra ID
	vaultIs  string          // the resource in the vault's challenge
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	host, path := r.URL.Host, r.URL.Path
	if host == "identity.example" {
		w.audience[r.URL.Query().Get("resource")] = true
		return answer(r, 200, `{"access_token":"identity-token","expires_on":"4102444800","resource":"x","token_type":"Bearer"}`), nil
	}
	w.hosts[host] = true
	switch {
	case strings.HasSuffix(path, "/discovery/instance"):
		return answer(r, 200, fmt.Sprintf(`{"tenant_discovery_endpoint":"https://%s/%s/v2.0/.well-known/openid-configuration","metadata":[{"preferred_network":%[1]q,"preferred_cache":%[1]q,"aliases":[%[1]q]}]}`, host, aGUID)), nil
	case strings.HasSuffix(path, "/openid-configuration"):
		base := "https://" + host + "/" + aGUID
		return answer(r, 200, fmt.Sprintf(`{"authorization_endpoint":"%[1]s/a","token_endpoint":"%[1]s/oauth2/v2.0/token","issuer":"%[1]s/v2.0"}`, base)), nil
	case strings.HasSuffix(path, "/oauth2/v2.0/token"):
		return w.token(r)
	case strings.HasPrefix(path, "/secrets/"):
		return w.secret(r)
	case strings.Contains(host, ".blob."):
		return answer(r, 404, "", "x-ms-error-code", "BlobNotFound", "Date", "Mon, 02 Jan 2006 15:04:05 GMT"), nil
	default:
		return answer(r, 200, `{"value":[]}`), nil
	}
}

func (w *wire) token(r *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(b))
	if err != nil {
		return nil, err
	}
	for scope := range strings.FieldsSeq(form.Get("scope")) {
		if strings.HasSuffix(scope, "/.default") {
			w.audience[scope] = true
		}
	}
	return answer(r, 200, `{"token_type":"Bearer","expires_in":3600,"access_token":"app-token"}`), nil
}

func (w *wire) secret(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") == "" {
		return answer(r, 401, "", "WWW-Authenticate", `Bearer authorization="https://login.windows.net/x", resource="`+w.vaultIs+`"`), nil
	}
	return answer(r, 200, `{"value":"s3cret","id":"https://`+r.URL.Host+`/secrets/powerbi-client-secret/v1","attributes":{"enabled":true}}`), nil
}

func answer(r *http.Request, status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// expected is all that one cloud may be asked.
type expected struct {
	api, scope, authority, vault, vaultResource, blob, exchange string
}

func cloudsExpected() map[string]expected {
	return map[string]expected{
		"public": {"api.powerbi.com", "https://analysis.windows.net/powerbi/api/.default", "login.microsoftonline.com",
			"kv.vault.azure.net", "https://vault.azure.net", "acct.blob.core.windows.net", "api://AzureADTokenExchange"},
		"usgov": {"api.powerbigov.us", "https://analysis.usgovcloudapi.net/powerbi/api/.default", "login.microsoftonline.com",
			"kv.vault.azure.net", "https://vault.azure.net", "acct.blob.core.windows.net", "api://AzureADTokenExchange"},
		"usgovhigh": {"api.high.powerbigov.us", "https://high.analysis.usgovcloudapi.net/powerbi/api/.default", "login.microsoftonline.us",
			"kv.vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net", "acct.blob.core.usgovcloudapi.net", "api://AzureADTokenExchangeUSGov"},
		"usgovmil": {"api.mil.powerbigov.us", "https://mil.analysis.usgovcloudapi.net/powerbi/api/.default", "login.microsoftonline.us",
			"kv.vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net", "acct.blob.core.usgovcloudapi.net", "api://AzureADTokenExchangeUSGov"},
		"china": {"api.powerbi.cn", "https://analysis.chinacloudapi.cn/powerbi/api/.default", "login.chinacloudapi.cn",
			"kv.vault.azure.cn", "https://vault.azure.cn", "acct.blob.core.chinacloudapi.cn", "api://AzureADTokenExchangeChina"},
	}
}

// The wired program of each cloud asks only that cloud, for tokens of that cloud.
func TestEachCloudIsItsOwn(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", "https://identity.example/msi/token")
	t.Setenv("IDENTITY_HEADER", "header")
	for name, want := range cloudsExpected() {
		for _, method := range []string{"keyvault-secret", "federated", "managed-identity"} {
			hosts, audience := spoken(t, name, method, want)
			wantHosts, wantAudience := []string{want.api, want.blob}, []string{"https://storage.azure.com"}
			switch method {
			case "keyvault-secret":
				wantHosts = append(wantHosts, want.authority, want.vault)
				wantAudience = append(wantAudience, want.scope, want.vaultResource)
			case "federated":
				wantHosts = append(wantHosts, want.authority)
				wantAudience = append(wantAudience, want.scope, want.exchange)
			case "managed-identity":
				wantAudience = append(wantAudience, strings.TrimSuffix(want.scope, "/.default"))
			}
			slices.Sort(wantHosts)
			slices.Sort(wantAudience)
			if !slices.Equal(hosts, wantHosts) || !slices.Equal(audience, wantAudience) {
				t.Errorf("%s, %s:\nspoke to %v, want %v\ntokens for %v, want %v", name, method, hosts, wantHosts, audience, wantAudience)
			}
		}
	}
}

// spoken lets the program read storage and call Power BI, and returns whom it asked.
func spoken(t *testing.T, name, method string, c expected) (hosts, audience []string) {
	t.Helper()
	w := &wire{hosts: map[string]bool{}, audience: map[string]bool{}, vaultIs: c.vaultResource}
	s := mustRead(t, map[string]string{
		"POWERBI_CLOUD": name, "POWERBI_AUTH": method, "KEY_VAULT_URL": "https://" + c.vault,
		"STATE_STORAGE": "-", "AzureWebJobsStorage__accountName": "acct",
		// The library keeps the tokens of an identity for the whole process.
		"AZURE_CLIENT_ID": newGUID(),
	})
	s.web = &http.Client{Transport: w}
	a, err := newApp(s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = a.store.Read(t.Context(), "models/x.json") // there is none
	if err := a.upstream.Warm(t.Context()); err != nil {
		t.Errorf("%s, %s: %v", name, method, err)
	}
	a.upstream.Look(t.Context(), machine.Model{WorkspaceID: aGUID, DatasetID: anotherGUID}, machine.Look{})
	w.mu.Lock()
	defer w.mu.Unlock()
	return sortedKeys(w.hosts), sortedKeys(w.audience)
}

func sortedKeys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

func newGUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// What a setting overrides takes the place of what the cloud says.
func TestCloudOverrides(t *testing.T) {
	t.Parallel()
	s := mustRead(t, map[string]string{
		"POWERBI_CLOUD": "china", "POWERBI_API_URL": "https://api.example", "POWERBI_SCOPE": "https://scope.example/.default",
		"AZURE_AUTHORITY_HOST": "https://login.example", "TOKEN_EXCHANGE_AUDIENCE": "api://Other",
		"STATE_STORAGE": "-", "STATE_STORAGE__blobServiceUri": "https://blob.example",
	})
	b, err := json.Marshal([]string{s.cloud.API, s.cloud.Scope, s.cloud.Authority, s.tokenExchange, s.storage.serviceURL})
	if want := `["https://api.example","https://scope.example/.default","https://login.example","api://Other","https://blob.example"]`; err != nil || string(b) != want {
		t.Errorf("%s, want %s", b, want)
	}
}
