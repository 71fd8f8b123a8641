package sim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the older thumbprint of a certificate, as documented
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A FederatedCredential lets the holder of a token of the issuer for the subject sign in as the application (documented:
// "Configure an application to trust a managed identity").
type FederatedCredential struct {
	Issuer   string // https://login.microsoftonline.com/{tenant}/v2.0
	Subject  string // object id of the managed identity; case-sensitive
	Audience string // api://AzureADTokenExchange in the public cloud
}

// AddCertificate registers the public part of a certificate with an application.
func (s *Entra) AddCertificate(tenant, appID string, certificate *x509.Certificate) error {
	return s.change(tenant, appID, func(a *app) { a.certificates = append(a.certificates, certificate) })
}

// RemoveCertificates removes all certificates of an application.
func (s *Entra) RemoveCertificates(tenant, appID string) error {
	return s.change(tenant, appID, func(a *app) { a.certificates = nil })
}

// AddFederated adds a federated credential to an application.
func (s *Entra) AddFederated(tenant, appID string, credential FederatedCredential) error {
	return s.change(tenant, appID, func(a *app) { a.federated = append(a.federated, credential) })
}

func (s *Entra) change(tenant, appID string, do func(*app)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.tenants[key(tenant)][key(appID)]
	if a == nil {
		return fmt.Errorf("sim: no application %s in tenant %s", appID, tenant)
	}
	do(a)
	return nil
}

// ObjectID is the principal id of an application or identity, which a federated credential names as its subject.
func (s *Entra) ObjectID(tenant, appID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.tenants[key(tenant)][key(appID)]; a != nil {
		return a.objectID
	}
	return ""
}

// assertionHeader is documented in "Microsoft identity platform application authentication certificate credentials"; x5t is in
// its earlier editions.
type assertionHeader struct {
	Algorithm  string `json:"alg"`
	Type       string `json:"typ"`
	SHA256     string `json:"x5t#S256"`
	Thumbprint string `json:"x5t"`
	KeyID      string `json:"kid"` // of this Entra's own tokens
}

type assertionClaims struct {
	Audience string `json:"aud"`
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	ID       string `json:"jti"`
	Before   int64  `json:"nbf"`
	Expires  int64  `json:"exp"`
}

// rejectAssertion verifies a client assertion: one that the application signed with a registered certificate, or a token of
// this Entra that a federated credential trusts.
func (s *Entra) rejectAssertion(r *http.Request, tenant string, a *app) (entraCode, string) {
	assertion := r.PostForm.Get("client_assertion")
	var header assertionHeader
	var claims assertionClaims
	parts := strings.Split(assertion, ".")
	if r.PostForm.Get("client_assertion_type") != assertionType || len(parts) != 3 || !decodePart(parts[0], &header) || !decodePart(parts[1], &claims) {
		return malformedAssertion, "AADSTS50027: JWT token is invalid or malformed."
	}
	if header.KeyID == keyID(&s.key.PublicKey) {
		return s.rejectFederated(assertion, tenant, a)
	}
	certificate := a.certificate(header)
	switch {
	case certificate == nil:
		return badAssertion, "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found.]"
	case !signed(certificate, header.Algorithm, parts):
		return badAssertion, "AADSTS700027: Client assertion contains an invalid signature."
	case s.now().After(certificate.NotAfter):
		return badAssertion, "AADSTS700027: Client assertion contains an invalid signature. [Reason - The key used is expired.]"
	}
	return claims.reject(a.id, s.now(), audiences(r, tenant))
}

// audiences: the token endpoint (documented); unverified: that the issuer is accepted as well.
func audiences(r *http.Request, tenant string) []string {
	base := "https://" + r.Host + "/" + tenant
	return []string{base + "/oauth2/v2.0/token", base + "/v2.0"}
}

// reject: unverified: the texts, and the numbers except 700024.
func (c assertionClaims) reject(appID string, now time.Time, audiences []string) (entraCode, string) {
	const skew = 5 * time.Minute
	before, expires := time.Unix(c.Before, 0), time.Unix(c.Expires, 0)
	switch {
	case !sameID(c.Audience, audiences[0]) && !sameID(c.Audience, audiences[1]):
		return badAudience, "AADSTS700023: Client assertion audience claim does not match Realm issuer."
	case !sameID(c.Issuer, appID) || !sameID(c.Subject, appID):
		return badIssuer, "AADSTS700021: Client assertion application identifier doesn't match 'client_id' parameter."
	case c.ID == "":
		return malformedAssertion, "AADSTS50027: JWT token is invalid or malformed."
	case now.Add(skew).Before(before) || now.Add(-skew).After(expires):
		return badTimes, "AADSTS700024: Client assertion is not within its valid time range."
	}
	return entraCode{}, ""
}

// certificate finds the registered certificate that a header names.
func (a *app) certificate(h assertionHeader) *x509.Certificate {
	for _, c := range a.certificates {
		long := sha256.Sum256(c.Raw)
		short := sha1.Sum(c.Raw) //nolint:gosec // see the import
		if encodes(h.SHA256, long[:]) || h.SHA256 == "" && encodes(h.Thumbprint, short[:]) {
			return c
		}
	}
	return nil
}

// encodes: base64url is documented; MSAL for Go sends standard base64, and shipped code relies on Entra accepting it (seen).
func encodes(text string, sum []byte) bool {
	return text == base64.RawURLEncoding.EncodeToString(sum) || text == base64.StdEncoding.EncodeToString(sum)
}

func signed(c *x509.Certificate, algorithm string, parts []string) bool {
	public, ok := c.PublicKey.(*rsa.PublicKey)
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if !ok || err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch algorithm {
	case "PS256":
		return rsa.VerifyPSS(public, crypto.SHA256, sum[:], signature, nil) == nil
	case "RS256":
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) == nil
	default:
		return false
	}
}

// rejectFederated: seen: 70021 and 700213 for a subject that no credential names. unverified: which code belongs to which other case.
func (s *Entra) rejectFederated(token, tenant string, a *app) (entraCode, string) {
	claims, err := s.check(token)
	if err != nil {
		return badTimes, "AADSTS700024: Client assertion is not within its valid time range: " + err.Error() + "."
	}
	for _, f := range a.federated {
		if f.Issuer == claims.Issuer && f.Subject == claims.Subject && f.Audience == claims.Audience {
			return entraCode{}, ""
		}
	}
	return noFederation, "AADSTS700213: No matching federated identity record found for presented assertion subject '" + claims.Subject +
		"'. Check your federated identity credential Subject, Audience and Issuer (" + claims.Issuer + ", " + claims.Audience + ", tenant " + tenant + ")."
}

func decodePart(part string, into any) bool {
	b, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(b, into) == nil
}
