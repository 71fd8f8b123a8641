// Package wait pauses a goroutine for as long as its context lasts.
package wait

import (
	"context"
	"time"
)

// For waits for d and reports whether it did: false if ctx ended before.
func For(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
