package doctor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/keyvault"
	"pbirefresh/lease"
	"pbirefresh/local/sim"
	"pbirefresh/powerbi"
)

const (
	testBase = "https://app.example.net"
	goodHost = `{"version":"2.0","functionTimeout":"00:05:00","customHandler":{"enableForwardingHttpRequest":true},"extensions":{"http":{"routePrefix":"api"}}}`
)

// bench is an app whose cloud is a simulator; tests break one thing.
type bench struct {
	cloud  *sim.Cloud
	store  lease.Store
	deps   Deps
	host   string            // host.json
	app    map[string]answer // answers of the app's own routes, besides the right ones
	model  powerbi.Dataset
	forged string                                        // claims of the token; empty: the real ones
	cut    map[string]error                              // host to what stands between the app and it
	answer map[string]func(*http.Request) *http.Response // ... and what answers in its place
}

// answer of the app or of its host.
type answer struct {
	status int
	byApp  bool
}

func newBench() *bench {
	b := &bench{cloud: sim.NewCloud(sim.Options{}), store: lease.NewMemory(), host: goodHost, app: map[string]answer{}, model: dataset(sim.Sales()),
		cut: map[string]error{}, answer: map[string]func(*http.Request) *http.Response{}}
	b.cloud.PowerBI.ShowCapacity(sim.WorkspaceID, "Active")
	b.deps.Settings = Settings{
		Method: keyvault.ClientSecret, TenantID: sim.TenantID, ClientID: sim.ClientID, VaultURL: "https://" + sim.VaultHost, SecretName: sim.SecretName,
		Scope: sim.Audiences()[0] + "/.default", StorageURL: "https://state.blob.core.windows.net", Container: "pbirefresh",
		BaseURL: testBase, LongestRequest: 210 * time.Second, HostVersion: "4.1037.0.0",
	}
	return b
}

func dataset(r sim.Ref) powerbi.Dataset {
	return powerbi.Dataset{WorkspaceID: r.Workspace, DatasetID: r.Model}
}

// run walks with fresh clients, as the app does.
func (b *bench) run(t *testing.T) []Check {
	t.Helper()
	d := b.deps
	signer, err := keyvault.New(keyvault.Options{
		Method: d.Method, VaultURL: d.VaultURL, SecretName: d.SecretName, TenantID: d.TenantID, ClientID: d.ClientID, DisableInstanceDiscovery: true,
		Identity: identity{b}, Transport: b, Timeout: stepLimit,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Signer = &forger{Credential: signer, forged: &b.forged}
	if d.PowerBI, err = powerbi.NewClient(signer, powerbi.Options{Transport: b}); err != nil {
		t.Fatal(err)
	}
	d.Store, d.Web, d.Files = b.store, b, fstest.MapFS{"host.json": {Data: []byte(b.host)}}
	return Run(t.Context(), d, b.model)
}

// Do is the network: the app's own routes, and the services of the simulator.
func (b *bench) Do(r *http.Request) (*http.Response, error) {
	if b.cut[r.URL.Host] != nil {
		return nil, b.cut[r.URL.Host]
	}
	if b.answer[r.URL.Host] != nil {
		return b.answer[r.URL.Host](r), nil
	}
	if "https://"+r.URL.Host != testBase {
		return b.cloud.Transport().Do(r)
	}
	a, ok := b.app[r.Method+" "+r.URL.Path]
	for _, right := range selfTest() {
		if !ok && right.path == r.URL.Path && right.method == r.Method {
			a = answer{right.want, right.want != http.StatusUnauthorized}
		}
	}
	if r.Header.Get("Authorization")+r.Header.Get("X-Functions-Key") != "" {
		a.status = http.StatusTeapot // the self-test goes without any credential
	}
	if a.status == 0 {
		return nil, errors.New("dial tcp: no route to host")
	}
	h := http.Header{}
	if a.byApp {
		h.Set("X-Pbirefresh-Version", "1.2.3")
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

// identity asks the simulator's managed identity endpoint, as azidentity does.
type identity struct{ *bench }

func (i identity) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	resource := strings.TrimSuffix(o.Scopes[0], "/.default")
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+sim.IdentityHost+"/?api-version=2019-08-01&resource="+url.QueryEscape(resource), http.NoBody)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	r.Header.Set("X-Identity-Header", i.cloud.Identity.Header())
	resp, err := i.cloud.Transport().Do(r)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	var body struct {
		Token   string `json:"access_token"`
		Expires string `json:"expires_on"`
		Message string `json:"message"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || resp.StatusCode != http.StatusOK {
		return azcore.AccessToken{}, fmt.Errorf("managed identity: HTTP %d %s", resp.StatusCode, body.Message)
	}
	seconds, err := strconv.ParseInt(body.Expires, 10, 64)
	return azcore.AccessToken{Token: body.Token, ExpiresOn: time.Unix(seconds, 0)}, err
}

// forger replaces the claims of the token that the doctor reads. Power BI gets the real one.
type forger struct {
	*keyvault.Credential
	forged *string // payload; empty: the real one
	asked  int
}

func (f *forger) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := f.Credential.GetToken(ctx, o)
	if f.asked++; f.asked == 1 && err == nil && *f.forged != "" {
		token.Token = "e30." + base64.RawURLEncoding.EncodeToString([]byte(*f.forged)) + ".x"
	}
	return token, err
}

// find returns a check by its name.
func find(checks []Check, name string) Check {
	for _, c := range checks {
		if c.Name == name {
			return c
		}
	}
	return Check{}
}

// states are the names of the checks that ended so.
func states(checks []Check, s State) string {
	var names []string
	for _, c := range checks {
		if c.State == s {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, " ")
}
