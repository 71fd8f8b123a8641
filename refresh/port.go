package refresh

import (
	"context"
	"time"

	"pbirefresh/refresh/machine"
)

// Upstream is Power BI as the coordinator needs it. Errors are part of the answers: the
// implementation decides what a failed call means. Implementations are safe for concurrent
// use and bound every call in time.
type Upstream interface {
	// Warm gets a token, so that a POST that follows need not wait for one.
	Warm(ctx context.Context) error
	// Post starts a refresh. It sends at most one request, and none after
	// sendBy (local clock), which it checks immediately before sending.
	Post(ctx context.Context, m machine.Model, p machine.Post, sendBy time.Time) machine.Answer
	// Look reads one refresh by its id, or the model's history.
	Look(ctx context.Context, m machine.Model, l machine.Look) Observation
	// Delete cancels a refresh. A later read shows the outcome.
	Delete(ctx context.Context, m machine.Model, d machine.Delete) error
}

// Evidence is kept outside the state documents: which refreshes Power BI accepted from
// this app. Implementations are safe for concurrent use.
type Evidence interface {
	// Keep records the id of a 202. It returns at once.
	Keep(m machine.Model, refreshID string)
	// Has reports whether the id was in a 202 to any process of this app.
	Has(ctx context.Context, m machine.Model, refreshID string) (bool, error)
}

// Observation is what a read of Power BI showed.
type Observation struct {
	Err        *machine.Fault
	RetryAfter time.Duration
	Gone       bool          // with an Err: history and model both answered that they are not there
	There      bool          // with an Err: the model is there
	Detail     bool          // Rows is exactly the refresh that was asked for
	Rows       []machine.Row // newest first
	Date       time.Time     // Power BI's clock, in whole seconds; zero if it did not say
}
