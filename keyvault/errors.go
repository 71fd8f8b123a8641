package keyvault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Code names a case. Codes are stable; messages are not.
type Code string

// The codes.
const (
	// CodeIdentityUnavailable: the managed identity gives no token.
	CodeIdentityUnavailable Code = "IdentityUnavailable"
	// CodeVaultUnreachable: no connection to the vault, or no such host.
	CodeVaultUnreachable Code = "VaultUnreachable"
	// CodeVaultUnavailable: the vault answers 429 or 5xx.
	CodeVaultUnavailable Code = "VaultUnavailable"
	// CodeVaultForbidden: the identity may not read secrets.
	CodeVaultForbidden Code = "VaultForbidden"
	// CodeVaultFirewall: the vault's network rules keep the app out.
	CodeVaultFirewall Code = "VaultFirewall"
	// CodeVaultUnauthorized: the vault does not take the identity's token.
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
	// CodeCertificateRejected: Entra ID does not take the certificate (AADSTS700027 and kin).
	CodeCertificateRejected Code = "CertificateRejected"
	// CodeFederationRefused: the application does not trust the managed identity (AADSTS70021 and kin).
	CodeFederationRefused Code = "FederationRefused"
	// CodeApplicationNotFound: no such service principal in the tenant.
	CodeApplicationNotFound Code = "ApplicationNotFound"
	// CodeApplicationDisabled: the service principal is disabled.
	CodeApplicationDisabled Code = "ApplicationDisabled"
	// CodeTenantNotFound: no such tenant.
	CodeTenantNotFound Code = "TenantNotFound"
	// CodeResourceNotFound: the tenant does not know the scope, as with a wrong cloud.
	CodeResourceNotFound Code = "ResourceNotFound"
	// CodeConditionalAccess: a policy blocks the service principal.
	CodeConditionalAccess Code = "ConditionalAccess"
	// CodeEntraRefused: any other refusal of Entra ID.
	CodeEntraRefused Code = "EntraRefused"
	// CodeEntraUnavailable: Entra ID answers 429 or 5xx.
	CodeEntraUnavailable Code = "EntraUnavailable"
	// CodeEntraUnreachable: no connection to Entra ID, or no useful answer.
	CodeEntraUnreachable Code = "EntraUnreachable"
	// CodeTimeout: the flight's time was over.
	CodeTimeout Code = "Timeout"
	// CodeUnexpected: an answer that makes no sense.
	CodeUnexpected Code = "Unexpected"
)

// Error is every failure to get a token, but for the caller's own context.
type Error struct {
	Code    Code
	Status  int    // HTTP status, 0 without an answer
	Detail  string // the service's own code, such as AADSTS7000215 or ForbiddenByRbac
	Message string // one line
	Remedy  string // what to change, and where

	err     error // only an error of a context
	passing bool  // although its code says otherwise
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

// Unwrap returns the context's error, if that was the reason, and nothing else: the
// SDK's errors hold requests with the secret.
func (e *Error) Unwrap() error { return e.err }

// LogValue logs the parts of e as attributes.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(slog.String("code", string(e.Code)), slog.Int("status", e.Status),
		slog.String("detail", e.Detail), slog.String("message", e.Message))
}

// NonRetriable keeps azcore from sending again what will fail again.
func (*Error) NonRetriable() {}

// NonRetriable keeps azcore from sending again: the identity has retried by itself.
func (*identityError) NonRetriable() {}

// hasCode reports whether err is an [*Error] with one of the codes.
func hasCode(err error, codes ...Code) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

func timeoutError(ctx context.Context) *Error {
	return &Error{Code: CodeTimeout, Message: "the token did not come in time", Remedy: remedy(CodeTimeout), err: ctx.Err()}
}

// webToken finds a JSON Web Token. The services echo none; a proxy between might.
var webToken = regexp.MustCompile(`eyJ[0-9A-Za-z_-]{6,}(\.[0-9A-Za-z_-]*){0,2}`)

// oneLine makes foreign text fit for an error: one line, and short.
func oneLine(s string) string {
	printable := func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}
	s = strings.Join(strings.Fields(strings.Map(printable, strings.ToValidUTF8(s, "?"))), " ")
	s = webToken.ReplaceAllString(s, "***")
	if r := []rune(s); len(r) > 400 {
		return string(r[:400]) + "..."
	}
	return s
}

// Lasting reports whether the cause will stay until somebody changes something:
// trying again by itself is of no use. A secret that was rejected just now, where
// others worked before, does not count as that yet.
func (e *Error) Lasting() bool {
	if e.passing {
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
