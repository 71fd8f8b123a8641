package sim_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

const bearerAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// pair is a certificate with its key. Making one takes a while.
type pair struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

var pairs = sync.OnceValue(func() [2]pair {
	var made [2]pair
	for i := range made {
		certificate, text, err := sim.NewCertificate(epoch.Add(-time.Hour), 30*24*time.Hour)
		if err != nil {
			panic(err)
		}
		block, _ := pem.Decode([]byte(text))
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			panic(err)
		}
		made[i] = pair{certificate, key.(*rsa.PrivateKey)}
	}
	return made
})

// assertion is a JWT as an application signs it; changes overwrite members of the header and the claims.
func (p pair) assertion(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	sum := sha256.Sum256(p.certificate.Raw)
	h := map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}
	c := map[string]any{
		"aud": "https://" + sim.EntraHost + "/" + sim.TenantID + "/oauth2/v2.0/token", "iss": sim.ClientID, "sub": sim.ClientID, "jti": "once",
		"nbf": epoch.Unix(), "exp": epoch.Add(10 * time.Minute).Unix(),
	}
	maps.Copy(h, header)
	maps.Copy(c, claims)
	text := part(t, h) + "." + part(t, c)
	digest := sha256.Sum256([]byte(text))
	sign := func() ([]byte, error) {
		return rsa.SignPSS(rand.Reader, p.key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	}
	if h["alg"] == "RS256" {
		sign = func() ([]byte, error) { return rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, digest[:]) }
	}
	signature, err := sign()
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func part(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func withAssertion(text string) map[string]string {
	return goodForm("client_secret", "", "client_assertion", text, "client_assertion_type", bearerAssertion)
}

// Entra believes an assertion for what it proves and for nothing else.
func TestCertificateAssertions(t *testing.T) {
	t.Parallel()
	registered, stranger := pairs()[0], pairs()[1]
	short := sha1.Sum(registered.certificate.Raw)
	for _, row := range []struct {
		name           string
		by             pair
		header, claims map[string]any
		after          time.Duration
		code           float64 // 0: a token
	}{
		{"good", registered, nil, nil, 0, 0},
		{"the older form", registered, map[string]any{"alg": "RS256", "x5t#S256": nil, "x5t": base64.RawURLEncoding.EncodeToString(short[:])}, nil, 0, 0},
		{"issuer as audience", registered, nil, map[string]any{"aud": "https://" + sim.EntraHost + "/" + sim.TenantID + "/v2.0"}, 0, 0},
		{"a certificate nobody registered", stranger, nil, nil, 0, 700027},
		{"another's thumbprint", stranger, map[string]any{"x5t#S256": thumbprint(registered)}, nil, 0, 700027},
		{"no thumbprint", registered, map[string]any{"x5t#S256": nil}, nil, 0, 700027},
		{"another algorithm", registered, map[string]any{"alg": "none"}, nil, 0, 700027},
		{"for another endpoint", registered, nil, map[string]any{"aud": "https://login.example/oauth2/v2.0/token"}, 0, 700023},
		{"of another application", registered, nil, map[string]any{"iss": sim.IdentityID}, 0, 700021},
		{"about another application", registered, nil, map[string]any{"sub": sim.IdentityID}, 0, 700021},
		{"without an id", registered, nil, map[string]any{"jti": ""}, 0, 50027},
		{"too late", registered, nil, nil, 20 * time.Minute, 700024},
		{"too early", registered, nil, map[string]any{"nbf": epoch.Add(time.Hour).Unix(), "exp": epoch.Add(2 * time.Hour).Unix()}, 0, 700024},
		{"after the certificate's end", registered, nil, map[string]any{"exp": epoch.Add(99 * 24 * time.Hour).Unix()}, 40 * 24 * time.Hour, 700027},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.must(b.Entra.AddCertificate(sim.TenantID, sim.ClientID, registered.certificate))
			b.clock.Add(row.after)
			wantSignIn(t, b.signIn(sim.TenantID, withAssertion(row.by.assertion(t, row.header, row.claims))), row.code)
		})
	}
}

