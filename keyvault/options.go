package keyvault

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Options say where the secret is and whose it is.
type Options struct {
	VaultURL   string // https://name.vault.azure.net
	SecretName string // its latest version is used

	TenantID      string // of the service principal
	ClientID      string // of the service principal
	AuthorityHost string // base URL of Entra ID; empty: https://login.microsoftonline.com
	// DisableInstanceDiscovery must be set for an authority that is not one of
	// Microsoft's: Microsoft would otherwise be asked whether it can be trusted.
	DisableInstanceDiscovery bool

	// VaultCredential opens the vault; nil: the managed identity, user-assigned if
	// IdentityClientID is set.
	VaultCredential  azcore.TokenCredential
	IdentityClientID string

	Transport policy.Transporter // for the vault, Entra ID and the identity; nil: own
	Timeout   time.Duration      // of one flight; 0: a minute
	Logger    *slog.Logger       // nil: silent
	OnRead    func(Read)         // called after each read of the vault; may be nil
}

// Read is one read of the vault, for metrics and health.
type Read struct {
	Version string    // of the secret
	Expires time.Time // zero: never, or not known
	Changed bool      // the value is not the one before
	Err     error     // nil, or an *Error
}

// secretName: documented, Key Vault's object names.
var secretName = regexp.MustCompile(`^[0-9A-Za-z-]{1,127}$`)

func (o Options) withDefaults() Options {
	o.VaultURL = strings.TrimRight(o.VaultURL, "/")
	o.AuthorityHost = cmp.Or(o.AuthorityHost, cloud.AzurePublic.ActiveDirectoryAuthorityHost)
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnRead == nil {
		o.OnRead = func(Read) {}
	}
	if o.Transport == nil {
		// A redirect would carry the secret to wherever it points.
		o.Transport = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	return o
}

func (o Options) validate() error {
	u, err := url.Parse(o.VaultURL)
	switch {
	case o.VaultURL == "":
		return errors.New("keyvault: KEY_VAULT_URL is empty; it looks like https://name.vault.azure.net")
	case err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil:
		return fmt.Errorf("keyvault: KEY_VAULT_URL %.200q is not the https address of a vault; it looks like https://name.vault.azure.net", o.VaultURL)
	case !secretName.MatchString(o.SecretName):
		return fmt.Errorf("keyvault: POWERBI_CLIENT_SECRET_NAME %.130q is not a secret's name (1 to 127 letters, digits and dashes, not the secret itself)", o.SecretName)
	case o.ClientID == "":
		return errors.New("keyvault: POWERBI_CLIENT_ID is empty; it is the application (client) id of the service principal")
	}
	// azidentity checks the tenant and the authority when it is given a secret.
	if _, err := o.principal("unused"); err != nil {
		return fmt.Errorf("keyvault: POWERBI_TENANT_ID %.60q or AZURE_AUTHORITY_HOST %.200q: %w", o.TenantID, o.AuthorityHost, err)
	}
	return nil
}

// principal makes the credential of the service principal.
func (o Options) principal(secret string) (azcore.TokenCredential, error) {
	return azidentity.NewClientSecretCredential(o.TenantID, o.ClientID, secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions:            o.client(),
		DisableInstanceDiscovery: o.DisableInstanceDiscovery,
	})
}

// identity makes the credential that opens the vault.
func (o Options) identity() (azcore.TokenCredential, error) {
	if o.VaultCredential != nil {
		return o.VaultCredential, nil
	}
	// The retry options stay azidentity's own: it knows how its endpoints recover.
	m := azidentity.ManagedIdentityCredentialOptions{ClientOptions: azcore.ClientOptions{Transport: o.Transport}}
	if o.IdentityClientID != "" {
		m.ID = azidentity.ClientID(o.IdentityClientID)
	}
	c, err := azidentity.NewManagedIdentityCredential(&m)
	if err != nil {
		return nil, fmt.Errorf("keyvault: managed identity: %s", oneLine(err.Error()))
	}
	return c, nil
}

func (o Options) client() azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: o.AuthorityHost},
		Transport: o.Transport,
		Retry: policy.RetryOptions{
			MaxRetries:    2,
			RetryDelay:    300 * time.Millisecond,
			MaxRetryDelay: 3 * time.Second,
			TryTimeout:    15 * time.Second,
		},
	}
}
