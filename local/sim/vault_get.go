package sim

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// publicVaultResource is the resource in the challenge of the public cloud's vaults.
const publicVaultResource = "https://vault.azure.net"

// get answers GET /secrets/{name}, /secrets/{name}/{version} and /secrets/{name}/versions to a caller that may read.
func (s *Vault) get(r *http.Request, reveal func(host, name, version string) Answer) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	header := r.Header.Get("Authorization")
	if header == "" {
		return s.challenge(r, "AKV10000: Request is missing a Bearer or PoP token.", "") // seen: azure-sdk-for-js recordings
	}
	claims, err := s.tokens.verify(strings.TrimPrefix(header, "Bearer "))
	if err != nil { // unverified: the text
		return s.challenge(r, "[BearerReadAccessTokenFailed] Error validating token: "+err.Error()+".", `, error="invalid_token"`)
	}
	if claims.Audience != s.challengeResource(r.Host) && claims.Audience != publicVaultResource { // unverified: the text
		return s.challenge(r, "AKV10022: Invalid audience. Expected "+s.challengeResource(r.Host)+", found: "+claims.Audience+".",
			`, error="invalid_token"`).by(claims.AppID)
	}
	if s.closed { // the inner code and the text are documented; unverified: that the token is looked at first
		return vaultError(http.StatusForbidden, "Forbidden", "Client address is not authorized and caller is not a trusted service.", "ForbiddenByFirewall").by(claims.AppID)
	}
	name, version := r.PathValue("name"), r.PathValue("version")
	if !s.readers[key(claims.AppID)] {
		return forbidden(claims, r.Host, name).by(claims.AppID)
	}
	return reveal(r.Host, name, version).by(claims.AppID)
}

// reveal answers a caller that may read.
func (s *Vault) reveal(host, name, version string) Answer {
	secret := s.find(name, version)
	switch {
	case secret == nil: // a soft-deleted secret gets the same answer
		return vaultError(http.StatusNotFound, "SecretNotFound", "A secret with (name/id) "+strings.TrimSuffix(name+"/"+version, "/")+
			" was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. "+
			"For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182", "")
	case secret.Disabled: // seen: azure-sdk-for-js#24756
		return vaultError(http.StatusForbidden, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")
	}
	row := secret.row(host, name)
	row.Value = secret.Value
	return jsonAnswer(http.StatusOK, row).noted("version " + secret.Version)
}

// list answers with the versions of a secret, without their values (documented: Get Secret Versions; unverified: their order,
// which the documentation leaves open: here the oldest first). There is one page.
func (s *Vault) list(host, name, _ string) Answer {
	if len(s.secrets[key(name)]) == 0 {
		return s.reveal(host, name, "")
	}
	page := struct {
		Value []secretRow `json:"value"`
		Next  *string     `json:"nextLink"`
	}{}
	for _, secret := range s.secrets[key(name)] {
		page.Value = append(page.Value, secret.row(host, name))
	}
	return jsonAnswer(http.StatusOK, page).noted(fmt.Sprintf("%d versions", len(page.Value)))
}

func (s *Secret) row(host, name string) secretRow {
	return secretRow{
		ID:   fmt.Sprintf("https://%s/secrets/%s/%s", host, name, s.Version),
		Type: s.Type,
		Attributes: secretAttributes{
			Enabled: !s.Disabled, Expires: unix(s.Expires), Created: unix(s.Created), Updated: unix(s.Created),
			Recovery: "Recoverable+Purgeable", RecoverableDays: 90,
		},
	}
}

type secretRow struct {
	Value      string           `json:"value,omitempty"`
	Type       string           `json:"contentType,omitempty"`
	ID         string           `json:"id"`
	Attributes secretAttributes `json:"attributes"`
}

type secretAttributes struct {
	Enabled         bool   `json:"enabled"`
	Expires         int64  `json:"exp,omitempty"`
	Created         int64  `json:"created"`
	Updated         int64  `json:"updated"`
	Recovery        string `json:"recoveryLevel"`
	RecoverableDays int    `json:"recoverableDays"`
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// challengeResource is the resource that a vault on this host names. azsecrets requires that the host ends in a dot and
// the resource's host: name.vault.azure.net and vault.azure.net, and so 127.0.0.1:8443 and 0.0.1:8443.
func (s *Vault) challengeResource(host string) string {
	if s.resource != "" {
		return s.resource
	}
	if _, parent, ok := strings.Cut(host, "."); ok {
		return "https://" + parent
	}
	return publicVaultResource
}

// challenge is the 401 with the authority and the resource for the token.
func (s *Vault) challenge(r *http.Request, text, extra string) Answer {
	value := fmt.Sprintf(`Bearer authorization="https://login.windows.net/%s", resource="%s"%s`,
		s.tenant, s.challengeResource(r.Host), extra)
	return vaultError(http.StatusUnauthorized, "Unauthorized", text, "").withHeader("WWW-Authenticate", value)
}

// forbidden: seen piyushsachdeva/Terraform_AKS#2.
func forbidden(claims tokenClaims, host, name string) Answer {
	vault, _, _ := strings.Cut(host, ".")
	text := fmt.Sprintf("Caller is not authorized to perform action on resource.\r\n"+
		"If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\n"+
		"Caller: appid=%s;oid=%s;iss=%s\r\nAction: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\n"+
		"Resource: '/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/sim/providers/microsoft.keyvault/vaults/%s/secrets/%s'\r\n"+
		"Assignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: %s;location=simland\r\n",
		claims.AppID, claims.ObjectID, claims.Issuer, vault, name, vault)
	return vaultError(http.StatusForbidden, "Forbidden", text, "ForbiddenByRbac")
}

func vaultError(status int, code, message, inner string) Answer {
	type innerError struct {
		Code string `json:"code"`
	}
	type outer struct {
		Code    string      `json:"code"`
		Message string      `json:"message"`
		Inner   *innerError `json:"innererror,omitempty"`
	}
	body := outer{Code: code, Message: message}
	note := code
	if inner != "" {
		body.Inner = &innerError{inner}
		note = inner
	}
	return jsonAnswer(status, map[string]outer{"error": body}).noted(note)
}