func thumbprint(p pair) string {
	sum := sha256.Sum256(p.certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func wantSignIn(t *testing.T, r reply, code float64) {
	t.Helper()
	if code == 0 {
		if r.status != http.StatusOK {
			t.Errorf("got %d %s; want HTTP 200", r.status, r.body)
		}
		return
	}
	codes, _ := r.json(t)["error_codes"].([]any)
	if r.status < 400 || len(codes) != 1 || codes[0] != code {
		t.Errorf("%d %s, want AADSTS%.0f", r.status, r.body, code)
	}
}

func TestACertificateThatWasTakenAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.Entra.AddCertificate(sim.TenantID, sim.ClientID, pairs()[0].certificate))
	b.must(b.Entra.RemoveCertificates(sim.TenantID, sim.ClientID))
	wantSignIn(t, b.signIn(sim.TenantID, withAssertion(pairs()[0].assertion(t, nil, nil))), 700027)
	if b.Entra.AddCertificate(sim.TenantID, "nobody", pairs()[0].certificate) == nil || b.Entra.ObjectID(sim.TenantID, "nobody") != "" {
		t.Error("an unknown application: got a certificate or an id, want an error and none")
	}
}

// A managed identity's token for the exchange, and only that, is an assertion of the application that trusts it.
func TestFederatedAssertions(t *testing.T) {
	t.Parallel()
	const audience = "api://AzureADTokenExchange"
	for _, row := range []struct {
		name   string
		change func(*sim.FederatedCredential)
		asked  string // the resource that the identity is asked for
		of     string // whose token
		after  time.Duration
		code   float64
	}{
		{"good", nil, audience, sim.IdentityID, 0, 0},
		{"another cloud's audience", nil, audience + "USGov", sim.IdentityID, 0, 700213},
		{"a token for something else", nil, "https://vault.azure.net", sim.IdentityID, 0, 700213},
		{"another identity", nil, audience, sim.ClientID, 0, 700213},
		{"issuer of another tenant", func(f *sim.FederatedCredential) { f.Issuer = sim.FederatedIssuer("other") }, audience, sim.IdentityID, 0, 700213},
		{"client id in place of the object id", func(f *sim.FederatedCredential) { f.Subject = sim.IdentityID }, audience, sim.IdentityID, 0, 700213},
		{"expired", nil, audience, sim.IdentityID, 91 * 24 * time.Hour, 700024},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			f := sim.FederatedCredential{Issuer: sim.FederatedIssuer(sim.TenantID), Subject: b.Entra.ObjectID(sim.TenantID, sim.IdentityID), Audience: audience}
			if row.change != nil {
				row.change(&f)
			}
			b.must(b.Entra.AddFederated(sim.TenantID, sim.ClientID, f))
			token, _, err := b.Entra.Token(sim.TenantID, row.of, row.asked)
			b.must(err)
			b.clock.Add(row.after)
			wantSignIn(t, b.signIn(sim.TenantID, withAssertion(token)), row.code)
		})
	}
}

func TestVersionsOfASecret(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.secret(sim.SecretName, sim.IdentityID).json(t)["id"]
	b.Vault.SetSecret(sim.SecretName, sim.Secret{Value: "next", Disabled: true, Expires: epoch.Add(time.Hour)})
	r := b.secret(sim.SecretName+"/versions", sim.IdentityID)
	rows, _ := r.json(t)["value"].([]any)
	if r.status != http.StatusOK || len(rows) != 2 {
		t.Fatalf("got %d %s; want HTTP 200, 2 rows", r.status, r.body)
	}
	old, latest := rows[0].(map[string]any), rows[1].(map[string]any)
	if old["id"] != first || old["value"] != nil || latest["value"] != nil || latest["attributes"].(map[string]any)["enabled"] != false {
		t.Errorf("got %v; want id %v, value nil, enabled false", rows, first)
	}
	if r := b.secret("nobody/versions", sim.IdentityID); r.status != http.StatusNotFound {
		t.Errorf("versions of nothing: got %d; want HTTP 404", r.status)
	}
	if r := b.secret(sim.SecretName+"/versions", sim.ClientID); r.status != http.StatusForbidden {
		t.Errorf("versions for anybody: got %d; want HTTP 403", r.status)
	}
}
