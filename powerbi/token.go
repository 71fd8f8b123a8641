package powerbi

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	// bypass requests no claim at all. The authentication library reads its cache
	// only for requests without claims, so an empty object is what makes it fetch a
	// token anew, and it adds nothing to the request (see authorizer).
	bypass = "{}"
	// renewInterval is the least time between two renewals. If a new token is
	// rejected as well, the next one would be, too.
	renewInterval = 30 * time.Second
)

// authorizer puts the token on requests and replaces it when Power BI rejects it.
//
// azcore's BearerTokenPolicy does the caching. There are two caches between a request
// and a new token: the policy's own, which only a 401 expires (Power BI rejects with
// 403), and the one inside azidentity, which answers with the same token for as long
// as it thinks it valid. So a rejected token is replaced by a new policy, whose cache
// is empty and which requests a token with claims, for which azidentity skips its cache
// (azidentity v1.15.0: confidentialClient.GetToken calls AcquireTokenSilent, which
// refuses claims, then AcquireTokenByCredential, which reads its cache only without
// them; the same holds for managed identities). Comparing the policies shows whether another
// caller has already renewed it: any number of rejections of one token cost one renewal.
type authorizer struct {
	cred   azcore.TokenCredential
	scopes []string
	logger *slog.Logger

	mu        sync.Mutex
	current   *runtime.BearerTokenPolicy
	rejected  *runtime.BearerTokenPolicy // the policy whose token was rejected last
	renewedAt time.Time
}

func newAuthorizer(cred azcore.TokenCredential, scope string, logger *slog.Logger) *authorizer {
	a := &authorizer{cred: credential{cred}, scopes: []string{scope}, logger: logger}
	a.current = a.bearer("")
	return a
}

func (a *authorizer) bearer(claims string) *runtime.BearerTokenPolicy {
	onRequest := func(_ *policy.Request, authorize func(policy.TokenRequestOptions) error) error {
		return authorize(policy.TokenRequestOptions{Scopes: a.scopes, Claims: claims})
	}
	return runtime.NewBearerTokenPolicy(a.cred, a.scopes, &policy.BearerTokenOptions{
		AuthorizationHandler: policy.AuthorizationHandler{OnRequest: onRequest},
	})
}

// Do implements policy.Policy.
func (a *authorizer) Do(req *policy.Request) (*http.Response, error) {
	used := a.get()
	resp, err := used.Do(req)
	if err != nil {
		return resp, err
	}
	c := callOf(req.Raw().Context())
	claims, rejected := rejection(c, resp)
	if !rejected || !a.replace(used, claims) || c.once {
		return resp, nil
	}
	runtime.Drain(resp)
	if err := req.RewindBody(); err != nil {
		return nil, err
	}
	return a.get().Do(req)
}

func (a *authorizer) get() *runtime.BearerTokenPolicy {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.current
}

// replace makes sure that used is not used again, and reports whether there is
// another one now.
func (a *authorizer) replace(used *runtime.BearerTokenPolicy, claims string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current != used {
		return true
	}
	a.rejected = used
	if !a.renewedAt.IsZero() && time.Since(a.renewedAt) < renewInterval {
		return false
	}
	a.current, a.renewedAt = a.bearer(claims), time.Now()
	a.logger.Warn("Power BI rejected the token; a new one will be fetched")
	return true
}

// stuck reports whether the current token is known to be rejected, after a last try
// to replace it.
func (a *authorizer) stuck() bool {
	a.mu.Lock()
	current, rejected := a.current, a.rejected
	a.mu.Unlock()
	return current == rejected && !a.replace(current, bypass)
}

// rejection reports whether the answer rejects the token, and with which claims a
// new one is to be asked for. Challenges to reads are azcore's business; those to
// a change were kept from it.
func rejection(c *call, resp *http.Response) (claims string, rejected bool) {
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		if tokenRejected(answerTo(c, resp)) {
			return bypass, true
		}
		return challengeClaims(c.challenge)
	default:
		return "", false
	}
}

// invalidToken is the challenge of RFC 6750 to a token that is expired, revoked or malformed.
var invalidToken = regexp.MustCompile(`(?i)\berror\s*=\s*"?invalid_token\b`)

var insufficientClaims = regexp.MustCompile(`error="insufficient_claims".*claims="([^"]+)"|claims="([^"]+)".*error="insufficient_claims"`)

// challengeClaims reads a conditional-access challenge (documented: 401 with
// WWW-Authenticate ... insufficient_claims and the claims in base64).
func challengeClaims(challenge string) (claims string, found bool) {
	m := insufficientClaims.FindStringSubmatch(challenge)
	if m == nil {
		return "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(m[1] + m[2])
	if err != nil {
		return "", false
	}
	return string(decoded), true
}

// credential marks its errors, to distinguish them from the transport's.
type credential struct{ azcore.TokenCredential }

// GetToken implements azcore.TokenCredential.
func (c credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	t, err := c.TokenCredential.GetToken(ctx, o)
	if err != nil {
		return t, &tokenError{err}
	}
	return t, nil
}

type tokenError struct{ err error }

func (e *tokenError) Error() string { return "no token: " + e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }
