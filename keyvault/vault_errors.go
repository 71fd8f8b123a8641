package keyvault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// failed turns an error of the Key Vault client into one of ours.
func (v *vault) failed(ctx context.Context, err error) *Error {
	var own *Error
	var identity *identityError
	var answered *azcore.ResponseError
	switch {
	case errors.As(err, &own):
		return own
	case ctx.Err() != nil:
		return timeoutError(ctx)
	case errors.As(err, &identity):
		return identityFailure(ctx, identity)
	case errors.As(err, &answered):
		return v.refused(answered)
	default:
		return &Error{Code: CodeVaultUnreachable, Message: v.url + ": " + oneLine(err.Error()), Remedy: remedy(CodeVaultUnreachable)}
	}
}

func (v *vault) refused(r *azcore.ResponseError) *Error {
	detail, message := vaultDetail(r)
	code := vaultCode(r.StatusCode, detail, message)
	if version := apiVersion(r); code == CodeUnexpected && version != "" {
		message = strings.TrimSpace(message + " (asked with api-version " + version + ")")
	}
	return &Error{
		Code: code, Status: r.StatusCode, Detail: detail,
		Message: fmt.Sprintf("secret %s in %s: %s", v.name, v.url, message), Remedy: v.remedy(code),
	}
}

func (v *vault) remedy(c Code) string {
	if c == CodeSecretNotFound {
		return "check " + v.setting + " and KEY_VAULT_URL; a deleted secret has to be recovered first"
	}
	return remedy(c)
}

// vaultDetail reads {"error":{"code","message","innererror":{"code"}}} (documented);
// the inner code is the more exact one.
func vaultDetail(r *azcore.ResponseError) (code, message string) {
	var b struct {
		Error struct {
			Code, Message string
			InnerError    struct{ Code string }
		}
	}
	if r.RawResponse != nil {
		if body, err := runtime.Payload(r.RawResponse); err == nil {
			_ = json.Unmarshal(body, &b) // without it only the status is known
		}
	}
	code = b.Error.InnerError.Code
	if code == "" {
		code = r.ErrorCode
	}
	if b.Error.Message == "" {
		b.Error.Message = plainWords(r)
	}
	return oneLine(code), oneLine(b.Error.Message)
}

// plainWords returns the words of an answer without the documented shape: the members
// error, message and detail of an object (source of the emulator lowkey-vault, for an
// api-version that it does not support), else the text, unless it is an HTML page. It
// returns none if the status is not an error: such an answer may contain the secret.
func plainWords(r *azcore.ResponseError) string {
	if r.RawResponse == nil || r.StatusCode < http.StatusBadRequest {
		return ""
	}
	body, err := runtime.Payload(r.RawResponse)
	var object map[string]any
	if err != nil || json.Unmarshal(body, &object) != nil {
		if text := strings.TrimSpace(string(body)); !strings.HasPrefix(text, "<") {
			return text
		}
		return ""
	}
	var words []string
	for _, name := range []string{"error", "message", "detail"} {
		if s, ok := object[name].(string); ok && s != "" {
			words = append(words, s)
		}
	}
	return strings.Join(words, ": ")
}

func apiVersion(r *azcore.ResponseError) string {
	if r.RawResponse == nil || r.RawResponse.Request == nil {
		return ""
	}
	return oneLine(r.RawResponse.Request.URL.Query().Get("api-version"))
}

// vaultCode: the inner codes ForbiddenByRbac, ForbiddenByFirewall, AccessDenied and
// SecretDisabled are documented in Key Vault's "REST API error codes".
func vaultCode(status int, detail, message string) Code {
	lower := strings.ToLower(detail + " " + message)
	switch {
	case status == http.StatusForbidden && (strings.Contains(lower, "firewall") || strings.Contains(lower, "client address") ||
		strings.Contains(lower, "forbiddenbyconnection") || strings.Contains(lower, "public network access")):
		return CodeVaultFirewall
	case status == http.StatusForbidden && strings.Contains(lower, "disabled"):
		return CodeSecretDisabled
	case status == http.StatusForbidden:
		return CodeVaultForbidden
	case status == http.StatusUnauthorized:
		return CodeVaultUnauthorized
	case status == http.StatusNotFound:
		return CodeSecretNotFound
	case status == http.StatusTooManyRequests || status >= 500:
		return CodeVaultUnavailable
	default:
		return CodeUnexpected
	}
}
