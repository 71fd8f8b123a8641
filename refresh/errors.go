package refresh

import (
	"context"
	"errors"
	"time"

	"pbirefresh/refresh/machine"
)

// Refusal is a definitive no to a caller. Nothing was changed for it.
type Refusal struct {
	Code    string // one of the Code constants
	Message string // for people; safe to show
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// UnavailableError reports that the request could not be carried out now. Nothing is
// promised, and it is safe to send it again.
type UnavailableError struct {
	RetryAfter time.Duration
	cause      error
}

func (e *UnavailableError) Error() string {
	if _, defect := errors.AsType[machine.Unlisted](e.cause); defect || errors.Is(e.cause, machine.ErrNewer) {
		return e.cause.Error()
	}
	return "refresh: the state storage cannot be used now: " + e.cause.Error()
}

func (e *UnavailableError) Unwrap() error { return e.cause }

const (
	comeAgain      = 5 * time.Second
	comeAgainNewer = 30 * time.Second // a roll-out takes minutes
)

func unavailable(cause error) error {
	var already *UnavailableError
	if errors.As(cause, &already) {
		return cause
	}
	if errors.Is(cause, machine.ErrNewer) {
		return &UnavailableError{RetryAfter: comeAgainNewer, cause: cause}
	}
	return &UnavailableError{RetryAfter: comeAgain, cause: cause}
}

// detach keeps a caller's values and drops its cancellation: work that was begun for one
// caller may serve others.
func detach(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}
