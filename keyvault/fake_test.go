package keyvault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	tenant   = "11111111-2222-3333-4444-555555555555"
	client   = "66666666-7777-8888-9999-000000000000"
	scope    = "https://analysis.windows.net/powerbi/api/.default"
	goodURL  = "https://kv.vault.azure.net"
	resource = "https://vault.azure.net"
)

// world is Key Vault and Entra ID in memory, as a transport.
type world struct {
	mu        sync.Mutex
	value     string    // of the secret's latest version
	version   string    // of it
	expires   time.Time // of it
	disabled  bool      // it is
	older     []older   // versions before it, oldest first
	valid     []string  // secrets that Entra ID accepts
	challenge string    // resource in the vault's challenge; empty: the public one
	rejection string    // Entra ID's answer to other secrets
	vault     func(r *http.Request) (*http.Response, error)
	entra     func(r *http.Request) (*http.Response, error)
	delay     time.Duration
	slow      string // part of the path that is delayed

	reads, lists, tokens int
	claims               []string
	assertions           []string // that Entra ID received
	trusted              string   // the assertion that it accepts; empty: all
}

// older is a version that is not the latest.
type older struct {
	value, version string
	disabled       bool
	expires        time.Time
}

func newWorld() *world {
	return &world{value: "s3cret-one", version: "v1", valid: []string{"s3cret-one"}, rejection: aad(7000215, "invalid_client", "Invalid client secret provided.")}
}

// aad is Entra ID's error body (documented).
func aad(code int, kind, text string) string {
	b, _ := json.Marshal(map[string]any{
		"error": kind, "error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: t\r\nCorrelation ID: c", code, text),
		"error_codes": []int{code}, "trace_id": "t", "correlation_id": "c",
	})
	return string(b)
}

func reply(status int, body string, headers ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func (w *world) Do(r *http.Request) (*http.Response, error) {
	if w.delay > 0 && strings.Contains(r.URL.Path, w.slow) {
		select {
		case <-time.After(w.delay):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	resp, err := w.route(r)
	if resp != nil {
		resp.Request = r
	}
	return resp, err
}

func (w *world) route(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
		base := "https://" + r.URL.Host + "/" + tenant
		return reply(200, fmt.Sprintf(`{"authorization_endpoint":"%[1]s/oauth2/v2.0/authorize","token_endpoint":"%[1]s/oauth2/v2.0/token","issuer":"%[1]s/v2.0"}`, base)), nil
	case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token"):
		return w.token(r)
	case strings.HasPrefix(r.URL.Path, "/secrets/"):
		return w.secret(r)
	default:
		return nil, errors.New("no server at " + r.URL.String())
	}
}

func (w *world) token(r *http.Request) (*http.Response, error) {
	w.tokens++
	if w.entra != nil {
		return w.entra(r)
	}
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	w.claims = append(w.claims, form.Get("claims"))
	if a := form.Get("client_assertion"); a != "" {
		w.assertions = append(w.assertions, a)
		if w.trusted != "" && w.trusted != a {
			return reply(401, w.rejection), nil
		}
		return reply(200, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d"}`, w.tokens)), nil
	}
	for _, v := range w.valid {
		if form.Get("client_secret") == v && form.Get("client_id") == client {
			return reply(200, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d"}`, w.tokens)), nil
		}
	}
	return reply(401, w.rejection), nil
}

func (w *world) secret(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") == "" {
		res := w.challenge
		if res == "" {
			res = resource
		}
		return reply(401, "", `WWW-Authenticate: Bearer authorization="https://login.microsoftonline.com/`+tenant+`", resource="`+res+`"`), nil
	}
	versions := append(slices.Clone(w.older), older{w.value, w.version, w.disabled, w.expires})
	if strings.HasSuffix(r.URL.Path, "/versions") {
		w.lists++
		return listed(versions), nil
	}
	w.reads++
	if w.vault != nil {
		return w.vault(r)
	}
	asked := versions[len(versions)-1]
	if i := slices.IndexFunc(versions, func(o older) bool { return strings.HasSuffix(r.URL.Path, "/"+o.version) }); i >= 0 {
		asked = versions[i]
	}
	if asked.disabled {
		return reply(403, forbidden("SecretDisabled", "Operation get is not allowed on a disabled secret.")), nil
	}
	row := asked.row(0)
	row["value"] = asked.value
	b, _ := json.Marshal(row)
	return reply(200, string(b)), nil
}

// row is a version as the vault returns it (documented). Later ones were created later.
func (o older) row(created int) map[string]any {
	attributes := map[string]any{"enabled": !o.disabled, "created": 1_700_000_000 + created}
	if !o.expires.IsZero() {
		attributes["exp"] = o.expires.Unix()
	}
	return map[string]any{"id": goodURL + "/secrets/powerbi/" + o.version, "attributes": attributes}
}

// listed shuffles: the order is not documented.
func listed(versions []older) *http.Response {
	var rows []map[string]any
	for i, o := range versions {
		rows = append(rows, o.row(i))
	}
	rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	b, _ := json.Marshal(map[string]any{"value": rows, "nextLink": nil})
	return reply(200, string(b))
}

func (w *world) set(f func(*world)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w)
}

func (w *world) counts() (reads, tokens int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reads, w.tokens
}

// identity is the managed identity.
type identity struct {
	err    error
	mu     sync.Mutex
	scopes []string
}

func (i *identity) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.scopes = append(i.scopes, o.Scopes...)
	return azcore.AccessToken{Token: "vault-token", ExpiresOn: time.Now().Add(24 * time.Hour)}, i.err
}

func options(w *world) Options {
	return Options{
		VaultURL: goodURL, SecretName: "powerbi", TenantID: tenant, ClientID: client,
		DisableInstanceDiscovery: true, Identity: new(identity), Transport: w,
	}
}

func newCredential(t *testing.T, o Options) *Credential {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func get(t *testing.T, c *Credential) (string, error) {
	t.Helper()
	return getClaims(t, c, "")
}

func getClaims(t *testing.T, c *Credential, claims string) (string, error) {
	t.Helper()
	token, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{scope}, EnableCAE: true, Claims: claims})
	return token.Token, err
}

// wantCounts checks the number of vault reads and token requests.
func (w *world) wantCounts(t *testing.T, reads, tokens int) {
	t.Helper()
	if r, n := w.counts(); r != reads || n != tokens {
		t.Errorf("%d vault reads and %d token requests, want %d and %d", r, n, reads, tokens)
	}
}
