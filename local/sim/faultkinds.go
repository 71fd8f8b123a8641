package sim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"
)

// A FaultKind names a ready-made [Fault].
type FaultKind string

// The catalogue. Sources of the bodies are in powerbi_errors.go.
const (
	CutBefore         FaultKind = "cut-before"         // connection lost, nothing happened
	CutAfter          FaultKind = "cut-after"          // connection lost, the service acted
	ErrorBefore       FaultKind = "error-before"       // 5xx (503), nothing happened
	ErrorAfter        FaultKind = "error-after"        // 5xx (503), the service acted
	ErrorAfterNamed   FaultKind = "error-after-named"  // the same, and the answer has the ids of the accepted refresh
	Waking            FaultKind = "waking"             // a capacity that wakes: acts, and answers, after 100 s (seen: 503 for about as long after a resume)
	Throttled         FaultKind = "throttled"          // 429 with Retry-After
	NoAuthorization   FaultKind = "no-authorization"   // 403 as for a missing header
	InvalidToken      FaultKind = "invalid-token"      // 403, X-PowerBI-Error-Info: InvalidToken
	TokenExpired      FaultKind = "token-expired"      // 403, X-PowerBI-Error-Info: TokenExpired
	TokenExpiredBody  FaultKind = "token-expired-body" // 403, the older style with a body
	GroupInaccessible FaultKind = "group-inaccessible" // 401, X-PowerBI-Error-Info: GroupNotAccessible
	NotAuthorized     FaultKind = "not-authorized"     // 401 PowerBINotAuthorizedException
	APIInaccessible   FaultKind = "api-inaccessible"   // 403 "API is not accessible for application"
	ConditionalAccess FaultKind = "conditional-access" // 401 with insufficient_claims
	EntityNotFound    FaultKind = "entity-not-found"   // 404 PowerBIEntityNotFound
	NotModelBased     FaultKind = "not-model-based"    // 415
	Busy400Answer     FaultKind = "busy-400"           // busy text with 400
	Busy409Answer     FaultKind = "busy-409"           // busy text with 409
	BareBadRequest    FaultKind = "bare-400"           // 400 without any reason
	QuotaExceeded     FaultKind = "quota"              // 400 with the quota text
	HTMLError         FaultKind = "html-error"         // 502 with a proxy's HTML page
	TruncatedJSON     FaultKind = "truncated-json"     // 200 with half a document, the service acted
	UnexpectedSuccess FaultKind = "unexpected-200"     // 200 without a body, nothing happened
	Redirected        FaultKind = "redirect"           // 307 to another host, nothing happened
	TokenChallenge    FaultKind = "token-challenge"    // 401 with WWW-Authenticate: ... error="invalid_token"
	CapacityPaused    FaultKind = "capacity-paused"    // CapacityNotActive: 404, or Status
	CapacityLimit     FaultKind = "capacity-limit"     // CapacityLimitExceeded: 400, or Status
	FolderNotFound    FaultKind = "folder-not-found"   // 404 PowerBIFolderNotFound
	BeingModified     FaultKind = "being-modified"     // 409 with other words than busy
	FirewallPage      FaultKind = "firewall-page"      // 403 with a firewall's HTML page
	ProxySignIn       FaultKind = "proxy-sign-in"      // 407 of a proxy
	PortalPage        FaultKind = "portal-page"        // 200 with a sign-in page, nothing happened
	ByteOrderMark     FaultKind = "byte-order-mark"    // 200 with an empty history behind a BOM
)

// FaultKinds lists the catalogue in alphabetical order.
func FaultKinds() []FaultKind {
	return slices.Sorted(maps.Keys(catalogue()))
}

