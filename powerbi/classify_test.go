package powerbi

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	busyBody  = `{"error":{"code":"InvalidRequest","message":"Invalid dataset refresh request. Another refresh request is already executing"}}`
	quotaBody = `{"error":{"code":"InvalidRequest","message":"Invalid dataset refresh request. Number of refresh requests in last 24 hours exceeded limit"}}`
	shape2    = `{"error":{"code":"%","pbi.error":{"code":"%","parameters":{},"details":[],"exceptionCulprit":1}}}`
	throttled = `{"message":"You have exceeded the amount of requests allowed in the current time frame and further requests will fail. Retry in 3392 seconds."}`
)

func shape2Body(code string) string { return strings.ReplaceAll(shape2, "%", code) }

// TestAnswersToStart has every documented and seen answer to a refresh request.
func TestAnswersToStart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		status  int
		body    string
		headers []string
		code    Code
		outcome Outcome
		powerBI string // its code
		message string // part of it
	}{
		// seen: the live text; documented as 400 today, as 409 in 2021
		{"busy", 400, busyBody, nil, CodeBusy, Refused, "InvalidRequest", "already executing"},
		{"busy as 409", 409, busyBody, nil, CodeBusy, Refused, "InvalidRequest", "already executing"},
		{"busy as bare 409", 409, "", nil, CodeBusy, Refused, "", ""},
		{"busy in another case", 400, `{"error":{"code":"InvalidRequest","message":"ANOTHER REFRESH request is executing"}}`, nil, CodeBusy, Refused, "InvalidRequest", ""},
		{"busy in shape 5", 400, `{"message":"Another refresh request is already executing"}`, nil, CodeBusy, Refused, "", ""},
		// seen: maikvandergaag/msft-extensions#89
		{"quota", 400, quotaBody, nil, CodeQuotaExceeded, Refused, "InvalidRequest", "exceeded limit"},
		// seen: microsoft/PowerBI-CSharp#120
		{"bare 400", 400, "", nil, CodeBadRequest, Refused, "", ""},
		{"other 400", 400, `{"error":{"code":"InvalidRequest","message":"Unknown type"}}`, nil, CodeBadRequest, Refused, "InvalidRequest", "Unknown type"},
		// unverified: the text is not known
		{"enhanced on shared capacity", 400, `{"error":{"code":"InvalidRequest","message":"Enhanced refresh needs a Premium workspace"}}`, nil, CodeEnhancedNotSupported, Refused, "InvalidRequest", ""},
		// seen: measured on a live tenant
		{"no Authorization header", 403, "", nil, CodeForbidden, Refused, "", ""},
		{"malformed token", 403, "", []string{"X-PowerBI-Error-Info: InvalidToken"}, CodeTokenRejected, Refused, "InvalidToken", ""},
		{"invalid JWT", 403, "", []string{"x-powerbi-error-info: TokenExpired"}, CodeTokenRejected, Refused, "TokenExpired", ""},
		{"no workspace access", 401, "", []string{"X-PowerBI-Error-Info: GroupNotAccessible", "X-PowerBI-Error-Details: no access"}, CodeNotAuthorized, Refused, "GroupNotAccessible", "no access"},
		{"no permission", 404, shape2Body("PowerBIEntityNotFound"), nil, CodeNotFound, Refused, "PowerBIEntityNotFound", ""},
		// documented: the older style
		{"expired token, older style", 403, `{"error":{"code":"TokenExpired","message":"Access token has expired, resubmit with a new access token"}}`, nil, CodeTokenRejected, Refused, "TokenExpired", "has expired"},
		// seen: MicrosoftDocs/powerbi-docs#3234
		{"service principal not allowed", 401, shape2Body("PowerBINotAuthorizedException"), nil, CodeNotAuthorized, Refused, "PowerBINotAuthorizedException", ""},
		// seen: shape 4
		{"tenant setting off", 403, `{"Message":"API is not accessible for application"}`, nil, CodeAPINotAccessible, Refused, "", "not accessible"},
		// seen: shape 3
		{"details", 400, `{"error":{"code":"DatasetExecuteQueriesError","pbi.error":{"code":"DatasetExecuteQueriesError","parameters":{},"details":[{"code":"DetailsMessage","detail":{"type":1,"value":"Query (1, 1) failed"}},{"code":"AnalysisServicesErrorCode","detail":{"type":1,"value":"3242524690"}}]}}}`, nil, CodeBadRequest, Refused, "DatasetExecuteQueriesError", "Query (1, 1) failed"},
		// seen: push datasets
		{"not model based", 415, `{"error":{"code":"InvalidRequest","message":"Invalid dataset. This API can only be called on a Model-based dataset"}}`, nil, CodeNotModelBased, Refused, "InvalidRequest", ""},
		{"not model based as 400", 400, `{"error":{"code":"InvalidRequest","message":"Invalid dataset. This API can only be called on a Model-based dataset"}}`, nil, CodeNotModelBased, Refused, "InvalidRequest", ""},
		// seen: RuiRomano/pbimonitor#58
		{"throttled", 429, throttled, []string{"Retry-After: 3392"}, CodeThrottled, Refused, "", "Retry in 3392"},
		// documented for Fabric, unverified here
		{"capacity throttled", 429, `{"errorCode":"CapacityLimitExceeded","message":"The capacity is busy"}`, nil, CodeCapacityThrottled, Refused, "CapacityLimitExceeded", ""},
		{"internal error", 500, `{"error":{"code":"InternalServerError","message":"oops"}}`, nil, CodeUnavailable, Unknown, "InternalServerError", "oops"},
		{"gateway page", 502, "<html><body>Bad gateway</body></html>", nil, CodeUnavailable, Unknown, "", ""},
		{"gateway words", 504, "upstream request\ntimeout", nil, CodeUnavailable, Unknown, "", "upstream request timeout"},
		{"request time-out", 408, "", nil, CodeUnavailable, Unknown, "", ""},
		{"redirect", 307, "", []string{"Location: https://elsewhere.example/", "Server: portal"}, CodeNotPowerBI, Unknown, "", "answered (HTTP 307 Temporary Redirect, Server: portal)"},
		{"200 is no acceptance", 200, "{}", nil, CodeUnexpected, Unknown, "", ""},
		// seen on other surfaces of Fabric; on a refresh request unverified
		{"paused, 404", 404, `{"error":{"code":"CapacityNotActive","message":"The capacity is not active."}}`, nil, CodeCapacityPaused, Refused, "CapacityNotActive", "not active"},
		{"paused, 400", 400, `{"error":{"code":"CapacityPaused"}}`, nil, CodeCapacityPaused, Refused, "CapacityPaused", ""},
		{"paused, 503", 503, shape2Body("CapacityNotActive"), nil, CodeCapacityPaused, Refused, "CapacityNotActive", ""},
		{"paused, in words", 400, `{"message":"Your capacity is currently paused."}`, nil, CodeCapacityPaused, Refused, "", "paused"},
		{"capacity limit as 400", 400, `{"error":{"code":"CapacityLimitExceeded","message":"Try again later"}}`, nil, CodeCapacityThrottled, Refused, "CapacityLimitExceeded", ""},
		{"capacity limit in words", 400, `{"message":"Your organization's Fabric compute capacity has exceeded its limits. Try again later."}`, nil, CodeCapacityThrottled, Refused, "", ""},
		{"capacity limit as 429", 429, `{"error":{"code":"CapacityLimitExceeded","message":"Try again later"}}`, nil, CodeCapacityThrottled, Refused, "CapacityLimitExceeded", ""},
		{"workspace", 404, shape2Body("PowerBIFolderNotFound"), nil, CodeWorkspaceNotFound, Refused, "PowerBIFolderNotFound", ""},
		// inferred
		{"conflict with other words", 409, `{"error":{"code":"X","message":"Dataset is being modified"}}`, nil, CodeConflict, Refused, "X", "being modified"},
		{"conflict with a code only", 409, shape2Body("X"), nil, CodeBusy, Refused, "X", ""},
		// answers of proxies and firewalls
		{"firewall", 403, "<html><head><title>Access &amp; more</title></head></html>", []string{"Content-Type: text/html", "Server: squid/6.1"}, CodeNotPowerBI, Refused, "",
			`something between this app and Power BI answered (HTTP 403 Forbidden, page "Access & more", Server: squid/6.1)`},
		{"proxy sign-in", 407, "", nil, CodeNotPowerBI, Refused, "", "HTTP 407"},
		{"portal", 200, "<title>Sign in</title>", []string{"Content-Type: text/html"}, CodeNotPowerBI, Unknown, "", `page "Sign in"`},
		{"page of a 408", 408, "<html>", nil, CodeUnavailable, Unknown, "", ""},
		{"a page with Power BI's code", 403, "<html>", []string{"X-PowerBI-Error-Info: TokenExpired"}, CodeTokenRejected, Refused, "TokenExpired", ""},
		{"page of a 503", 503, "<title>Busy</title>", nil, CodeUnavailable, Unknown, "", `page "Busy"`},
		// RFC 6750; unverified for Power BI
		{"challenge", 401, "", []string{`WWW-Authenticate: Bearer realm="", error="invalid_token", error_description="expired"`}, CodeTokenRejected, Refused, "", ""},
		{"challenge with a code", 401, shape2Body("PowerBINotAuthorizedException"), []string{`WWW-Authenticate: Bearer error="invalid_token"`}, CodeNotAuthorized, Refused, "PowerBINotAuthorizedException", ""},
		{"byte order mark", 400, utf8BOM + busyBody, nil, CodeBusy, Refused, "InvalidRequest", "already executing"},
		{"teapot", 418, `{"error":"invalid_request","error_description":"no"}`, nil, CodeBadRequest, Refused, "invalid_request", "no"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := always(tt.status, tt.body, append(tt.headers, "RequestId: a76a1418")...)
			_, err := newClient(t, w, nil).StartRefresh(t.Context(), model(), RefreshRequest{Type: "Full"})
			e := asError(t, err)
			if e.Code != tt.code || e.Outcome != tt.outcome || e.PowerBICode != tt.powerBI || e.Status != tt.status {
				t.Errorf("got %s %s %q %d, want %s %s %q %d", e.Code, e.Outcome, e.PowerBICode, e.Status, tt.code, tt.outcome, tt.powerBI, tt.status)
			}
			if !strings.Contains(e.Message, tt.message) {
				t.Errorf("message %q does not have %q", e.Message, tt.message)
			}
			if e.RequestID != "a76a1418" || strings.ContainsAny(e.Error(), "\n\r") {
				t.Errorf("not one line with its request id: %q", e.Error())
			}
			if n := len(w.requests()); n != 1 {
				t.Errorf("the POST was sent %d times", n)
			}
		})
	}
}

