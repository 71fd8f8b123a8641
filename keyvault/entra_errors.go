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

// entraError turns azidentity's error into one of ours, without keeping it: it
// leads to the request that has the secret in it.
func entraError(ctx context.Context, err error) *Error {
	status, r := readRefusal(err)
	if ctx.Err() != nil && status == 0 {
		return timeoutError(ctx)
	}
	number := 0
	if len(r.ErrorCodes) > 0 {
		number = r.ErrorCodes[0]
	} else if m := aadsts.FindStringSubmatch(r.ErrorDescription); m != nil {
		number, _ = strconv.Atoi(m[1]) // at most nine digits
	}
	code := entraCode(status, number)
	e := &Error{Code: code, Status: status, Message: oneLine(r.ErrorDescription), Remedy: remedy(code)}
	if number != 0 {
		e.Detail = fmt.Sprintf("AADSTS%d", number)
	}
	return e
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
		return CodeSecretRejected // the secret is all that such an answer can be about
	case status == 0 && number == 0:
		return CodeEntraUnreachable
	default:
		return CodeEntraRefused
	}
}

// rejectsSecret tells whether another secret may help.
func (e *Error) rejectsSecret() bool {
	return e.Code == CodeSecretRejected || e.Code == CodeSecretExpired
}
