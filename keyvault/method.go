package keyvault

import (
	"context"
	"errors"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Method is a way to sign in to Entra ID.
type Method string

// The methods, by the words of the setting POWERBI_AUTH.
const (
	ClientSecret      Method = "keyvault-secret"      // a secret of the application, from the vault
	ClientCertificate Method = "keyvault-certificate" // a certificate of the application, from the vault
	ManagedIdentity   Method = "managed-identity"     // the app's managed identity itself; no application
	Federated         Method = "federated"            // the application, by an assertion of the managed identity
)

// Methods lists them, the default first.
func Methods() []Method {
	return []Method{ClientSecret, ClientCertificate, ManagedIdentity, Federated}
}

// Vault reports whether the method reads the vault.
func (m Method) Vault() bool { return m == ClientSecret || m == ClientCertificate }

// setting names where the secret's name comes from.
func (m Method) setting() string {
	if m == ClientCertificate {
		return "POWERBI_CLIENT_CERTIFICATE_NAME"
	}
	return "POWERBI_CLIENT_SECRET_NAME"
}

// source has the secret of the principal, and decides when it is read again.
type source interface {
	get(context.Context) (secret, error)                   // to use now
	ping(context.Context) error                            // unless there is a secret to use
	previousSecret(context.Context, *Error) (secret, bool) // to use after a failure of get's
	held(secret) *Error                                    // its rejection, during an interval
	reject(secret, *Error)                                 // Entra ID has rejected it
	accept(secret)                                         // Entra ID has accepted it
	expiry() (current secret, known bool)                  // the secret whose expiry date is known
}

func newSource(o Options) (source, error) {
	if o.Method.Vault() {
		v, err := newVault(o)
		if err != nil {
			return nil, err
		}
		return newSecrets(v, o), nil
	}
	identity, err := o.identity()
	if err != nil {
		return nil, err
	}
	if o.Method == ManagedIdentity {
		return steady{secret{principal: plainIdentity{identity}}, nil}, nil
	}
	f, err := o.federated(identity)
	if err != nil {
		return nil, err
	}
	return steady{secret{principal: f}, f.ping}, nil
}

// steady is a source whose secret never changes.
type steady struct {
	only  secret
	check func(context.Context) error // nil: nothing to check but the token itself
}

func (s steady) get(context.Context) (secret, error) { return s.only, nil }
func (s steady) ping(ctx context.Context) error {
	if s.check == nil {
		return nil
	}
	return s.check(ctx)
}
func (steady) previousSecret(context.Context, *Error) (secret, bool) { return secret{}, false }
func (steady) held(secret) *Error                                    { return nil }
func (steady) reject(secret, *Error)                                 {}
func (steady) accept(secret)                                         {}
func (steady) expiry() (secret, bool)                                { return secret{}, false }

// plainIdentity marks errors as those of the managed identity.
type plainIdentity struct{ azcore.TokenCredential }

// GetToken implements azcore.TokenCredential.
func (p plainIdentity) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	t, err := p.TokenCredential.GetToken(ctx, o)
	if err != nil {
		return t, &identityError{oneLine(err.Error())}
	}
	return t, nil
}

// federated is the application whose assertion is a token of the managed identity
// (documented: "Configure an application to trust a managed identity").
type federated struct {
	principal azcore.TokenCredential
	assertion func(context.Context) (string, error)
}

// failedKey is the context key of a place for the assertion's error, of which azidentity
// keeps only the text.
type failedKey struct{}

func (o Options) federated(identity azcore.TokenCredential) (federated, error) {
	f := federated{assertion: func(ctx context.Context) (string, error) {
		t, err := plainIdentity{identity}.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{o.TokenExchange + "/.default"}})
		return t.Token, err
	}}
	noted := func(ctx context.Context) (string, error) {
		token, err := f.assertion(ctx)
		if failed, ok := ctx.Value(failedKey{}).(*error); ok {
			*failed = err
		}
		return token, err
	}
	var err error
	f.principal, err = azidentity.NewClientAssertionCredential(o.TenantID, o.ClientID, noted, &azidentity.ClientAssertionCredentialOptions{
		ClientOptions: o.client(), DisableInstanceDiscovery: o.DisableInstanceDiscovery,
	})
	return f, err
}

// GetToken implements azcore.TokenCredential.
func (f federated) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	var failed error
	t, err := f.principal.GetToken(context.WithValue(ctx, failedKey{}, &failed), o)
	if err != nil && failed != nil {
		return t, failed
	}
	return t, err
}

// ping returns an error unless the managed identity returns an assertion.
func (f federated) ping(ctx context.Context) error {
	_, err := f.assertion(ctx)
	if err != nil {
		return identityFailure(ctx, err)
	}
	return nil
}

// identityFailure says in our own words why the managed identity returned no token. The
// text may contain a code of Entra ID, for example if the resource is unknown in the tenant.
func identityFailure(ctx context.Context, err error) *Error {
	if ctx.Err() != nil {
		return timeoutError(ctx)
	}
	var failed *identityError
	if !errors.As(err, &failed) {
		failed = &identityError{oneLine(err.Error())}
	}
	code, number := CodeIdentityUnavailable, numberIn(failed.text)
	if known := entraCode(0, number); number != 0 && known != CodeEntraRefused {
		code = known
	}
	return &Error{Code: code, Detail: aadstsName(number), Message: failed.text, Remedy: remedy(code)}
}