func catalogue() map[FaultKind]func(Fault) Fault {
	return map[FaultKind]func(Fault) Fault{
		CutBefore:         func(f Fault) Fault { f.Cut = true; return f },
		CutAfter:          func(f Fault) Fault { f.Cut, f.After = true, true; return f },
		ErrorBefore:       func(f Fault) Fault { return f.answering(emptyAnswer(cmp.Or(f.Status, http.StatusServiceUnavailable))) },
		ErrorAfter:        errorAfter,
		ErrorAfterNamed:   func(f Fault) Fault { f.Named = true; return errorAfter(f) },
		Waking:            func(f Fault) Fault { f.Land = cmp.Or(f.Land, 100*time.Second); return f },
		Throttled:         func(f Fault) Fault { return f.answering(tooManyRequests(cmp.Or(f.RetryAfter, 20*time.Second))) },
		NoAuthorization:   always(emptyAnswer(http.StatusForbidden)),
		InvalidToken:      always(errorInfo(http.StatusForbidden, "InvalidToken")),
		TokenExpired:      always(errorInfo(http.StatusForbidden, "TokenExpired")),
		TokenExpiredBody:  always(tokenExpiredBody()),
		GroupInaccessible: always(errorInfo(http.StatusUnauthorized, "GroupNotAccessible")),
		NotAuthorized:     always(pbiError(http.StatusUnauthorized, "PowerBINotAuthorizedException")),
		APIInaccessible:   always(apiNotAccessible()),
		ConditionalAccess: always(insufficientClaims()),
		EntityNotFound:    always(entityNotFound()),
		NotModelBased:     always(notModelBased()),
		Busy400Answer:     always(busyAnswer(http.StatusBadRequest)),
		Busy409Answer:     always(busyAnswer(http.StatusConflict)),
		BareBadRequest:    always(emptyAnswer(http.StatusBadRequest)),
		QuotaExceeded:     always(quotaAnswer()),
		HTMLError:         always(htmlAnswer()),
		TruncatedJSON:     truncated,
		UnexpectedSuccess: always(emptyAnswer(http.StatusOK)),
		TokenChallenge:    always(tokenChallenge()),
		CapacityPaused:    func(f Fault) Fault { return f.answering(capacityPaused(cmp.Or(f.Status, http.StatusNotFound))) },
		CapacityLimit:     func(f Fault) Fault { return f.answering(capacityLimit(cmp.Or(f.Status, http.StatusBadRequest))) },
		FolderNotFound:    always(pbiError(http.StatusNotFound, "PowerBIFolderNotFound")),
		BeingModified:     always(shape1(http.StatusConflict, "InvalidRequest", "Dataset is being modified")), // inferred
		FirewallPage:      always(page(http.StatusForbidden, "Access denied").withHeader("Server", "squid/6.1")),
		ProxySignIn:       always(page(http.StatusProxyAuthRequired, "Sign in to the proxy").withHeader("Proxy-Authenticate", `Basic realm="proxy"`)),
		PortalPage:        always(page(http.StatusOK, "Sign in")),
		ByteOrderMark:     always(byteOrderMark()),
		Redirected:        always(emptyAnswer(http.StatusTemporaryRedirect).withHeader("Location", "https://redirected.invalid/")),
	}
}

func (f Fault) answering(a Answer) Fault {
	if f.Answer == nil && !f.Cut {
		f.Answer = &a
	}
	return f
}

func always(a Answer) func(Fault) Fault {
	return func(f Fault) Fault { return f.answering(a) }
}

func errorAfter(f Fault) Fault {
	f.After = true
	return f.answering(emptyAnswer(cmp.Or(f.Status, http.StatusServiceUnavailable)))
}

func truncated(f Fault) Fault {
	f.After = true
	a := emptyAnswer(http.StatusOK).withHeader("Content-Type", "application/json; charset=utf-8")
	a.Body = []byte(`{"value":[{"requestId":"`)
	return f.answering(a)
}

// page is the answer of a proxy or firewall: a page of HTML.
func page(status int, title string) Answer {
	a := emptyAnswer(status).withHeader("Content-Type", "text/html; charset=utf-8")
	a.Body = []byte("<!DOCTYPE html><html><head><title>" + title + "</title></head><body></body></html>")
	return a
}

func byteOrderMark() Answer {
	a := emptyAnswer(http.StatusOK).withHeader("Content-Type", "application/json; charset=utf-8")
	a.Body = []byte("\xef\xbb\xbf" + `{"value":[]}`)
	return a
}

func htmlAnswer() Answer {
	a := emptyAnswer(http.StatusBadGateway).withHeader("Content-Type", "text/html")
	a.Body = []byte("<html><body><h1>502 Bad Gateway</h1></body></html>")
	return a
}
