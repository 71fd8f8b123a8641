package doctor

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/keyvault"
	"pbirefresh/powerbi"
)

// soon is how long before its end a secret is a problem.
const soon = 30 * 24 * time.Hour

// chain goes from the identity to the model, and stops where nothing can be known any more.
func (d Deps) chain(ctx context.Context, model powerbi.Dataset) []Check {
	checks, claims, ok := d.access(ctx)
	if ok {
		answered, more := d.tenant(ctx)
		checks, ok = settle(checks, answered), more
	}
	switch {
	case model == (powerbi.Dataset{}):
		return append(checks, d.blocked(checks, tenantNames)...)
	case !ok:
		return append(checks, d.blocked(checks, slices.Concat(tenantNames, modelNames))...)
	}
	return append(checks, d.model(ctx, model, claims)...)
}

var (
	tenantNames = []string{"powerBI", "tenantSetting"}
	modelNames  = []string{"workspace", "role", "model", "storageMode", "capacity", "gateway", "owner", "failures", "budget"}
)

// blocked are the names that were not looked at, because of an earlier problem.
func (d Deps) blocked(checks []Check, names []string) []Check {
	var rest []Check
	because := "an earlier check"
	for _, c := range checks {
		if c.State != OK {
			because = c.Name
			break
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(checks, func(c Check) bool { return c.Name == name }) {
			rest = append(rest, unknown(name, "not looked at, because of %s", because))
		}
	}
	return rest
}

// settle adds checks; one that is there already is replaced: Power BI has the last word on
// a token.
func settle(checks, more []Check) []Check {
	for _, c := range more {
		if i := slices.IndexFunc(checks, func(old Check) bool { return old.Name == c.Name }); i >= 0 {
			checks[i] = c
			continue
		}
		checks = append(checks, c)
	}
	return checks
}

// access gets a token. The error shows which link failed.
func (d Deps) access(ctx context.Context) (checks []Check, c claims, ok bool) {
	_, err := step(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, d.Signer.Ping(ctx) })
	var token azcore.AccessToken
	if err == nil {
		token, err = step(ctx, func(ctx context.Context) (azcore.AccessToken, error) {
			return d.Signer.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{d.Scope}})
		})
	}
	names := []string{"identity", "token"}
	if d.Method.Vault() {
		names = []string{"identity", "vault", "secret", "token"}
	}
	if err != nil {
		return d.failed(names, err), claims{}, false
	}
	c = readClaims(token.Token)
	for _, name := range names {
		checks = append(checks, d.worked(name, c))
	}
	return checks, c, !slices.ContainsFunc(checks, func(c Check) bool { return c.Name == "token" && c.State == Problem })
}

// worked is a link that a token has come through.
func (d Deps) worked(name string, c claims) Check {
	switch name {
	case "identity":
		return fine(name, "gives tokens")
	case "vault":
		return fine(name, "%s can be read", d.VaultURL)
	case "secret":
		return d.expiry()
	}
	return d.judge(c)
}

func (d Deps) expiry() Check {
	at, known := d.Signer.Expires()
	left := time.Until(at)
	switch {
	case !known:
		return fine("secret", "%s is accepted; it has no expiry date in the vault", d.SecretName)
	case left <= 0:
		return problem("secret", "store a new secret or certificate as a new version: Entra ID may refuse this one at any time",
			"%s expired on %s by its date in the vault", d.SecretName, at.UTC().Format(time.DateOnly)).with(d.secretSteps()...)
	case left < soon:
		return problem("secret", "store a new secret or certificate as a new version before that day",
			"%s is accepted, and expires on %s, in %d days", d.SecretName, at.UTC().Format(time.DateOnly), int(left.Hours()/24)).with(d.secretSteps()...)
	}
	return fine("secret", "%s is accepted, and expires on %s", d.SecretName, at.UTC().Format(time.DateOnly))
}

// failed puts the blame on one link. The links before it have worked, unless the vault was not
// reached: it is asked before the identity is. Those behind it are unknown.
func (d Deps) failed(names []string, err error) []Check {
	var e *keyvault.Error
	if !errors.As(err, &e) {
		return d.blocked([]Check{unknown(names[0], "no answer in time: %s", oneLine(err))}, names)
	}
	at := blamed(e.Code)
	if !slices.Contains(names, at) {
		at = "token"
	}
	var checks []Check
	for _, name := range names {
		switch {
		case name == at:
			return settle(checks, append([]Check{d.blame(at, e)}, d.blocked([]Check{d.blame(at, e)}, names[slices.Index(names, at)+1:])...))
		case name == "identity" && at == "vault" && !slices.Contains(identityFirst, e.Code):
			checks = append(checks, unknown(name, "not looked at, because of vault"))
		default:
			checks = append(checks, fine(name, "works"))
		}
	}
	return checks
}

// identityFirst are the answers of a vault to a request with a token.
var identityFirst = []keyvault.Code{keyvault.CodeVaultForbidden, keyvault.CodeVaultUnauthorized}

// blamed is the link that an error is about.
func blamed(c keyvault.Code) string {
	switch c {
	case keyvault.CodeIdentityUnavailable:
		return "identity"
	case keyvault.CodeVaultUnreachable, keyvault.CodeVaultUnavailable, keyvault.CodeVaultForbidden, keyvault.CodeVaultFirewall,
		keyvault.CodeVaultUnauthorized, keyvault.CodeUnexpected, keyvault.CodeTimeout:
		return "vault"
	case keyvault.CodeSecretNotFound, keyvault.CodeSecretDisabled, keyvault.CodeSecretEmpty, keyvault.CodeCertificateUnusable,
		keyvault.CodeSecretRejected, keyvault.CodeSecretExpired, keyvault.CodeCertificateRejected:
		return "secret"
	default:
		return "token"
	}
}

func (d Deps) blame(name string, e *keyvault.Error) Check {
	c := problem(name, e.Remedy, "%s: %s", e.Code, e.Message)
	if c.Remedy == "" {
		c.Remedy = "try again in a minute; if it stays, look at the service's health in the Azure portal"
	}
	switch e.Code {
	case keyvault.CodeIdentityUnavailable:
		return c.with(identitySteps...)
	case keyvault.CodeVaultForbidden:
		return c.with(d.vaultSteps()...)
	case keyvault.CodeVaultFirewall:
		return c.with(d.firewallSteps()...)
	case keyvault.CodeSecretDisabled:
		return c.with(d.enableSteps()...)
	case keyvault.CodeSecretNotFound, keyvault.CodeSecretEmpty, keyvault.CodeSecretRejected, keyvault.CodeSecretExpired:
		return c.with(d.secretSteps()...)
	case keyvault.CodeApplicationDisabled:
		return c.with("az ad sp update --id " + d.ClientID + " --set accountEnabled=true")
	default:
		return c
	}
}
