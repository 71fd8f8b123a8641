package powerbi

import (
	"context"
	"time"
)

type sendByKey struct{}

// WithSendBy returns a context under which a request that changes something leaves
// this machine before by, or not at all (outcome [NotSent], [CodeTimeout]). It is
// checked when the token is there and nothing but the transport is left, on the
// monotonic and on the wall clock, because a machine that was suspended in between
// may have stopped the one and not the other.
func WithSendBy(ctx context.Context, by time.Time) context.Context {
	return context.WithValue(ctx, sendByKey{}, by)
}

// tooLate tells whether the time to send under ctx is over.
func tooLate(ctx context.Context) bool {
	by, ok := ctx.Value(sendByKey{}).(time.Time)
	if !ok {
		return false
	}
	now := time.Now()
	return !now.Before(by) || !now.Round(0).Before(by.Round(0))
}

// lateError: the request was held up, and sending it now could repeat what others
// have resolved meanwhile.
type lateError struct{}

func (lateError) Error() string { return "held up on this machine for too long: not sent" }

// Timeout marks it as CodeTimeout; NonRetriable keeps azcore from trying again.
func (lateError) Timeout() bool   { return true }
func (lateError) Temporary() bool { return true }
func (lateError) NonRetriable()   {}
