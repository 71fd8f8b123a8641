package machine

import "time"

// Ask is what a caller asks for.
type Ask struct {
	Shape        Shape
	Tuning       Tuning
	NotifyOption string // of a standard refresh; like Tuning, the first one counts where callers share
	WhenBusy     WhenBusy
	Timeout      time.Duration // covers queueing and running
	QueueTimeout time.Duration // 0: only Timeout counts
	MaxAttempts  int
}

// WhenBusy is what a caller wants when the model is already being refreshed.
type WhenBusy string

// The policies of a caller.
const (
	// WhenBusyQueue shares the pending operation that covers the request, or
	// appends one: the refresh starts after the request.
	WhenBusyQueue WhenBusy = "queue"
	// WhenBusyJoin is content with the active operation, even if it has begun.
	WhenBusyJoin WhenBusy = "join"
	// WhenBusyReject wants a refusal.
	WhenBusyReject WhenBusy = "reject"
)
