package sim

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The texts that clients must recognise: the code InvalidRequest covers several cases.
const (
	// Seen as the answer to a second refresh; the status was documented as 409 in 2021 and 400 since 2023.
	busyText = "Invalid dataset refresh request. Another refresh request is already executing"
	// Seen: maikvandergaag/msft-extensions#89.
	quotaText = "Invalid dataset refresh request. Number of refresh requests in last 24 hours exceeded limit"
	// Seen on push and other non-model datasets.
	notModelText = "Invalid dataset. This API can only be called on a Model-based dataset"
	// Seen on PATCH refreshSchedule: https://stackoverflow.com/questions/62340439.
	mailText = "Invalid NotifyOption value '%s' for app only owner requests"
	// unverified: no answer to an enhanced request on a shared capacity was published.
	enhancedText = "Invalid dataset refresh request. Enhanced refresh is supported only for datasets on Premium, Premium Per User or Embedded capacity"
	// Seen in microsoft/semantic-link-labs: the text contains "cannot be cancelled"; unverified: the rest of it.
	cancelText = "Invalid dataset refresh request. The refresh request is already finished and cannot be cancelled"
)

// shape1 is {"error":{"code","message"}}.
func shape1(status int, code, message string) Answer {
	type inner struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	return jsonAnswer(status, map[string]inner{"error": {code, message}}).noted(code + ": " + message)
}

func invalidRequest(message string) Answer {
	return shape1(http.StatusBadRequest, "InvalidRequest", message)
}

type pbiDetail struct {
	Code   string    `json:"code"`
	Detail pbiScalar `json:"detail"`
}

type pbiScalar struct {
	Type  int    `json:"type"`
	Value string `json:"value"`
}

// pbiError is the shape without a message (seen: MicrosoftDocs/powerbi-docs#3234), or with details.
func pbiError(status int, code string, details ...pbiDetail) Answer {
	type nested struct {
		Code       string         `json:"code"`
		Parameters map[string]any `json:"parameters"`
		Details    []pbiDetail    `json:"details"`
		Culprit    int            `json:"exceptionCulprit"`
	}
	type outer struct {
		Code string `json:"code"`
		PBI  nested `json:"pbi.error"`
	}
	if details == nil {
		details = []pbiDetail{}
	}
	body := outer{code, nested{code, map[string]any{}, details, 1}}
	return jsonAnswer(status, map[string]outer{"error": body}).noted(code)
}

func entityNotFound() Answer { return pbiError(http.StatusNotFound, "PowerBIEntityNotFound") }

// errorInfo is the empty body with X-PowerBI-Error-Info (seen; read by microsoft/powerbi-powershell).
func errorInfo(status int, info string) Answer {
	return emptyAnswer(status).withHeader("X-PowerBI-Error-Info", info).noted(info)
}

// tokenExpiredBody is the older, documented style.
func tokenExpiredBody() Answer {
	return shape1(http.StatusForbidden, "TokenExpired", "Access token has expired, resubmit with a new access token")
}

// apiNotAccessible: tenant setting off, or a service principal outside /groups (seen: https://openillumi.com/?p=93905).
func apiNotAccessible() Answer {
	const text = "API is not accessible for application"
	return jsonAnswer(http.StatusForbidden, map[string]string{"Message": text}).noted(text)
}

// insufficientClaims: conditional access; unverified: everything but the status and the word insufficient_claims.
func insufficientClaims() Answer {
	return emptyAnswer(http.StatusUnauthorized).
		withHeader("WWW-Authenticate", `Bearer realm="", error="insufficient_claims", claims="e30="`).
		noted("insufficient_claims")
}

// tokenChallenge is RFC 6750's answer to an invalid token; unverified for Power BI.
func tokenChallenge() Answer {
	return emptyAnswer(http.StatusUnauthorized).
		withHeader("WWW-Authenticate", `Bearer realm="", error="invalid_token", error_description="The access token is expired"`).
		noted("invalid_token")
}

// capacityPaused: code and statuses were seen on other surfaces of Fabric; unverified: the text and the refresh request.
func capacityPaused(status int) Answer {
	return shape1(status, "CapacityNotActive", "The capacity is currently paused and cannot be used.")
}

// capacityLimit: documented for Fabric as 429, seen with 400.
func capacityLimit(status int) Answer {
	return shape1(status, "CapacityLimitExceeded",
		"Your organization's Fabric compute capacity has exceeded its limits. Try again later.")
}

// tooManyRequests: seen RuiRomano/pbimonitor#58, with a Retry-After of about an hour.
func tooManyRequests(retryAfter time.Duration) Answer {
	seconds := int((retryAfter + time.Second - 1) / time.Second)
	text := fmt.Sprintf("You have exceeded the amount of requests allowed in the current time frame "+
		"and further requests will fail. Retry in %d seconds.", seconds)
	return jsonAnswer(http.StatusTooManyRequests, map[string]string{"message": text}).
		withHeader("Retry-After", strconv.Itoa(seconds)).noted("throttled")
}

func notModelBased() Answer {
	return shape1(http.StatusUnsupportedMediaType, "InvalidRequest", notModelText)
}

func busyAnswer(status int) Answer { return shape1(status, "InvalidRequest", busyText) }

// quotaAnswer; unverified: the status.
func quotaAnswer() Answer { return invalidRequest(quotaText) }
