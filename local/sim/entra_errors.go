package sim

import (
	"fmt"
	"net/http"
)

// entraCode is one AADSTS error: its HTTP status, OAuth word and number.
type entraCode struct {
	status int
	word   string
	number int
}

// Seen: 401 and invalid_client for 7000215 (Azure/sap-automation#418), 400 and invalid_tenant for 90002 (recordings of
// azure-sdk-for-js), the texts of 700016 (MicrosoftDocs/azure-docs#21690). unverified: the statuses of the others.
var (
	badRequest         = entraCode{http.StatusBadRequest, "invalid_request", 900144}
	unknownTenant      = entraCode{http.StatusBadRequest, "invalid_tenant", 90002}
	badGrant           = entraCode{http.StatusBadRequest, "unsupported_grant_type", 70003}
	unknownApp         = entraCode{http.StatusBadRequest, "unauthorized_client", 700016}
	badScope           = entraCode{http.StatusBadRequest, "invalid_scope", 1002012}
	noFederation       = entraCode{http.StatusUnauthorized, "unauthorized_client", 700213} // 401 and word: seen (Azure/azure-workload-identity issues, for 70021)
	badAudience        = entraCode{http.StatusUnauthorized, "invalid_client", 700023}
	badIssuer          = entraCode{http.StatusUnauthorized, "invalid_client", 700021}
	badTimes           = entraCode{http.StatusUnauthorized, "invalid_client", 700024}
	malformedAssertion = entraCode{http.StatusBadRequest, "invalid_request", 50027}
	badAssertion       = entraCode{http.StatusUnauthorized, "invalid_client", 700027}
	noCredential       = entraCode{http.StatusUnauthorized, "invalid_client", 7000218}
	expiredSecret      = entraCode{http.StatusUnauthorized, "invalid_client", 7000222}
	wrongSecret        = entraCode{http.StatusUnauthorized, "invalid_client", 7000215}
)

// entraError is the JSON body of every rejection.
type entraError struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri"`
}

func (s *Entra) refuse(r *http.Request, code entraCode, text string) Answer {
	body := entraError{
		Error: code.word, Codes: []int{code.number}, TraceID: s.newID(),
		CorrelationID: r.Header.Get("Client-Request-Id"),
		Timestamp:     s.now().UTC().Format("2006-01-02 15:04:05Z"),
		URI:           fmt.Sprintf("https://%s/error?code=%d", r.Host, code.number),
	}
	if body.CorrelationID == "" {
		body.CorrelationID = s.newID()
	}
	body.Description = fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s",
		text, body.TraceID, body.CorrelationID, body.Timestamp)
	return jsonAnswer(code.status, body).noted(fmt.Sprintf("AADSTS%d", code.number))
}

func tenantText(tenant string) string {
	return "AADSTS90002: Tenant '" + tenant + "' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. " +
		"Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
}

func appText(appID, tenant string) string {
	return "AADSTS700016: Application with identifier '" + appID + "' was not found in the directory '" + tenant + "'. " +
		"This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. " +
		"You may have sent your authentication request to the wrong tenant."
}

func scopeText(scope string) string {
	return "AADSTS1002012: The provided value for scope " + scope + " is not valid. " +
		"Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
}
