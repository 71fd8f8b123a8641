package keyvault

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"golang.org/x/sync/singleflight"
)

// Credential gets tokens of the service principal. It is safe for concurrent use.
type Credential struct {
	source     source
	timeout    time.Duration
	logger     *slog.Logger
	reminder   reminder
	onExpiring func(Expiring)

	shared singleflight.Group // token requests, by what is requested
}

var _ azcore.TokenCredential = (*Credential)(nil)

// New returns a credential. It checks the options and does no I/O.
func New(o Options) (*Credential, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	s, err := newSource(o)
	if err != nil {
		return nil, err
	}
	return &Credential{
		source: s, timeout: o.Timeout, logger: o.Logger, onExpiring: o.OnExpiring,
	}, nil
}

// GetToken returns a token, from azidentity's cache if it has one. If ctx ends first, it
// returns the error of ctx, and the request goes on for other callers.
func (c *Credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	key := fmt.Sprintf("%q %q %q %t", o.Scopes, o.Claims, o.TenantID, o.EnableCAE)
	result := c.shared.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
		defer cancel()
		return c.fetch(ctx, o)
	})
	select {
	case r := <-result:
		token, _ := r.Val.(azcore.AccessToken)
		return token, r.Err
	case <-ctx.Done():
		return azcore.AccessToken{}, fmt.Errorf("keyvault: stopped waiting for a token: %w", ctx.Err())
	}
}

// Expires returns the expiry date of the secret in use, and whether there is one. It is
// known after the first token request.
func (c *Credential) Expires() (time.Time, bool) {
	s, known := c.source.expiry()
	return s.expires, known
}

// Ping returns an error unless there is a secret, or an identity for an assertion. It reads
// the secret if none is known or a read is due, and requests no token of the service
// principal. Called now and then, it keeps the secret fresh and reports its end.
func (c *Credential) Ping(ctx context.Context) error {
	if err := c.source.ping(ctx); err != nil {
		return err
	}
	c.remind()
	return nil
}

// remind reports that the secret ends soon, at most once a day.
func (c *Credential) remind() {
	if s, known := c.source.expiry(); known {
		if e, due := c.reminder.due(s, time.Now()); due {
			c.onExpiring(e)
		}
	}
}

// fetch requests a token from Entra ID. If the secret is rejected and the vault has another
// one, it requests a second time.
func (c *Credential) fetch(ctx context.Context, o policy.TokenRequestOptions) (token azcore.AccessToken, err error) {
	defer func() {
		// The Key Vault client panics on some answers (azsecrets v1.5.1: a challenge
		// whose authorization has no path), and no caller can recover in this goroutine.
		if r := recover(); r != nil {
			err = &Error{Code: CodeUnexpected, Message: oneLine(fmt.Sprint("an answer could not be read: ", r)), Remedy: remedy(CodeUnexpected)}
		}
	}()
	s, err := c.source.get(ctx)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	c.remind()
	token, failed := c.ask(ctx, s, o)
	if failed != nil && failed.rejectsSecret() {
		if next, again := c.source.get(ctx); again == nil && next.value != s.value {
			token, failed = c.ask(ctx, next, o)
		}
	}
	if failed == nil {
		return token, nil
	}
	return c.askWithPrevious(ctx, o, failed)
}

// askWithPrevious requests a token with the previous secret. A new secret takes time to
// reach all of Entra ID, and the previous one is valid until it is deleted.
func (c *Credential) askWithPrevious(ctx context.Context, o policy.TokenRequestOptions, failed *Error) (azcore.AccessToken, error) {
	old, found := c.source.previousSecret(ctx, failed)
	if !found {
		return azcore.AccessToken{}, failed
	}
	token, err := c.ask(ctx, old, o)
	if err != nil {
		return azcore.AccessToken{}, failed // about the newest secret
	}
	c.logger.Warn("the newest secret gave no token, and the previous one did", "version", old.version, "code", failed.Code, "detail", failed.Detail)
	return token, nil
}

// ask sends the token request, unless the secret was rejected less than an interval ago.
func (c *Credential) ask(ctx context.Context, s secret, o policy.TokenRequestOptions) (azcore.AccessToken, *Error) {
	if held := c.source.held(s); held != nil {
		return azcore.AccessToken{}, held
	}
	token, err := s.principal.GetToken(ctx, o)
	if err == nil {
		c.source.accept(s)
		return token, nil
	}
	e := entraError(ctx, err)
	if s.value != "" {
		e.Message = strings.ReplaceAll(e.Message, s.value, "***") // Entra ID does not echo it; a proxy might
	}
	if e.rejectsSecret() {
		c.source.reject(s, e)
	}
	return azcore.AccessToken{}, e
}
