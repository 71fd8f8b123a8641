package sim

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// defaultLifetime is what Entra usually grants an application: an hour, less a second.
const defaultLifetime = 3599 * time.Second

// Entra is Entra ID: discovery documents and the token endpoint for client credentials. Safe for concurrent use.
type Entra struct {
	*stage
	mux *http.ServeMux

	mu       sync.Mutex
	key      *rsa.PrivateKey
	lifetime time.Duration
	tenants  map[string]map[string]*app // tenant -> application id -> application
}

// A ClientSecret is one secret of an application; an application may have several, as during a rotation.
type ClientSecret struct {
	Value   string
	Expires time.Time // zero: never
}

// app is an application registration with its service principal.
type app struct {
	id           string
	objectID     string
	secrets      []ClientSecret
	certificates []*x509.Certificate
	federated    []FederatedCredential
	revision     int
}

func newEntra(st *stage, lifetime time.Duration) *Entra {
	s := &Entra{stage: st, mux: http.NewServeMux(), lifetime: lifetime, key: signingKey(), tenants: map[string]map[string]*app{}}
	if s.lifetime == 0 {
		s.lifetime = defaultLifetime
	}
	s.mux.HandleFunc("GET /common/discovery/instance", func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, call{service: "entra", op: OpDiscovery, do: func() Answer { return s.instanceDiscovery(r) }})
	})
	s.mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, call{service: "entra", op: OpDiscovery, do: func() Answer { return s.tenantDiscovery(r) }})
	})
	for _, path := range []string{"/{tenant}/discovery/v2.0/keys", "/{tenant}/discovery/keys"} {
		s.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			s.serve(w, r, call{service: "entra", op: OpDiscovery, do: s.keys})
		})
	}
	for path, audience := range map[string]func(url.Values) string{
		"/{tenant}/oauth2/v2.0/token": func(form url.Values) string { return resourceOf(form.Get("scope")) },
		"/{tenant}/oauth2/token":      func(form url.Values) string { return strings.TrimSuffix(form.Get("resource"), "/") }, // v1
	} {
		s.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			err := r.ParseForm() // before any delay: net/http detects a caller that leaves only after the body is read
			s.serve(w, r, call{service: "entra", op: OpToken, do: func() Answer { return s.token(r, audience(r.PostForm), err) }})
		})
	}
	return s
}

// ServeHTTP implements [http.Handler].
func (s *Entra) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	w.Header().Set("X-Ms-Request-Id", s.newID())
	s.mux.ServeHTTP(w, r)
}

// AddTenant adds a tenant.
func (s *Entra) AddTenant(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tenants[key(tenant)] == nil {
		s.tenants[key(tenant)] = map[string]*app{}
	}
}

// AddApp registers an application in a tenant, or replaces its secrets.
func (s *Entra) AddApp(tenant, appID string, secrets ...ClientSecret) {
	s.AddTenant(tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	apps := s.tenants[key(tenant)]
	if old := apps[key(appID)]; old != nil {
		old.secrets = secrets
		return
	}
	apps[key(appID)] = &app{id: appID, objectID: s.newID(), secrets: secrets}
}

// SetLifetime changes the lifetime of later tokens.
func (s *Entra) SetLifetime(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lifetime = d
}

// RevokeTokens revokes every token of an application, as an incident response would; services answer as to an expired
// one. Clients that cache tokens learn of it when they use one.
func (s *Entra) RevokeTokens(appID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, apps := range s.tenants {
		if a := apps[key(appID)]; a != nil {
			a.revision++
		}
	}
}

// Token issues a token without a request, for tests that are not about signing in. The audience has no "/.default".
func (s *Entra) Token(tenant, appID, audience string) (token string, expires time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.tenants[key(tenant)][key(appID)]
	if a == nil {
		return "", time.Time{}, fmt.Errorf("sim: no application %s in tenant %s", appID, tenant)
	}
	token, expires = s.issue(tenant, a, audience)
	return token, expires, nil
}

// issue needs the lock.
func (s *Entra) issue(tenant string, a *app, audience string) (string, time.Time) {
	now := s.now()
	expires := now.Add(s.lifetime)
	claims := tokenClaims{
		Audience: audience, Issuer: "https://sts.windows.net/" + tenant + "/", Subject: a.objectID, IssuedAt: now.Unix(), Before: now.Unix(),
		Expires: expires.Unix(), AppID: a.id, ObjectID: a.objectID, TenantID: tenant, Version: "1.0", Revision: a.revision,
	}
	if strings.HasPrefix(audience, "api://AzureADTokenExchange") { // documented: the issuer of such a token
		claims.Issuer, claims.Version = FederatedIssuer(tenant), "2.0"
	}
	return signToken(s.key, claims), expires
}

// FederatedIssuer is the issuer of the tokens that managed identities of a tenant exchange.
func FederatedIssuer(tenant string) string {
	return "https://" + EntraHost + "/" + tenant + "/v2.0"
}

// verify checks a token for Power BI and Key Vault. The claims are set as far as they can be read, even with an error.
func (s *Entra) verify(token string) (tokenClaims, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.check(token)
}

// check needs the lock.
func (s *Entra) check(token string) (tokenClaims, error) {
	claims, err := parseToken(&s.key.PublicKey, token)
	if err != nil {
		return claims, err
	}
	if !s.now().Before(time.Unix(claims.Expires, 0)) {
		return claims, errors.New("expired")
	}
	a := s.tenants[key(claims.TenantID)][key(claims.AppID)]
	if a == nil || a.revision != claims.Revision {
		return claims, errors.New("revoked")
	}
	return claims, nil
}
