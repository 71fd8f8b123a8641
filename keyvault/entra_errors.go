package keyvault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// aadsts finds Entra ID's code in a text; its numbers are documented in "Microsoft
// Entra authentication and authorization error codes".
var aadsts = regexp.MustCompile(`AADSTS(\d{3,9})`)

// refusal is Entra ID's JSON answer (documented: OAuth 2.0 error response).
type refusal struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
	ErrorCodes       []int  `json:"error_codes"`
}

// entraError turns azidentity's error into an [Error]. It does not wrap it, because it
// contains the request with the secret.
func entraError(ctx context.Context, err error) *Error {
	var identity *identityError
	if errors.As(err, &identity) {
		return identityFailure(ctx, identity)
	}
	status, r := readRefusal(err)
	if ctx.Err() != nil && status == 0 {
		return timeoutError(ctx)
	}
	number := numberIn(r.ErrorDescription)
	if len(r.ErrorCodes) > 0 {
		number = r.ErrorCodes[0]
	}
	code := entraCode(status, number)
	return &Error{Code: code, Status: status, Detail: aadstsName(number), Message: oneLine(r.ErrorDescription), Remedy: remedy(code)}
}

// numberIn returns the number of Entra ID's code in a text; 0 if there is none.
func numberIn(text string) int {
	m := aadsts.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	number, _ := strconv.Atoi(m[1]) // at most nine digits
	return number
}

func aadstsName(number int) string {
	if number == 0 {
		return ""
	}
	return fmt.Sprintf("AADSTS%d", number)
}

func readRefusal(err error) (status int, r refusal) {
	var failed *azidentity.AuthenticationFailedError
	if !errors.As(err, &failed) || failed.RawResponse == nil {
		return 0, refusal{ErrorDescription: err.Error()}
	}
	status = failed.RawResponse.StatusCode
	body, readErr := runtime.Payload(failed.RawResponse)
	if readErr != nil || json.Unmarshal(body, &r) != nil || r.ErrorDescription == "" {
		r.ErrorDescription = fmt.Sprintf("Entra ID answered %d without a reason", status)
	}
	return status, r
}

func entraCode(status, number int) Code {
	switch number {
	case 7000215:
		return CodeSecretRejected
	case 7000222:
		return CodeSecretExpired
	// Microsoft's own library reads a certificate again for the same list
	// (AzureAD/microsoft-identity-web, source: its certificate error codes).
	case 700027, 700024, 7000214, 1000502, 7000274, 7000277:
		return CodeCertificateRejected
	// 70021 and 700213 seen; 700211, 700212 and 7002131 are the same for issuer,
	// audience and expression (unverified).
	case 70021, 700211, 700212, 700213, 7002131:
		return CodeFederationRefused
	case 700016, 7000229:
		return CodeApplicationNotFound
	case 7000112:
		return CodeApplicationDisabled
	case 90002, 900021, 900023:
		return CodeTenantNotFound
	case 500011, 1002012, 70011:
		return CodeResourceNotFound
	case 53003, 530034, 530035:
		return CodeConditionalAccess
	}
	switch {
	case status == http.StatusTooManyRequests || status >= 500:
		return CodeEntraUnavailable
	case status == http.StatusUnauthorized && number == 0:
		return CodeSecretRejected // such an answer can only mean the secret
	case status == 0 && number == 0:
		return CodeEntraUnreachable
	default:
		return CodeEntraRefused
	}
}

// rejectsSecret reports whether another secret may help.
func (e *Error) rejectsSecret() bool {
	return e.Code == CodeSecretRejected || e.Code == CodeSecretExpired || e.Code == CodeCertificateRejected
}

// noAnswer reports whether Entra ID has not judged the secret: a cached token may help.
func (e *Error) noAnswer() bool {
	return e.Code == CodeEntraUnavailable || e.Code == CodeEntraUnreachable
}
