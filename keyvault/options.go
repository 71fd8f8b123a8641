package keyvault

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Options say who signs in, and how. Which are required depends on the Method.
type Options struct {
	Method Method // empty: ClientSecret

	VaultURL   string // https://name.vault.azure.net
	SecretName string // of the client secret, or of the certificate

	TenantID      string // of the service principal
	ClientID      string // of the service principal
	TokenExchange string // audience of a federated credential; empty: the public cloud's
	AuthorityHost string // base URL of Entra ID; empty: https://login.microsoftonline.com
	// DisableInstanceDiscovery must be set for an authority that is not Microsoft's.
	// Otherwise azidentity asks Microsoft whether the authority can be trusted.
	DisableInstanceDiscovery bool

	// Identity reads the vault, makes the assertion, or signs in itself; nil: the managed
	// identity, user-assigned if IdentityClientID is set.
	Identity         azcore.TokenCredential
	IdentityClientID string

	Transport policy.Transporter // for the vault, Entra ID and the identity; nil: own
	Timeout   time.Duration      // of one token request, with its vault reads; 0: a minute
	Logger    *slog.Logger       // nil: silent
	OnRead    func(Read)         // called after each read of the vault; may be nil
	// OnExpiring is called at most once a day, from thirty days before the end of the
	// secret in use; may be nil.
	OnExpiring func(Expiring)
}

// Read is one read of the vault, for metrics and health.
type Read struct {
	Version string    // of the secret
	Expires time.Time // zero: never, or not known
	Changed bool      // the value differs from the one before
	Err     error     // nil, or an *Error
}

// secretName: documented, Key Vault's object names.
var secretName = regexp.MustCompile(`^[0-9A-Za-z-]{1,127}$`)

func (o Options) withDefaults() Options {
	o.Method = cmp.Or(o.Method, ClientSecret)
	o.VaultURL = strings.TrimRight(o.VaultURL, "/")
	o.TokenExchange = cmp.Or(o.TokenExchange, "api://AzureADTokenExchange")
	o.AuthorityHost = cmp.Or(o.AuthorityHost, cloud.AzurePublic.ActiveDirectoryAuthorityHost)
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnRead == nil {
		o.OnRead = func(Read) {}
	}
	if o.OnExpiring == nil {
		o.OnExpiring = func(Expiring) {}
	}
	if o.Transport == nil {
		// A redirect would send the secret to another host.
		o.Transport = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	return o
}

func (o Options) validate() error {
	if !slices.Contains(Methods(), o.Method) {
		return fmt.Errorf("keyvault: POWERBI_AUTH %.40q is unknown", o.Method)
	}
	if o.Method == ManagedIdentity {
		return nil
	}
	if o.ClientID == "" {
		return errors.New("keyvault: POWERBI_CLIENT_ID is empty; it is the application (client) id of the service principal")
	}
	if err := o.validateVault(); err != nil {
		return err
	}
	// azidentity checks the tenant and the authority when it makes a credential.
	if _, err := o.withSecret("unused"); err != nil {
		return fmt.Errorf("keyvault: POWERBI_TENANT_ID %.60q or AZURE_AUTHORITY_HOST %.200q: %w", o.TenantID, o.AuthorityHost, err)
	}
	return nil
}

func (o Options) validateVault() error {
	u, err := url.Parse(o.VaultURL)
	switch {
	case !o.Method.Vault():
		return nil
	case o.VaultURL == "":
		return errors.New("keyvault: KEY_VAULT_URL is empty; it looks like https://name.vault.azure.net")
	case err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil:
		return fmt.Errorf("keyvault: KEY_VAULT_URL %.200q is not the https address of a vault; it looks like https://name.vault.azure.net", o.VaultURL)
	case !secretName.MatchString(o.SecretName):
		return fmt.Errorf("keyvault: %s %.130q is not a name in the vault (1 to 127 letters, digits and dashes, not the secret itself)", o.Method.setting(), o.SecretName)
	}
	return nil
}

// proof is the credential that a value from the vault makes.
type proof struct {
	principal azcore.TokenCredential
	expires   time.Time // of the value itself; zero: it has no date
}

// prove makes the credential of the service principal from a value.
func (o Options) prove(value string) (proof, error) {
	if o.Method != ClientCertificate {
		c, err := o.withSecret(value)
		return proof{principal: c}, err
	}
	pair, err := parseCertificate(value)
	if err != nil {
		return proof{}, err
	}
	c, err := azidentity.NewClientCertificateCredential(o.TenantID, o.ClientID, pair.certificates, pair.key, &azidentity.ClientCertificateCredentialOptions{
		ClientOptions:            o.client(),
		DisableInstanceDiscovery: o.DisableInstanceDiscovery,
	})
	return proof{c, pair.certificates[0].NotAfter}, err
}

func (o Options) withSecret(secret string) (azcore.TokenCredential, error) {
	return azidentity.NewClientSecretCredential(o.TenantID, o.ClientID, secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions:            o.client(),
		DisableInstanceDiscovery: o.DisableInstanceDiscovery,
	})
}

// identity makes the credential of the managed identity.
func (o Options) identity() (azcore.TokenCredential, error) {
	if o.Identity != nil {
		return o.Identity, nil
	}
	// The retry options are azidentity's own, which fit the endpoints of identities.
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
