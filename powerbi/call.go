package powerbi

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
)

// call goes along with a request through the pipeline: what it is, and what is
// known about whether it left.
type call struct {
	op       string
	endpoint endpoint
	once     bool // changes something: send it at most once
	whole    bool // starts a refresh of the whole model

	handed    atomic.Bool // given to the transport
	dialing   atomic.Bool // net/http has begun to look for a connection
	connected atomic.Bool // net/http has found one

	challenge  string // WWW-Authenticate of a 401, kept from azcore; see exchange
	challenged bool   // the last answer was a 401 whose challenge says that the token is invalid
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return new(call)
}

// trace watches for the connection. Without one nothing can have been sent.
func (c *call) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.dialing.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.connected.Store(true) },
	}
}

// outcome judges a request without an answer. It is NotSent only on evidence: the
// transport never had it, or looked for a connection and found none. A transport
// that reports no trace (a test's) leaves the type of the error as evidence.
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

// failed makes the Error of a request without an answer.
func (c *call) failed(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	code := failureCode(err)
	return &Error{
		Op:      c.op,
		Code:    code,
		Message: oneLine(cause(err).Error(), maxMessage),
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

// cause drops the method and the address that net/http puts in front.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
