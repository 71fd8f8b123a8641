package powerbi

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Code identifies the case of an error. Codes are stable; messages are not.
type Code string

// The codes, each with its outcome in brackets.
const (
	// CodeBusy: another refresh of the model is executing. [Refused]
	CodeBusy Code = "Busy"
	// CodeQuotaExceeded: no more refreshes of the model in these 24 hours. [Refused]
	CodeQuotaExceeded Code = "QuotaExceeded"
	// CodeThrottled: too many requests; RetryAfter says how long to wait. [Refused],
	// or [NotSent] while an earlier wait lasts.
	CodeThrottled Code = "Throttled"
	// CodeCapacityThrottled: the capacity is overloaded, not only the caller's quota used.
	// Unverified for this API; Fabric has separate codes. [Refused]
	CodeCapacityThrottled Code = "CapacityThrottled"
	// CodeCapacityPaused: the workspace's capacity is paused, whatever the HTTP status. [Refused]
	CodeCapacityPaused Code = "CapacityPaused"
	// CodeConflict: a 409 to a refresh request for another reason than a running
	// refresh. [Refused]
	CodeConflict Code = "Conflict"
	// CodeTokenRejected: Power BI takes the token as expired or invalid. See
	// [Client.RenewToken]. [Refused]
	CodeTokenRejected Code = "TokenRejected"
	// CodeNotAuthorized: the token is valid, but its service principal lacks a right. [Refused]
	CodeNotAuthorized Code = "NotAuthorized"
	// CodeAPINotAccessible: a tenant setting excludes service principals. [Refused]
	CodeAPINotAccessible Code = "APINotAccessible"
	// CodeForbidden: a 403 of another kind, such as a role that may only read. [Refused]
	CodeForbidden Code = "Forbidden"
	// CodeNotFound: a wrong id or no permission; Power BI's answer is the same. [Refused]
	CodeNotFound Code = "NotFound"
	// CodeWorkspaceNotFound: the same of the workspace. [Refused]
	CodeWorkspaceNotFound Code = "WorkspaceNotFound"
	// CodeNotModelBased: a push or streaming dataset, which has no refresh. [Refused]
	CodeNotModelBased Code = "NotModelBased"
	// CodeAlreadyFinished: too late to cancel. [Refused]
	CodeAlreadyFinished Code = "AlreadyFinished"
	// CodeEnhancedNotSupported: the answer suggests that the workspace's capacity does not
	// support enhanced refreshes. The text is unverified: check the workspace. [Refused]
	CodeEnhancedNotSupported Code = "EnhancedNotSupported"
	// CodeBadRequest: any other refusal of the request. [Refused], or [NotSent] for
	// an argument that the client itself rejects.
	CodeBadRequest Code = "BadRequest"
	// CodeUnavailable: a 5xx, or a 408. [Unknown]
	CodeUnavailable Code = "Unavailable"
	// CodeNotPowerBI: a proxy, a firewall or a sign-in page answered in Power BI's place.
	// [Refused], or [Unknown] for a redirect and a page with a 2xx
	CodeNotPowerBI Code = "NotPowerBI"
	// CodeUnexpected: an undocumented answer: another 2xx, a body that cannot be
	// parsed. [Unknown]
	CodeUnexpected Code = "Unexpected"
	// CodeCredentialUnavailable: no token could be obtained, nothing was sent. [NotSent]
	CodeCredentialUnavailable Code = "CredentialUnavailable"
	// CodeUnreachable: no connection, or a lost one. [NotSent] or [Unknown]
	CodeUnreachable Code = "Unreachable"
	// CodeTimeout: no answer in time. [NotSent] or [Unknown]
	CodeTimeout Code = "Timeout"
	// CodeCanceled: the caller's context ended. [NotSent] or [Unknown]
	CodeCanceled Code = "Canceled"
)

// Outcome reports whether a failed request may have taken effect.
type Outcome int

// The outcomes. The zero value assumes the least.
const (
	// Unknown: it was sent, and no definitive answer came.
	Unknown Outcome = iota
	// NotSent: Power BI cannot have received it.
	NotSent
	// Refused: Power BI rejected it.
	Refused
)

// String returns the outcome's name.
func (o Outcome) String() string {
	switch o {
	case NotSent:
		return "NotSent"
	case Refused:
		return "Refused"
	case Unknown:
		return "Unknown"
	default:
		return "Outcome(?)"
	}
}

// Error is the error of each call of this package.
type Error struct {
	Op          string        // the call, such as "start refresh"
	Code        Code          // the case
	Status      int           // HTTP status, 0 without an answer
	Message     string        // Power BI's words, or the transport's; one line
	Remedy      string        // what to change, and where
	PowerBICode string        // the code in Power BI's answer, if any
	RequestID   string        // Power BI's correlation id, for its support
	RetryAfter  time.Duration // not before; 0 if Power BI named no time
	Outcome     Outcome       // whether the request may have taken effect
	RefreshIDs  []string      // of a start whose outcome is Unknown: ids that its refresh may have

	err error
}

// Error returns one line: what failed, why, what to do.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "powerbi: %s: %s", e.Op, e.Code)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (%s)", strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, e.PowerBICode)))
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, "; not before %s", e.RetryAfter.Round(time.Second))
	}
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	if e.RequestID != "" {
		b.WriteString(" [request " + e.RequestID + "]")
	}
	return b.String()
}

// Unwrap returns the transport's, the credential's or the context's error.
func (e *Error) Unwrap() error { return e.err }

// LogValue logs the parts of e as attributes. The words of an answer are left out: they
// may name people and data.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("op", e.Op),
		slog.String("code", string(e.Code)),
		slog.String("outcome", e.Outcome.String()),
	}
	if e.Status != 0 {
		attrs = append(attrs, slog.Int("status", e.Status))
	} else {
		attrs = append(attrs, slog.String("message", e.Message))
	}
	if e.PowerBICode != "" {
		attrs = append(attrs, slog.String("powerbiCode", e.PowerBICode))
	}
	if e.RetryAfter > 0 {
		attrs = append(attrs, slog.Duration("retryAfter", e.RetryAfter))
	}
	if e.RequestID != "" {
		attrs = append(attrs, slog.String("requestId", e.RequestID))
	}
	return slog.GroupValue(attrs...)
}

// HasCode reports whether err is an [*Error] with one of the codes.
func HasCode(err error, codes ...Code) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

// OutcomeOf returns the outcome of err: that of its [*Error], else [Unknown].
func OutcomeOf(err error) Outcome {
	var e *Error
	if errors.As(err, &e) {
		return e.Outcome
	}
	return Unknown
}
