package refresh

import (
	"errors"
	"time"

	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

// defaultRetryAfter is the wait after a 429 that does not say how long.
const defaultRetryAfter = time.Minute

// answerOf translates the error of a POST. What decides is whether the request
// may have taken effect: only a clear no is a no.
func answerOf(err error) machine.Answer {
	var e *powerbi.Error
	if !errors.As(err, &e) {
		return machine.Answer{Kind: machine.Lost, Fault: faultOf(err, true)}
	}
	switch {
	case e.Outcome == powerbi.Unknown:
		return machine.Answer{Kind: machine.Lost, Fault: faultOf(err, true), Named: e.RefreshIDs}
	case e.Code == powerbi.CodeThrottled, e.Code == powerbi.CodeCapacityThrottled:
		return machine.Answer{Kind: machine.Throttled, RetryAfter: orDefault(e.RetryAfter, defaultRetryAfter), Fault: faultOf(err, true)}
	case e.Code == powerbi.CodeCapacityPaused:
		return machine.Answer{Kind: machine.Paused, Fault: faultOf(err, true)}
	case e.Code == powerbi.CodeConflict:
		return machine.Answer{Kind: machine.Conflict, Fault: faultOf(err, true)}
	case e.Outcome == powerbi.NotSent:
		return machine.Answer{Kind: machine.Unsent, Fault: faultOf(err, passing(err))}
	case e.Code == powerbi.CodeBusy:
		return machine.Answer{Kind: machine.Busy}
	}
	return machine.Answer{
		Kind: machine.Refused, Fault: faultOf(err, false),
		TokenRejected: e.Code == powerbi.CodeTokenRejected,
		EnhancedOnly:  e.Code == powerbi.CodeEnhancedNotSupported,
		Quota:         e.Code == powerbi.CodeQuotaExceeded,
		OfBody:        e.Code == powerbi.CodeBadRequest,
	}
}

// passing reports whether the reason for which nothing was sent may go away by
// itself.
func passing(err error) bool {
	var lasting interface{ Lasting() bool }
	if errors.As(err, &lasting) {
		return !lasting.Lasting()
	}
	return !powerbi.HasCode(err, powerbi.CodeBadRequest)
}

// faultOf puts an error of the client into the words of a status document.
func faultOf(err error, transient bool) *machine.Fault {
	var e *powerbi.Error
	if !errors.As(err, &e) {
		return &machine.Fault{Code: string(powerbi.CodeUnexpected), Message: err.Error(), Transient: transient}
	}
	f := &machine.Fault{Code: faultCode(e.Code), Message: inWords(e.Code), Remedy: e.Remedy, PowerBI: e.PowerBICode, Transient: transient}
	if e.RequestID != "" {
		f.Support = "RequestId " + e.RequestID
	}
	if e.Status == 0 { // the transport's words
		f.Message = machine.Sentences(inWords(e.Code), e.Message)
	} else {
		f.Detail = e.Message
	}
	return f
}

// inWords says what a code means. [docs/errors.md] has the same sentences.
func inWords(c powerbi.Code) string {
	switch c {
	case powerbi.CodeCapacityPaused:
		return "The capacity of the workspace is paused."
	case powerbi.CodeCapacityThrottled:
		return "The capacity of the workspace has no room for more work now."
	case powerbi.CodeThrottled:
		return "Power BI throttles the requests of the service principal."
	case powerbi.CodeConflict:
		return "Power BI refused the refresh because something else is being done with the model."
	case powerbi.CodeQuotaExceeded:
		return "The model has used up its refreshes of the last 24 hours."
	case powerbi.CodeNotModelBased:
		return "The dataset has no model that could be refreshed."
	case powerbi.CodeEnhancedNotSupported:
		return "The capacity of the workspace takes no enhanced refresh."
	case powerbi.CodeWorkspaceNotFound:
		return "Power BI knows no such workspace, or the service principal may not see it."
	case powerbi.CodeNotPowerBI:
		return "The answer did not come from Power BI."
	case powerbi.CodeUnexpected:
		return "The answer is none that the API of Power BI documents."
	case powerbi.CodeCanceled:
		return ""
	case powerbi.CodeCredentialUnavailable:
		return "No token for Power BI could be obtained."
	case powerbi.CodeUnreachable:
		return "Power BI cannot be reached."
	case powerbi.CodeTimeout:
		return "Power BI did not answer in time."
	case powerbi.CodeNotAuthorized, powerbi.CodeForbidden:
		return "The service principal may not refresh models of this workspace."
	case powerbi.CodeAPINotAccessible:
		return "The tenant does not let service principals use the Power BI API."
	case powerbi.CodeNotFound:
		return "Power BI knows no such model, or the service principal may not see it."
	case powerbi.CodeTokenRejected:
		return "Power BI does not accept the token, not even a new one."
	case powerbi.CodeBadRequest:
		return "Power BI refused the request."
	case powerbi.CodeUnavailable:
		return "Power BI is not available."
	default:
		return "Power BI answered " + string(c) + " without a reason."
	}
}

// faultCode gives the client's codes the names that the HTTP contract uses.
func faultCode(c powerbi.Code) string {
	if c == powerbi.CodeQuotaExceeded {
		return machine.CodeDailyLimit
	}
	return string(c)
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}
