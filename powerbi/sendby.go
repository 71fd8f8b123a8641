package powerbi

import (
	"context"
	"errors"
	"net/http/httptrace"
	"time"
)

type sendByKey struct{}

// WithSendBy returns a context under which a request that changes something leaves
// this machine before by, or not at all (outcome [NotSent], [CodeTimeout]). It is
// checked when the token is there and nothing but the transport is left, on the
// monotonic and on the wall clock, because a machine that was suspended in between
// may have stopped the one and not the other; and opening a connection ends
// at by, because after it only the writing remains.
func WithSendBy(ctx context.Context, by time.Time) context.Context {
	return context.WithValue(ctx, sendByKey{}, by)
}

type requestIDKey struct{}

// WithRequestID returns a context under which StartRefresh sends an id of the caller's
// choice, in the headers RequestId and x-ms-client-request-id. Unverified: no
// documentation says that Power BI keeps either. If it does, the history lists the
// refresh under that id, also when the answer was lost.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// tooLate reports whether the time to send under ctx is over.
func tooLate(ctx context.Context) bool {
	by, ok := ctx.Value(sendByKey{}).(time.Time)
	if !ok {
		return false
	}
	now := time.Now()
	return !now.Before(by) || !now.Round(0).Before(by.Round(0))
}

// connectBy stops opening a connection when the time to send is over. A
// request that has its connection is not stopped, nor one whose transport has no trace (a
// test's): to cancel it would only lose its answer.
func connectBy(ctx context.Context, c *call) (context.Context, func()) {
	by, ok := ctx.Value(sendByKey{}).(time.Time)
	if !ok || !c.once {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(time.Until(by), func() {
		if c.dialing.Load() && !c.connected.Load() {
			cancel(lateError{})
		}
	})
	// The timer may have fired before the connection was begun.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(string) {
		if tooLate(ctx) {
			cancel(lateError{})
		}
	}})
	return ctx, func() {
		timer.Stop()
		cancel(nil)
	}
}

// lateOr returns the error of connectBy, else err.
func lateOr(ctx context.Context, err error) error {
	if late := (lateError{}); errors.As(context.Cause(ctx), &late) {
		return late
	}
	return err
}

// lateError: the request was delayed, and sending it now could repeat what another process
// has resolved in the meantime.
type lateError struct{}

func (lateError) Error() string { return "delayed on this machine for too long: not sent" }

// Timeout marks it as CodeTimeout; NonRetriable keeps azcore from trying again.
func (lateError) Timeout() bool   { return true }
func (lateError) Temporary() bool { return true }
func (lateError) NonRetriable()   {}
