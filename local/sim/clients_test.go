package sim_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pbirefresh/local/sim"
)

// TestWorkspaceListSelects: sempy, pbipy and Airflow find a workspace by $filter, and page by $top and $skip.
func TestWorkspaceListSelects(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one := b.api(http.MethodGet, "/groups/"+sim.WorkspaceID, "").json(t)["name"].(string)
	for query, want := range map[string][]string{
		"":                              {sim.WorkspaceID, sim.SharedWorkspace},
		"$filter=name eq '" + one + "'": {sim.WorkspaceID},
		"$filter=name ne '" + one + "'": {sim.SharedWorkspace},
		"$filter=name eq 'nothing'":     {},
		"$filter=contains(name,'" + one + "') or name eq 'x'":                           {sim.WorkspaceID},
		"$filter=id eq '" + sim.SharedWorkspace + "'":                                   {sim.SharedWorkspace},
		"$filter=isOnDedicatedCapacity eq true":                                         {sim.WorkspaceID},
		"$filter=isOnDedicatedCapacity eq true and id eq '" + sim.SharedWorkspace + "'": {},
		"$top=1":          {sim.WorkspaceID},
		"$top=1&$skip=1":  {sim.SharedWorkspace},
		"$top=10&$skip=5": {},
		"$top=0":          nil, "$skip=-1": nil, "$top=x": nil, "$filter=name lt 'x'": nil,
	} {
		r := b.api(http.MethodGet, "/groups?"+strings.ReplaceAll(query, " ", "%20"), "")
		if want == nil {
			if r.status != http.StatusBadRequest {
				t.Errorf("%s: got %d, want 400", query, r.status)
			}
			continue
		}
		got := []string{}
		for _, row := range r.json(t)["value"].([]any) {
			got = append(got, row.(map[string]any)["id"].(string))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
}

// TestQueryOutsideGroups: a service principal may query a model without naming its workspace.
func TestQueryOutsideGroups(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const query = `{"queries":[{"query":"EVALUATE {1}"}]}`
	if r := b.api(http.MethodPost, "/datasets/"+sim.SalesModel+"/executeQueries", query); r.status != http.StatusOK || !strings.Contains(r.body, "rows") {
		t.Errorf("got %d %s; want HTTP 200, a text with 'rows'", r.status, r.body)
	}
	if r := b.api(http.MethodPost, "/datasets/7e4a0000-51b1-4d00-8000-0000000000ff/executeQueries", query); r.status != http.StatusNotFound {
		t.Errorf("no such model: got %d %s, want 404", r.status, r.body)
	}
}

// TestTokensCanBeVerified: the token of the v1 endpoint, with RS256 and the key that the discovery document names.
func TestTokensCanBeVerified(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {sim.ClientID}, "client_secret": {sim.SecretValue},
		"resource": {"https://analysis.windows.net/powerbi/api/"}}
	answer := entraAnswer(t, b, http.MethodPost, "/"+sim.TenantID+"/oauth2/token", form.Encode())
	if seconds, ok := answer["expires_in"].(string); !ok || seconds == "" || answer["resource"] != "https://analysis.windows.net/powerbi/api" {
		t.Errorf("got %v, want the form of v1: numbers as strings, and the resource", answer)
	}
	parts := strings.Split(answer["access_token"].(string), ".")
	var header struct{ Alg, Kid string }
	decodePart(t, parts[0], &header)
	var claims struct{ Aud string }
	decodePart(t, parts[1], &claims)
	k := entraAnswer(t, b, http.MethodGet, "/"+sim.TenantID+"/discovery/v2.0/keys", "")["keys"].([]any)[0].(map[string]any)
	if header.Alg != "RS256" || header.Kid != k["kid"] || claims.Aud != "https://analysis.windows.net/powerbi/api" {
		t.Errorf("got header %+v, key %v, claims %+v; want RS256, the id of the key, the audience of Power BI", header, k, claims)
	}
	number := func(name string) *big.Int { return new(big.Int).SetBytes(raw(t, k[name].(string))) }
	public := &rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], raw(t, parts[2])); err != nil {
		t.Error(err)
	}
}

func entraAnswer(t *testing.T, b *bench, method, path, body string) map[string]any {
	t.Helper()
	r := httptest.NewRequest(method, "https://"+sim.EntraHost+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	b.Entra.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Body)
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s %s: got %d %s; want HTTP 200", method, path, w.Code, text)
	}
	return v
}

func raw(t *testing.T, part string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decodePart(t *testing.T, part string, into any) {
	t.Helper()
	if err := json.Unmarshal(raw(t, part), into); err != nil {
		t.Fatal(err)
	}
}