func TestRemediesNameWhatToChange(t *testing.T) {
	t.Parallel()
	for code, want := range map[Code]string{
		CodeNotAuthorized:    "Contributor",
		CodeAPINotAccessible: "Service principals can use Fabric APIs",
		CodeForbidden:        "Contributor",
		CodeNotFound:         "workspaceId",
		CodeTokenRejected:    "POWERBI_TENANT_ID",
		CodeQuotaExceeded:    "8 refreshes a day",
		CodeNotModelBased:    "push",
		CodeUnreachable:      "POWERBI_API_URL",
		CodeBadRequest:       "history",
	} {
		if got := remedy(code, starts); !strings.Contains(got, want) {
			t.Errorf("%s: remedy %q does not name %q", code, got, want)
		}
	}
}

// TestRemedyOfABare400: of a whole-model refresh no option is left that could be wrong.
func TestRemedyOfABare400(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body, want string
		request          RefreshRequest
	}{
		{"whole model", "", "DirectQuery and live-connection models and push datasets", RefreshRequest{Type: "Full"}},
		{"standard", "", "take the model over", RefreshRequest{}},
		{"objects", "", "check the refresh options", RefreshRequest{Objects: []Object{{Table: "T"}}}},
		{"with words", `{"error":{"code":"X","message":"odd"}}`, "check the refresh options", RefreshRequest{}},
		{"a policy", `{"error":{"code":"X","message":"partition refresh conflicts with the refresh policy"}}`, "applyRefreshPolicy: false", RefreshRequest{}},
	} {
		_, err := newClient(t, always(400, tt.body), nil).StartRefresh(t.Context(), model(), tt.request)
		if e := asError(t, err); !strings.Contains(e.Remedy, tt.want) {
			t.Errorf("%s: remedy %q, want one with %q", tt.name, e.Remedy, tt.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, message string
		headers       []string
		want          time.Duration
	}{
		{"seconds", "", []string{"Retry-After: 20"}, 20 * time.Second},
		{"a fraction", "", []string{"Retry-After: 1.5"}, 1500 * time.Millisecond},
		{"a date", "", []string{"Retry-After: Fri, 01 May 2026 12:00:30 GMT"}, 30 * time.Second},
		{"a date by the server's clock", "", []string{"Retry-After: Fri, 01 May 2026 13:00:30 GMT", "Date: Fri, 01 May 2026 13:00:00 GMT"}, 30 * time.Second},
		{"a date in the past", "", []string{"Retry-After: Fri, 01 May 2020 12:00:30 GMT"}, 0},
		{"the text (seen: shape 5)", "Retry in 3392 seconds.", nil, 3392 * time.Second},
		{"the header before the text", "Retry in 9 seconds.", []string{"Retry-After: 7"}, 7 * time.Second},
		{"no bounds", "", []string{"Retry-After: 1e300"}, maxRetryAfter},
		{"negative", "", []string{"Retry-After: -5"}, 0},
		{"not a number", "", []string{"Retry-After: NaN"}, 0},
		{"nothing", "", nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := retryAfter(reply(429, "", tt.headers...).Header, tt.message, now); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func FuzzReadAnswer(f *testing.F) {
	for _, body := range []string{
		busyBody, quotaBody, throttled, shape2Body("X"), "", "{", "null", `{"error":null}`, `{"error":[1]}`,
		`{"Message":"API is not accessible for application"}`, `{"error":{"pbi.error":{"details":[null,1,{"detail":{"value":"v"}}]}}}`,
	} {
		f.Add(400, []byte(body), "TokenExpired", "20")
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, info, after string) {
		a := readAnswer(status, http.Header{"X-Powerbi-Error-Info": {info}, "Retry-After": {after}}, body)
		if len([]rune(a.message)) > maxMessage+3 || strings.ContainsAny(a.message+a.code, "\n\r\x1b") {
			t.Errorf("unfit for a log: %q %q", a.code, a.message)
		}
		if a.retryAfter < 0 || a.retryAfter > maxRetryAfter {
			t.Errorf("wait %v", a.retryAfter)
		}
		for e := range endpoints {
			code, outcome := classify(e, a)
			if code == "" || outcome == NotSent {
				t.Errorf("an answer gave %q %v", code, outcome)
			}
			if (status < 400 || status >= 500) && outcome != Unknown && code != CodeCapacityPaused && code != CodeCapacityThrottled {
				t.Errorf("status %d is %v", status, outcome)
			}
		}
	})
}
