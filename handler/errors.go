package handler

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// Error is an answer that is not an operation's outcome. Code, Message, Target
// and Details are shown to the caller; the wrapped error is only logged.
type Error struct {
	Status     int
	Code       string
	Message    string // what is wrong and what to do
	Target     string // the field
	Details    []Detail
	RetryAfter time.Duration
	err        error
}

// Detail is one of several things that are wrong with a request.
type Detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target,omitempty"`
}

func (e *Error) Error() string {
	if e.err != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.err)
	}
	return e.Code + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.err }

// asError is the table from errors to answers.
func asError(err error) *Error {
	var own *Error
	var refusal *refresh.Refusal
	var unavailable *refresh.UnavailableError
	var leased *refresh.LeaseError
	var defect machine.Unlisted
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refusal):
		return &Error{Status: refusalStatus(refusal.Code), Code: refusal.Code, Message: refusal.Message, RetryAfter: refusalRetry(refusal.Code)}
	case errors.Is(err, refresh.ErrBadID):
		return &Error{Status: http.StatusNotFound, Code: machine.CodeNotFound,
			Message: "There is no such operation. Use the statusUrl of the 202 answer exactly as it was given."}
	case errors.As(err, &unavailable) && errors.Is(err, machine.ErrNewer):
		return &Error{Status: http.StatusServiceUnavailable, Code: machine.CodeNewerVersion, RetryAfter: unavailable.RetryAfter, err: err,
			Message: "A newer version of this app has written the state of this model, and this one must not touch it. Nothing was started. " +
				"While a roll-out is under way, send the request again; after a roll-back, deploy the newer version again."}
	case errors.As(err, &unavailable) && errors.As(err, &leased):
		return &Error{Status: http.StatusServiceUnavailable, Code: machine.CodeUnavailable, RetryAfter: unavailable.RetryAfter, err: err,
			Message: "Nothing was started: " + leased.Error() + ". " + leased.Remedy() + ". Then send the request again. GET /api/health/ready lists every such lease."}
	case errors.As(err, &unavailable) && errors.As(err, &defect):
		return &Error{Status: http.StatusServiceUnavailable, Code: machine.CodeUnavailable, RetryAfter: unavailable.RetryAfter, err: err,
			Message: "This version of the app has a defect that keeps it from carrying out the request. Nothing was changed. Report the log line \"event refused\"."}
	case errors.As(err, &unavailable):
		return &Error{Status: http.StatusServiceUnavailable, Code: machine.CodeUnavailable, RetryAfter: unavailable.RetryAfter, err: err,
			Message: "The state storage cannot be used now, so the request may not be saved. Send it again: a request that was saved is shared or, with an Idempotency-Key, repeated. GET /api/health/ready names the cause."}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Error{Status: http.StatusServiceUnavailable, Code: "Interrupted", RetryAfter: time.Second, err: err,
			Message: "The request was interrupted. Send it again."}
	}
	return &Error{Status: http.StatusInternalServerError, Code: "InternalError", err: err,
		Message: "Something went wrong inside the service. The log has the details under this request's x-ms-request-id."}
}

func refusalStatus(code string) int {
	switch code {
	case machine.CodeNotFound:
		return http.StatusNotFound
	case machine.CodeFinished:
		return http.StatusGone
	case machine.CodeShareUsed:
		return http.StatusTooManyRequests
	case machine.CodeQueueFull:
		return http.StatusServiceUnavailable
	case machine.CodeKeyReused:
		return http.StatusUnprocessableEntity
	default: // RefreshInProgress, CancelNotSupported
		return http.StatusConflict
	}
}

func refusalRetry(code string) time.Duration {
	if code == machine.CodeQueueFull || code == machine.CodeShareUsed {
		return time.Minute
	}
	return 0
}

type errorDocument struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Target  string      `json:"target,omitempty"`
	Details []Detail    `json:"details,omitempty"`
	Inner   *innerError `json:"innererror,omitempty"`
}

// innerError always has both: JavaScript's core-lro prints "undefined" for a
// missing message.
type innerError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Support string `json:"support,omitempty"` // HRESULT, cluster and ids, for Power BI's support
}

// comeAgain is the default of Retry-After.
const comeAgain = 5 * time.Second

func writeError(w http.ResponseWriter, e *Error) {
	w.Header().Set("x-ms-error-code", e.Code)
	if wait := e.RetryAfter; wait > 0 {
		w.Header().Set("Retry-After", seconds(wait))
	} else if e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", seconds(comeAgain))
	}
	_ = writeJSON(w, e.Status, errorDocument{errorBody{Code: e.Code, Message: e.Message, Target: e.Target, Details: e.Details}})
}

// seconds is a wait as Retry-After says it: whole seconds, from 1 to 60. Clients
// of the Azure SDKs give up on longer ones.
func seconds(d time.Duration) string {
	return strconv.Itoa(int(min(60, max(1, math.Ceil(d.Seconds())))))
}
