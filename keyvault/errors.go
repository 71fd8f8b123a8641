package keyvault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"pbirefresh/internal/foreign"
)

// Code names a kind of failure. Codes are stable; messages are not.
type Code string

// The codes.
const (
	// CodeIdentityUnavailable: the managed identity returns no token.
	CodeIdentityUnavailable Code = "IdentityUnavailable"
	// CodeVaultUnreachable: no connection to the vault, or no such host.
	CodeVaultUnreachable Code = "VaultUnreachable"
	// CodeVaultUnavailable: the vault answers 429 or 5xx.
	CodeVaultUnavailable Code = "VaultUnavailable"
	// CodeVaultForbidden: the identity may not read secrets.
	CodeVaultForbidden Code = "VaultForbidden"
	// CodeVaultFirewall: the vault's network rules reject the app.
	CodeVaultFirewall Code = "VaultFirewall"
	// CodeVaultUnauthorized: the vault rejects the identity's token.
	CodeVaultUnauthorized Code = "VaultUnauthorized"
	// CodeSecretNotFound: there is no secret of that name.
	CodeSecretNotFound Code = "SecretNotFound"
	// CodeSecretDisabled: the latest version of the secret is disabled.
	CodeSecretDisabled Code = "SecretDisabled"
	// CodeSecretEmpty: the secret has no value.
	CodeSecretEmpty Code = "SecretEmpty"
	// CodeSecretRejected: Entra ID says that the secret is wrong (AADSTS7000215).
	CodeSecretRejected Code = "SecretRejected"
	// CodeSecretExpired: Entra ID says that the secret has expired (AADSTS7000222).
	CodeSecretExpired Code = "SecretExpired"
	// CodeCertificateUnusable: the certificate in the vault cannot sign.
	CodeCertificateUnusable Code = "CertificateUnusable"
	// CodeCertificateRejected: Entra ID rejects the certificate (AADSTS700027 and similar).
	CodeCertificateRejected Code = "CertificateRejected"
	// CodeFederationRefused: the application does not trust the managed identity (AADSTS70021 and similar).
	CodeFederationRefused Code = "FederationRefused"
	// CodeApplicationNotFound: no such service principal in the tenant.
	CodeApplicationNotFound Code = "ApplicationNotFound"
	// CodeApplicationDisabled: the service principal is disabled.
	CodeApplicationDisabled Code = "ApplicationDisabled"
	// CodeTenantNotFound: no such tenant.
	CodeTenantNotFound Code = "TenantNotFound"
	// CodeResourceNotFound: the scope is unknown in the tenant, for example of another cloud.
	CodeResourceNotFound Code = "ResourceNotFound"
	// CodeConditionalAccess: a policy blocks the service principal.
	CodeConditionalAccess Code = "ConditionalAccess"
	// CodeEntraRefused: any other refusal of Entra ID.
	CodeEntraRefused Code = "EntraRefused"
	// CodeEntraUnavailable: Entra ID answers 429 or 5xx.
	CodeEntraUnavailable Code = "EntraUnavailable"
	// CodeEntraUnreachable: no connection to Entra ID, or no useful answer.
	CodeEntraUnreachable Code = "EntraUnreachable"
	// CodeTimeout: the token request took too long.
	CodeTimeout Code = "Timeout"
	// CodeUnexpected: an answer that is not documented.
	CodeUnexpected Code = "Unexpected"
)

// Error is a failure to get a token. Only the end of the caller's own context is another
// error.
type Error struct {
	Code    Code
	Status  int    // HTTP status, 0 without an answer
	Detail  string // the service's own code, such as AADSTS7000215 or ForbiddenByRbac
	Message string // one line
	Remedy  string // what to change, and where

	err       error // only an error of a context
	temporary bool  // although its code is lasting
}

// Error returns one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sign-in: %s", e.Code)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (%s)", strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, e.Detail)))
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Unwrap returns the context's error, if that was the cause. It never returns an error of
// the SDK, which contains the request with the secret.
func (e *Error) Unwrap() error { return e.err }

// LogValue logs the parts of e as attributes.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(slog.String("code", string(e.Code)), slog.Int("status", e.Status),
		slog.String("detail", e.Detail), slog.String("message", e.Message))
}

// NonRetriable keeps azcore from repeating a request that would fail again.
func (*Error) NonRetriable() {}

// NonRetriable keeps azcore from repeating the request: the identity has retried by itself.
func (*identityError) NonRetriable() {}

// hasCode reports whether err is an [*Error] with one of the codes.
func hasCode(err error, codes ...Code) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

func timeoutError(ctx context.Context) *Error {
	return &Error{Code: CodeTimeout, Message: "the token request took too long", Remedy: remedy(CodeTimeout), err: ctx.Err()}
}

// oneLine returns foreign text for an error: one line, short, without tokens.
func oneLine(s string) string { return foreign.Masked(s, 400) }

// Lasting reports whether the cause remains until a person changes something, so that a
// retry does not help. A rejected secret is not lasting during the grace period, if a secret
// has worked before.
func (e *Error) Lasting() bool {
	if e.temporary {
		return false
	}
	switch e.Code {
	case CodeVaultForbidden, CodeVaultFirewall, CodeVaultUnauthorized, CodeSecretNotFound, CodeSecretDisabled, CodeSecretEmpty,
		CodeSecretRejected, CodeSecretExpired, CodeApplicationNotFound, CodeApplicationDisabled, CodeTenantNotFound,
		CodeResourceNotFound, CodeConditionalAccess, CodeEntraRefused,
		CodeCertificateUnusable, CodeCertificateRejected, CodeFederationRefused:
		return true
	case CodeIdentityUnavailable, CodeVaultUnreachable, CodeVaultUnavailable, CodeEntraUnavailable, CodeEntraUnreachable,
		CodeTimeout, CodeUnexpected:
		return false
	}
	return false
}
