package powerbi

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"pbirefresh/internal/foreign"
)

// call describes a request in the pipeline, and whether it was sent.
type call struct {
	op       string
	endpoint endpoint
	once     bool // changes something: send it at most once
	whole    bool // starts a refresh of the whole model

	handed    atomic.Bool // given to the transport
	dialing   atomic.Bool // net/http has begun to open a connection
	connected atomic.Bool // net/http has found one

	challenge  string // WWW-Authenticate of a 401, hidden from azcore; see sender
	challenged bool   // the last answer was a 401 whose challenge says that the token is invalid
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return new(call)
}

// trace records the connection. Without one nothing can have been sent.
func (c *call) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.dialing.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.connected.Store(true) },
	}
}

// outcome returns the outcome of a request without an answer. It is NotSent only on
// evidence: the transport never got the request, or could open no connection. For a
// transport without a trace (a test's) the type of the error is the evidence.
func (c *call) outcome(err error) Outcome {
	var op *net.OpError
	switch {
	case !c.handed.Load(), c.dialing.Load() && !c.connected.Load():
		return NotSent
	case !c.dialing.Load() && errors.As(err, &op) && op.Op == "dial":
		return NotSent
	default:
		return Unknown
	}
}

// failed returns the Error of a request without an answer.
func (c *call) failed(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	code := failureCode(err)
	return &Error{
		Op:      c.op,
		Code:    code,
		Message: foreign.Masked(cause(err).Error(), maxMessage),
		Remedy:  remedy(code, c.endpoint),
		Outcome: c.outcome(err),
		err:     err,
	}
}

func failureCode(err error) Code {
	var token *tokenError
	var network net.Error
	switch {
	case errors.As(err, &token):
		return CodeCredentialUnavailable
	case errors.Is(err, context.Canceled):
		return CodeCanceled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return CodeTimeout
	default:
		return CodeUnreachable
	}
}

// cause removes the method and the address that net/http prepends.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
