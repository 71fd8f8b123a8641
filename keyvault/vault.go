package keyvault

import (
	"context"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// vault reads one secret.
type vault struct {
	client  *azsecrets.Client
	name    string
	url     string
	setting string // of the name
	prove   func(value string) (proof, error)
}

func newVault(o Options) (*vault, error) {
	identity, err := o.identity()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(o.VaultURL)
	if err != nil {
		return nil, err
	}
	client, err := azsecrets.NewClient(o.VaultURL, pinned{identity, u.Host}, &azsecrets.ClientOptions{
		ClientOptions: o.client(),
		// pinned replaces it; see the package documentation.
		DisableChallengeResourceVerification: !microsoftVault(u.Hostname()),
	})
	if err != nil {
		return nil, err
	}
	return &vault{client, o.SecretName, o.VaultURL, o.Method.setting(), o.prove}, nil
}

// get returns a version of the secret, the latest one if none is named.
func (v *vault) get(ctx context.Context, version string) (secret, error) {
	r, err := v.client.GetSecret(ctx, v.name, version, nil)
	if err != nil {
		return secret{}, v.failed(ctx, err)
	}
	// A stored value may end with a line break, which is not part of a client secret.
	var value string
	if r.Value != nil {
		value = strings.TrimSpace(*r.Value)
	}
	if value == "" {
		return secret{}, &Error{Code: CodeSecretEmpty, Message: "secret " + v.name + " in " + v.url + " has no value", Remedy: remedy(CodeSecretEmpty)}
	}
	s := secret{value: value}
	if r.ID != nil {
		s.version = r.ID.Version()
	}
	if r.Attributes != nil && r.Attributes.Expires != nil {
		s.expires = r.Attributes.Expires.UTC()
	}
	return v.proven(s)
}

// proven adds the credential. A certificate has an end of its own; the earlier date counts.
func (v *vault) proven(s secret) (secret, error) {
	p, err := v.prove(s.value)
	if err != nil {
		return secret{}, &Error{
			Code: CodeCertificateUnusable, Remedy: remedy(CodeCertificateUnusable),
			Message: "certificate " + v.name + " in " + v.url + " cannot be used: " + oneLine(err.Error()),
		}
	}
	s.principal = p.principal
	if !p.expires.IsZero() && (s.expires.IsZero() || p.expires.Before(s.expires)) {
		s.expires = p.expires.UTC()
	}
	return s, nil
}

// microsoftVault reports whether the host is a vault in one of Microsoft's clouds
// (documented: "Azure Key Vault keys, secrets, and certificates overview", DNS
// suffixes; and the SDK's own list for managed HSMs).
func microsoftVault(host string) bool {
	for _, suffix := range []string{
		".vault.azure.net", ".vault.usgovcloudapi.net", ".vault.azure.cn", ".vault.microsoftazure.de",
		".managedhsm.azure.net", ".managedhsm.usgovcloudapi.net", ".managedhsm.azure.cn", ".managedhsm.microsoftazure.de",
	} {
		if strings.HasSuffix(strings.ToLower(host), suffix) {
			return true
		}
	}
	return false
}

// pinned allows the identity to request only tokens for vaults: the vault's answer chooses
// the resource.
type pinned struct {
	identity azcore.TokenCredential
	host     string // of the vault, with port
}

// GetToken implements azcore.TokenCredential.
func (p pinned) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	for _, scope := range o.Scopes {
		if !p.allows(scope) {
			return azcore.AccessToken{}, &Error{
				Code:    CodeUnexpected,
				Message: "the vault asks for a token for " + oneLine(scope) + ", which is not a vault",
				Remedy:  remedy(CodeUnexpected),
			}
		}
	}
	t, err := p.identity.GetToken(ctx, o)
	if err != nil {
		return t, &identityError{oneLine(err.Error())}
	}
	return t, nil
}

func (p pinned) allows(scope string) bool {
	u, err := url.Parse(strings.TrimSuffix(scope, "/.default"))
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return false
	}
	resource, host := strings.ToLower(u.Host), strings.ToLower(p.host)
	return resource == host || strings.HasSuffix(host, "."+resource) && strings.Contains(resource, ".") ||
		strings.HasPrefix(resource, "vault.") || strings.HasPrefix(resource, "managedhsm.")
}

// identityError marks a failure of the identity, as text only.
type identityError struct{ text string }

func (e *identityError) Error() string { return e.text }
