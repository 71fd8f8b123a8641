package keyvault

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Credential gets tokens of the service principal. It may be used concurrently.
type Credential struct {
	secrets *secrets
	timeout time.Duration

	mu      sync.Mutex
	flights map[string]*flight
}

var _ azcore.TokenCredential = (*Credential)(nil)

// flight is one token request that callers share.
type flight struct {
	done  chan struct{}
	token azcore.AccessToken
	err   error
}

// New returns a credential. It checks the options and does no I/O.
func New(o Options) (*Credential, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	v, err := newVault(o)
	if err != nil {
		return nil, err
	}
	return &Credential{
		secrets: newSecrets(v.read, o),
		timeout: o.Timeout,
		flights: map[string]*flight{},
	}, nil
}

// GetToken returns a token, from azidentity's cache if it has one. If ctx ends
// first its error is returned and the request goes on for others.
func (c *Credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	f := c.join(ctx, o)
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return azcore.AccessToken{}, fmt.Errorf("keyvault: stopped waiting for a token: %w", ctx.Err())
	}
}

// Expires returns the expiry date of the secret in use, and whether there is one. It
// is known once a token was asked for.
func (c *Credential) Expires() (time.Time, bool) { return c.secrets.expires() }

// Ping tells whether there is a secret to use: the one at hand, or else one that
// is read now. It asks Entra ID nothing.
func (c *Credential) Ping(ctx context.Context) error {
	_, err := c.secrets.get(ctx)
	return err
}

// join returns the flight of such a request, and starts it if there is none.
func (c *Credential) join(ctx context.Context, o policy.TokenRequestOptions) *flight {
	key := fmt.Sprintf("%q %q %q %t", o.Scopes, o.Claims, o.TenantID, o.EnableCAE)
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[key]; f != nil {
		return f
	}
	f := &flight{done: make(chan struct{})}
	c.flights[key] = f
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
		defer cancel()
		f.token, f.err = c.fetch(ctx, o)
		c.mu.Lock()
		delete(c.flights, key)
		c.mu.Unlock()
		close(f.done)
	}()
	return f
}

// fetch asks Entra ID, a second time if the secret was rejected and the vault has
// another one.
func (c *Credential) fetch(ctx context.Context, o policy.TokenRequestOptions) (token azcore.AccessToken, err error) {
	defer func() {
		// The Key Vault client takes parts of the vault's answer for granted
		// (azsecrets v1.5.1 panics on a challenge whose authorization has no path),
		// and this goroutine belongs to no caller that could recover.
		if r := recover(); r != nil {
			err = &Error{Code: CodeUnexpected, Message: oneLine(fmt.Sprint("an answer could not be read: ", r)), Remedy: remedy(CodeUnexpected)}
		}
	}()
	s, err := c.secrets.get(ctx)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	token, rejected, err := c.ask(ctx, s, o)
	if !rejected {
		return token, err
	}
	next, again := c.secrets.get(ctx)
	if again != nil || next.value == s.value {
		return azcore.AccessToken{}, err // the rejection tells more than why there is no other
	}
	token, _, err = c.ask(ctx, next, o)
	return token, err
}

// ask sends the token request, unless the secret was rejected a moment ago.
func (c *Credential) ask(ctx context.Context, s secret, o policy.TokenRequestOptions) (_ azcore.AccessToken, rejected bool, _ error) {
	if held := c.secrets.held(s); held != nil {
		return azcore.AccessToken{}, false, held
	}
	token, err := s.principal.GetToken(ctx, o)
	if err == nil {
		return token, false, nil
	}
	e := entraError(ctx, err)
	e.Message = strings.ReplaceAll(e.Message, s.value, "***") // Entra ID does not echo it; a proxy might
	if e.rejectsSecret() {
		c.secrets.reject(s, e)
		return azcore.AccessToken{}, true, e
	}
	return azcore.AccessToken{}, false, e
}
